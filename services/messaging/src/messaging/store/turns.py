"""Whose messages leave next, and whether anything is to be done at all."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from messaging.store.tables import sender_turn

# who holds messages back has none that are due
_DUE = """
    FROM sender_turn t LEFT JOIN tenant_setting s ON s.tenant_id = t.tenant_id
    WHERE NOT coalesce(s.hold, false) AND coalesce(s.is_active, true)
        AND EXISTS (SELECT FROM message m
            WHERE m.tenant_id = t.tenant_id AND m.status = 'QUEUED' AND m.due_at <= :now)
"""
_NEXT = sa.text(f"""
    UPDATE sender_turn SET served_at = clock_timestamp() WHERE tenant_id = (
        SELECT t.tenant_id {_DUE} ORDER BY t.served_at LIMIT 1 FOR UPDATE OF t SKIP LOCKED)
    RETURNING tenant_id
""")  # noqa: S608 - constants
_NEEDED = sa.text(f"""
    SELECT EXISTS (SELECT {_DUE})
        OR EXISTS (SELECT FROM message WHERE status = 'QUEUED' AND not_after <= :now)
        OR EXISTS (SELECT FROM message WHERE status IN ('CLAIMED', 'SENDING'))
        OR EXISTS (SELECT FROM message WHERE status IN ('AMBIGUOUS', 'ACCEPTED') AND ask_at <= :now)
""")  # noqa: S608 - constants


def queue_up(conn: Connection, tenant: str) -> None:
    """A tenant that has messages takes turns with the others."""
    conn.execute(insert(sender_turn).values(tenant_id=tenant).on_conflict_do_nothing())


def next_tenant(conn: Connection, now: datetime) -> str | None:
    """Whose turn it is: the one with something due that was served longest ago."""
    found: str | None = conn.execute(_NEXT, {"now": now}).scalar()
    return found


def needed(conn: Connection, now: datetime) -> str | None:
    """The word message while one is due, in somebody's hands, past its end, or to be asked for; else None.

    `conn` is a system one.
    """
    return "message" if conn.execute(_NEEDED, {"now": now}).scalar_one() else None
