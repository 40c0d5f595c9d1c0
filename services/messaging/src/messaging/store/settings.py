"""What an academy has set: prices, caps, the hold; and the numbers it may send from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import insert

from messaging.store.tables import recipient, sender_number, template, tenant_setting


def update(conn: Connection, tenant: str, values: Mapping[str, Any]) -> Row[Any]:
    """Of a tenant that has its row (guards.settings). Waits for senders that are just about to call."""
    statement = (
        sa.update(tenant_setting)
        .where(tenant_setting.c.tenant_id == tenant)
        .values(**values, updated_at=sa.func.now())
    )
    return conn.execute(statement.returning(tenant_setting)).one()


def verify(conn: Connection, tenant: str, phone: str, by: str, now: datetime) -> None:
    """The provider knows this number as one that may be sent from."""
    statement = insert(sender_number).values(tenant_id=tenant, phone=phone, registered_by=by, verified_at=now)
    conn.execute(
        statement.on_conflict_do_update(index_elements=["tenant_id", "phone"], set_={"verified_at": now})
    )


def is_verified(conn: Connection, tenant: str, phone: str) -> bool:
    query = sa.select(sender_number.c.phone).where(
        sender_number.c.tenant_id == tenant,
        sender_number.c.phone == phone,
        sender_number.c.verified_at.is_not(None),
    )
    return conn.execute(query).first() is not None


def approved_templates(conn: Connection, tenant: str) -> int:
    """How many templates may leave as Alimtalk."""
    query = sa.select(sa.func.count()).where(
        template.c.tenant_id == tenant, template.c.review == "APPROVED", template.c.deleted_at.is_(None)
    )
    return int(conn.execute(query).scalar_one())


def is_known(conn: Connection, tenant: str) -> bool:
    """Whether this academy has students or settings here: what is paid for another one is a typing error."""
    found = (
        sa.select(sa.literal(1)).where(table.c.tenant_id == tenant) for table in (tenant_setting, recipient)
    )
    return conn.execute(sa.union_all(*found).limit(1)).first() is not None
