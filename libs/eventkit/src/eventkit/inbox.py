"""The inbox: the first statement of a handler's transaction, so that an event has one effect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from eventkit.envelope import Event

_CLAIM = text("""
    INSERT INTO inbox (handler, event_id, tenant_id, type, correlation_id, receives)
    SELECT :handler, e.id, e.tenant, e.type, e.correlation, e.receives
    FROM unnest(CAST(:id AS uuid[]), CAST(:tenant AS text[]), CAST(:type AS text[]),
        CAST(:correlation AS text[]), CAST(:receives AS integer[]))
        AS e (id, tenant, type, correlation, receives)
    ORDER BY e.id
    ON CONFLICT DO NOTHING
    RETURNING event_id
""")
_AGAIN = text("""
    UPDATE inbox SET duplicates = duplicates + again.times
    FROM unnest(CAST(:ids AS uuid[]), CAST(:times AS integer[])) AS again (id, times)
    WHERE handler = :handler AND event_id = again.id
""")


def claim(
    conn: Connection, handler: str, events: Sequence[Event], receives: Mapping[UUID, int] | None = None
) -> list[Event]:
    """The events this handler has not handled before, each once, in the order given.

    Waits for another transaction that holds one of them (ordered by id: no deadlock), up to lock_timeout.
    `receives`: at which delivery each came, for whoever looks at the flow later.
    """
    distinct = {event.id: event for event in events}
    claimed = conn.execute(
        _CLAIM,
        {
            "handler": handler,
            "id": list(distinct),
            "tenant": [event.tenantid for event in distinct.values()],
            "type": [event.type for event in distinct.values()],
            "correlation": [event.correlationid for event in distinct.values()],
            "receives": [(receives or {}).get(event_id, 1) for event_id in distinct],
        },
    )
    fresh = set(claimed.scalars())
    again = Counter(event.id for event in events) - Counter(fresh)
    if again:
        conn.execute(_AGAIN, {"handler": handler, "ids": list(again), "times": list(again.values())})
    return [event for event in distinct.values() if event.id in fresh]


_PRUNE = text("DELETE FROM inbox WHERE handled_at < now() - CAST(:keep AS interval)")
KEEP = timedelta(days=30)  # a message lives 14 days in its queue and 14 in the dead-letter queue


def prune(conn: Connection, keep: timedelta = KEEP) -> int:
    return conn.execute(_PRUNE, {"keep": keep}).rowcount
