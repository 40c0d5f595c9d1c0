"""What a failure means: try again at once, later, never, or wait for a dependency."""

from __future__ import annotations

import traceback
from datetime import timedelta
from pathlib import Path

import psycopg
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.exceptions import HTTPClientError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from eventkit.backoff import Backoff
from eventkit.errors import PermanentError, TransientError, UnavailableError, UnknownOutcomeError
from eventkit.lease import LeaseBusyError
from eventkit.subscription import Outcome

DATABASE_ERRORS = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    OperationalError,
    InterfaceError,
    PoolTimeoutError,
)
"""What a database that is away or going away can raise."""
MAX_VISIBILITY = 43_200
_OUTAGE_PAUSE = Backoff(base=5.0, cap=60.0)
_ELSEWHERE_PAUSE = Backoff(base=5.0, cap=30.0)
DEPLOY = timedelta(hours=1)
"""How long old and new builds may share a queue."""
# serialization_failure, deadlock_detected, lock_not_available (PostgreSQL documentation, appendix A)
_CONFLICTS = {"40001", "40P01", "55P03"}
# connection exceptions, insufficient resources, operator intervention (not 57014, a slow query), failover
_OUTAGE_CLASSES = ("08", "53", "57P", "25006")


def is_conflict(error: BaseException) -> bool:
    """Another transaction was in the way: the same transaction may succeed at once."""
    return sqlstate(error) in _CONFLICTS


def is_outage(error: BaseException) -> bool:
    """A dependency is down; the message is not at fault."""
    if isinstance(error, UnavailableError | HTTPClientError | BotoConnectionError | PoolTimeoutError):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if not isinstance(error, DATABASE_ERRORS):
        return False
    state = sqlstate(error)
    return state is None or state.startswith(_OUTAGE_CLASSES)


def sqlstate(error: BaseException) -> str | None:
    original = error.orig if isinstance(error, DBAPIError) else error
    return original.sqlstate if isinstance(original, psycopg.Error) else None


def verdict(error: BaseException, receives: int, max_receives: int | None, backoff: Backoff) -> Outcome:
    """What becomes of a message whose handler raised `error` at its `receives`-th delivery."""
    if isinstance(error, PermanentError):
        return Outcome("dead", error.code)
    if isinstance(error, UnknownOutcomeError):
        return Outcome("dead", "unknown_outcome")
    last = max_receives is not None and receives >= max_receives
    if is_outage(error):
        return Outcome("returned", "outage", _OUTAGE_PAUSE.delay(receives), renew=last)
    if last and not isinstance(error, LeaseBusyError):
        return Outcome("dead", describe(error))
    delay = backoff.delay(receives)
    if isinstance(error, TransientError) and error.after is not None:
        delay = min(error.after.total_seconds(), MAX_VISIBILITY)
    return Outcome("returned", describe(error), delay, renew=last)


def unreadable_here(code: str, age: timedelta, receives: int, max_receives: int | None) -> Outcome:
    """What becomes of an event that this build does not know: during a deploy another worker does.

    It is given back, uncounted, until no deploy can explain it any more.
    """
    if age > DEPLOY:
        return Outcome("dead", code)
    last = max_receives is not None and receives >= max_receives
    return Outcome("returned", code, _ELSEWHERE_PAUSE.delay(receives), renew=last)


def describe(error: BaseException) -> str:
    """A class name and SQLSTATE: an exception's own text may hold personal data."""
    state = sqlstate(error)
    return f"{type(error).__name__}:{state}" if state else type(error).__name__


def place(error: BaseException) -> str:
    """Where it was raised, "usecases.py:42 restore": enough to find the code, without a stack trace."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "site-packages" not in frame.filename]
    if not own:
        return "unknown"
    return f"{Path(own[-1].filename).name}:{own[-1].lineno} {own[-1].name}"
