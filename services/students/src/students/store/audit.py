"""The audit trail: rows are added and read, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from students.store.tables import audit

_ADD = sa.text("""
INSERT INTO audit (tenant_id, actor, action, pseudonym, details)
SELECT :tenant, :actor, :action, p.pseudonym, CAST(:details AS jsonb)
FROM unnest(CAST(:pseudonyms AS text[])) AS p (pseudonym)
""")

# newest first
TRAIL_ORDER = (audit.c.seq,)


def add(
    conn: Connection, tenant: str, actor: str, action: str, pseudonyms: Sequence[str | None], details: str
) -> None:
    """`details` is a JSON object; the same for every row."""
    values = {"tenant": tenant, "actor": actor, "action": action, "details": details}
    conn.execute(_ADD, {**values, "pseudonyms": list(pseudonyms)})


def trail(tenant: str, *, pseudonym: str | None, action: str | None) -> sa.Select[Any]:
    """The trail of a tenant, or of one person; paging is the caller's (TRAIL_ORDER, descending)."""
    query = sa.select(audit).where(audit.c.tenant_id == tenant)
    if pseudonym is not None:
        query = query.where(audit.c.pseudonym == pseudonym)
    return query.where(audit.c.action == action) if action is not None else query
