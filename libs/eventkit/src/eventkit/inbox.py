"""The inbox: the first statement of a handler's transaction, so that an event has one effect."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, text

from eventkit.envelope import Event

_CLAIM = text("""
    INSERT INTO inbox (handler, event_id, tenant_id, type, correlation_id)
    SELECT :handler, e.id, e.tenant, e.type, e.correlation
    FROM unnest(CAST(:id AS uuid[]), CAST(:tenant AS text[]), CAST(:type AS text[]),
        CAST(:correlation AS text[])) AS e (id, tenant, type, correlation)
    ORDER BY e.id
    ON CONFLICT DO NOTHING
    RETURNING event_id
""")


def claim(conn: Connection, handler: str, events: Sequence[Event]) -> list[Event]:
    """The events, each once and in the given order, that `handler` has not yet had.

    Waits for another transaction that holds one of them (ordered by id: no deadlock), up to lock_timeout.
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
        },
    )
    fresh = set(claimed.scalars())
    return [event for event in distinct.values() if event.id in fresh]


_PRUNE = text("DELETE FROM inbox WHERE handled_at < now() - CAST(:keep AS interval)")
KEEP = timedelta(days=30)  # a message lives 14 days in its queue and 14 in the dead-letter queue


def prune(conn: Connection, keep: timedelta = KEEP) -> int:
    return conn.execute(_PRUNE, {"keep": keep}).rowcount
