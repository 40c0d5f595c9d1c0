"""Numbers that get nothing (denylist), and those that refused (opt-outs); both by fingerprint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import insert

from messaging.store.tables import denylist, opt_out

# newest first: read with descending=True
DENIED_ORDER = (denylist.c.created_at, denylist.c.fingerprint)
OPT_OUT_ORDER = (opt_out.c.created_at, opt_out.c.fingerprint)


def denied(tenant: str) -> sa.Select[Any]:
    """Paging is the caller's (DENIED_ORDER, descending)."""
    return sa.select(denylist).where(denylist.c.tenant_id == tenant)


def deny(conn: Connection, tenant: str, values: Mapping[str, Any]) -> Row[Any] | None:
    """None where the number is denied already."""
    statement = insert(denylist).values(tenant_id=tenant, **values)
    return conn.execute(statement.on_conflict_do_nothing().returning(denylist)).first()


def opted_out(tenant: str, scope: str | None) -> sa.Select[Any]:
    """Paging is the caller's (OPT_OUT_ORDER, descending)."""
    query = sa.select(opt_out).where(opt_out.c.tenant_id == tenant)
    return query if scope is None else query.where(opt_out.c.scope == scope)


def refuse(conn: Connection, tenant: str, values: Mapping[str, Any]) -> Row[Any] | None:
    """A wider refusal replaces a narrower one; None where the number refuses as much already."""
    statement = insert(opt_out).values(tenant_id=tenant, **values)
    wider = (opt_out.c.scope == "ad") & (statement.excluded.scope == "all")
    statement = statement.on_conflict_do_update(
        index_elements=["tenant_id", "fingerprint"],
        set_={"scope": statement.excluded.scope, "source": statement.excluded.source},
        where=wider,
    )
    return conn.execute(statement.returning(opt_out)).first()


def remove(conn: Connection, table: sa.Table, tenant: str, fingerprint: str) -> Row[Any] | None:
    """The row that was there, of denylist or opt_out."""
    gone = sa.delete(table).where(table.c.tenant_id == tenant, table.c.fingerprint == fingerprint)
    return conn.execute(gone.returning(table)).first()
