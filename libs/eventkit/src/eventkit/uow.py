"""One transaction of one tenant, with the events it publishes (transactional outbox)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from uuid import UUID

from contracts import REGISTRY, Registry
from sqlalchemy import Connection, text

from eventkit import outbox
from eventkit.clock import SYSTEM_CLOCK, Clock
from eventkit.envelope import Event, encode
from eventkit.ids import new_id
from eventkit.ports import Database
from eventkit.trace import Cause, child

_AS_SYSTEM = text("SELECT set_config('role', current_schema() || '_system', true)")
_AS_APP = text("RESET ROLE")


def no_progress() -> None:
    """Outside a consumer nobody watches."""


class UnitOfWork:
    """`conn` is the open transaction. Events published here leave only if it commits."""

    def __init__(
        self,
        conn: Connection,
        tenant: str,
        cause: Cause,
        *,
        source: str,
        clock: Clock = SYSTEM_CLOCK,
        registry: Registry = REGISTRY,
        progress: Callable[[], None] = no_progress,
    ) -> None:
        self.conn = conn
        self.tenant = tenant
        self.cause = cause
        self.source = source
        self.progress = progress
        """A long handler calls this as it moves on; see Subscription.stall."""
        self._clock = clock
        self._registry = registry
        self._rows: list[outbox.Row] = []

    def publish(self, type: str, *, subject: str, data: dict[str, Any], cause: Cause | None = None) -> UUID:
        """Validate now, write at flush(). A set-based handler names the `cause` of each event.

        Raises UnknownEventTypeError, IncompatibleEventError, PermanentError event_too_large.
        """
        event_type = self._registry.get(type)
        why = cause or self.cause
        event = Event(
            id=new_id(),
            type=type,
            source=self.source,
            subject=subject,
            time=self._clock.now(),
            tenantid=self.tenant,
            correlationid=why.correlationid,
            causationid=why.causationid,
            traceparent=child(why.traceparent),
            schemaversion=event_type.version,
            data=event_type.validate(data),
        )
        if event_type.subscribers:
            body = encode(event)
            self._rows.extend(outbox.Row(event, to, body) for to in event_type.subscribers)
        return event.id

    @contextmanager
    def as_system(self) -> Iterator[None]:
        """In the same transaction, the schema's system role: for what the app's own role may not touch."""
        self.conn.execute(_AS_SYSTEM)
        yield
        self.conn.execute(_AS_APP)

    def flush(self) -> None:
        """Write what is buffered, in one statement; a streaming producer calls it to bound memory."""
        if self._rows:
            outbox.write(self.conn, self._rows)
            self._rows = []


Transaction = Callable[[], AbstractContextManager[UnitOfWork]]
"""For commands that need more than one: `with transaction() as uow`."""


@contextmanager
def unit_of_work(
    db: Database,
    tenant: str,
    cause: Cause,
    *,
    source: str,
    clock: Clock = SYSTEM_CLOCK,
    registry: Registry = REGISTRY,
    progress: Callable[[], None] = no_progress,
) -> Iterator[UnitOfWork]:
    """Commits at the end of the block with its events, or rolls both back."""
    with db.tenant(tenant) as conn:
        uow = UnitOfWork(
            conn, tenant, cause, source=source, clock=clock, registry=registry, progress=progress
        )
        yield uow
        uow.flush()
