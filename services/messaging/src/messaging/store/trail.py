"""Who changed what keeps messages back or sends them: rows are added and read, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from messaging.store.tables import trail

# newest first: read with descending=True
TRAIL_ORDER = (trail.c.seq,)


def record(
    conn: Connection,
    tenant: str,
    actor: str,
    action: str,
    subject: str,
    *,
    reason: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """In the transaction of the deed. Neither a number nor a name is in it."""
    values = {"actor": actor, "action": action, "subject": subject, "reason": reason}
    conn.execute(sa.insert(trail).values(tenant_id=tenant, **values, details=dict(details or {})))


def entries(tenant: str, action: str | None) -> sa.Select[Any]:
    """The trail of a tenant; paging is the caller's (TRAIL_ORDER, descending)."""
    query = sa.select(trail).where(trail.c.tenant_id == tenant)
    return query if action is None else query.where(trail.c.action == action)
