"""What a failure means: try again at once, later, never, or wait for a dependency."""

from __future__ import annotations

import traceback
from datetime import timedelta
from pathlib import Path

import psycopg
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.exceptions import HTTPClientError
from contracts import SERVICES, package_of
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from eventkit.backoff import JITTER, Backoff
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
_ELSEWHERE_LIMIT = 30.0  # seconds
DRAINED = Outcome("returned", "drain", renew=True)
"""What becomes of a message that a stopping worker has not begun: sent anew, with the tries that it had."""
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


def must_wait(error: BaseException) -> bool:
    """A dependency is down, or another worker is at it: the same may succeed later, and says nothing now."""
    return is_outage(error) or isinstance(error, LeaseBusyError)


def sqlstate(error: BaseException) -> str | None:
    original = error.orig if isinstance(error, DBAPIError) else error
    return original.sqlstate if isinstance(original, psycopg.Error) else None


def verdict(error: BaseException, receives: int, max_receives: int | None, backoff: Backoff) -> Outcome:
    """What becomes of a message whose handler raised `error` at its `receives`-th delivery."""
    if isinstance(error, PermanentError | UnknownOutcomeError):
        return Outcome("dead", reason(error), place(error))
    last = _is_last(receives, max_receives)
    if is_outage(error):
        return Outcome("returned", "outage", delay=_OUTAGE_PAUSE.delay(receives), renew=last)
    if last and not isinstance(error, LeaseBusyError):
        return Outcome("dead", reason(error), place(error))
    delay = backoff.delay(receives)
    if isinstance(error, TransientError) and error.after is not None:
        delay = min(error.after.total_seconds(), MAX_VISIBILITY)
    return Outcome("returned", describe(error), delay=delay, renew=last)


def unreadable_here(code: str, age: timedelta) -> Outcome:
    """What becomes of an event that this build does not know: during a deploy another worker does.

    It is sent anew, so that whoever knows it still has all tries, until no deploy can explain it any more.
    The pauses grow with its age: in a deploy that goes well somebody reads it within seconds.
    """
    if age > DEPLOY:
        return Outcome("dead", code)
    pause = 1 + JITTER() * min(max(age.total_seconds(), 0) / 4, _ELSEWHERE_LIMIT)
    return Outcome("returned", code, delay=pause, renew=True)


def _is_last(receives: int, max_receives: int | None) -> bool:
    return max_receives is not None and receives >= max_receives


def reason(error: BaseException) -> str:
    """The word by which a dead letter says what it died of."""
    if isinstance(error, PermanentError):
        return error.code
    return "unknown_outcome" if isinstance(error, UnknownOutcomeError) else describe(error)


def describe(error: BaseException) -> str:
    """A class name and SQLSTATE: an exception's own text may hold personal data."""
    state = sqlstate(error)
    return f"{type(error).__name__}:{state}" if state else type(error).__name__


# where an image installs them too, among everybody else's packages
_OWN = {"contracts", "eventkit", "servicekit", *(package_of(service) for service in SERVICES)}


def place(error: BaseException) -> str:
    """Where it was raised, "usecases.py:42 restore": enough to find the code, without a stack trace."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _OWN & set(Path(frame.filename).parts)]
    if not own:
        return "unknown"
    return f"{Path(own[-1].filename).name}:{own[-1].lineno} {own[-1].name}"
