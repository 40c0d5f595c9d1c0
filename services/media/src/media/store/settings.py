"""What an academy has set for its videos; without a row the defaults of domain.videos."""

from __future__ import annotations

from dataclasses import asdict

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from media.domain.videos import StorageLimits
from media.store.tables import tenant_setting

_FIELDS = tuple(StorageLimits.__slots__)


def find(conn: Connection, tenant: str) -> StorageLimits:
    """The academy's limits."""
    query = sa.select(*(tenant_setting.c[name] for name in _FIELDS)).where(
        tenant_setting.c.tenant_id == tenant
    )
    found = conn.execute(query).first()
    return StorageLimits(*found) if found else StorageLimits()


def save(conn: Connection, tenant: str, limits: StorageLimits) -> None:
    values = asdict(limits)
    statement = insert(tenant_setting).values(tenant_id=tenant, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["tenant_id"], set_=values))
