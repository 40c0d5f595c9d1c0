"""Events of the past handled once more, to rebuild a read model: the subscriber forgets that it had them, the
publisher sends them again from its outbox, which keeps them for 30 days.

All functions run as the schema's system role.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from eventkit.ledger import bounds
from eventkit.subscription import Subscription

_DECLARE = text("""
    INSERT INTO handler (type, name, rebuildable) VALUES (:type, :name, :rebuildable)
    ON CONFLICT (type) DO UPDATE SET name = excluded.name, rebuildable = excluded.rebuildable
""")


def declare(conn: Connection, subscriptions: Iterable[Subscription]) -> None:
    """What the worker listens to, for the API, which does not load it."""
    given = [{"type": s.type, "name": s.name, "rebuildable": s.rebuildable} for s in subscriptions]
    if given:
        conn.execute(_DECLARE, given)


def rebuildable(conn: Connection) -> list[str]:
    """Types whose handler only keeps a read model."""
    return list(conn.execute(text("SELECT type FROM handler WHERE rebuildable ORDER BY type")).scalars())


_FORGET = text("""
    DELETE FROM inbox i USING handler h
    WHERE h.type = i.type AND h.name = i.handler AND h.rebuildable AND i.type = ANY(CAST(:types AS text[]))
        AND i.event_id >= CAST(:first AS uuid) AND i.event_id < CAST(:last AS uuid)
""")
_RESEND = text("""
    WITH again AS (
        INSERT INTO outbox (id, destination, type, tenant_id, subject, correlation_id, causation_id, body)
        SELECT id, destination, type, tenant_id, subject, correlation_id, causation_id, body FROM (
            SELECT DISTINCT ON (id) * FROM outbox
            WHERE destination = :destination AND type = ANY(CAST(:types AS text[])) AND sent_at IS NOT NULL
                AND id >= CAST(:first AS uuid) AND id < CAST(:last AS uuid)
            ORDER BY id, seq DESC) AS sent
        ORDER BY id RETURNING 1)
    SELECT count(*), pg_notify('outbox_' || current_schema(), '') FROM again
""")


def forget(conn: Connection, types: Sequence[str], since: datetime, until: datetime) -> int:
    """In the subscriber: handle events made in that time again when they come; how many it had had."""
    return conn.execute(_FORGET, {**bounds(since, until), "types": list(types)}).rowcount


def resend(conn: Connection, destination: str, types: Sequence[str], since: datetime, until: datetime) -> int:
    """In the publisher: every event made in that time once more to this one service, under its own id."""
    given = {**bounds(since, until), "types": list(types), "destination": destination}
    return int(conn.execute(_RESEND, given).one()[0])
