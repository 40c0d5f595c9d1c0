"""A dry run that means something: the real handler in a real transaction that is always rolled back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import Connection, text

from eventkit import inbox
from eventkit.deadletters.letters import Failure
from eventkit.deadletters.recording import UnrehearsableError, recorded
from eventkit.effects import Effects
from eventkit.envelope import Event, decode
from eventkit.errors import UndecodableError
from eventkit.failures import must_wait, place, reason
from eventkit.handling import attempt, work_of
from eventkit.ports import Database
from eventkit.runtime import Runtime
from eventkit.subscription import Subscription

Word = Literal["would_change", "already_applied", "still_fails", "unreadable"]


@dataclass(frozen=True, slots=True)
class Forecast:
    """`changes`: table → rows written, "events" → rows of the outbox, and effects outside, all by count.

    What a savepoint took back is counted too. `reason` and `fingerprint` are of the failure that would come.
    """

    word: Word
    changes: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""
    fingerprint: str = ""


class _RolledBackError(Exception):
    """Carries what was learnt out of the transaction."""

    def __init__(self, forecast: Forecast) -> None:
        super().__init__()
        self.forecast = forecast


class Rehearsal:
    """Tries letters of one service on this build's handlers."""

    def __init__(
        self, service: str, db: Database, subscriptions: Mapping[str, Subscription], runtime: Runtime
    ) -> None:
        self._service = service
        self._db = db
        self._subscriptions = subscriptions
        self._runtime = runtime

    def read(self, body: str) -> tuple[Event, Subscription]:
        """Raises UndecodableError, also for an event that nothing here handles."""
        event = decode(body, self._runtime.registry)
        subscription = self._subscriptions.get(event.type)
        if subscription is None:
            raise UndecodableError("no_handler")
        return event, subscription

    def try_out(self, body: str) -> Forecast:
        """What would become of it. Raises what must be waited for (failures.must_wait)."""
        try:
            event, subscription = self.read(body)
        except UndecodableError as error:
            return Forecast("unreadable", reason=error.code)
        raised = attempt(lambda: self._run(event, subscription))
        assert raised is not None  # _run always raises
        if isinstance(raised, _RolledBackError):
            return raised.forecast
        if must_wait(raised):
            raise raised
        if isinstance(raised, UnrehearsableError):
            return Forecast("unreadable", reason=f"no_twin:{raised}")
        failure = failed(subscription, raised)
        return Forecast("still_fails", {}, failure.reason, failure.fingerprint)

    def _run(self, event: Event, subscription: Subscription) -> None:
        effects = Effects()
        with work_of(self._service, self._db, self._runtime, [event]) as uow:
            if not inbox.claim(uow.conn, subscription.name, [event]):
                raise _RolledBackError(Forecast("already_applied"))
            before = _written(uow.conn)
            recorded(subscription.handler, uow.conn, effects)(uow, [event])
            uow.flush()
            changes = _written(uow.conn) - before + effects.counts
            raise _RolledBackError(Forecast("would_change", dict(changes)))


def failed(subscription: Subscription, raised: Exception) -> Failure:
    """What a handler's exception says of the letter, as the consumer would say it."""
    return Failure(subscription.type, subscription.name, reason(raised), place(raised))


# PostgreSQL's own count of what this transaction did so far, and of what this connection did up to a second
# before it; the kit's bookkeeping is no change
_WRITTEN = text("""
    SELECT relname, n_tup_ins + n_tup_upd + n_tup_del AS rows FROM pg_stat_xact_user_tables
    WHERE schemaname = current_schema() AND n_tup_ins + n_tup_upd + n_tup_del > 0
        AND relname NOT IN ('inbox', 'lease')
""")


def _written(conn: Connection) -> Counter[str]:
    return Counter({("events" if name == "outbox" else name): rows for name, rows in conn.execute(_WRITTEN)})
