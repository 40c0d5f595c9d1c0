"""Login ids that people choose: whether one is free, and whose it becomes."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from eventkit.ids import new_id
from sqlalchemy import Connection

from students.store.tables import account, parent

_SET = sa.text("""
INSERT INTO account (tenant_id, id, login_id, kind, student_id, must_change)
VALUES (:tenant, :account_id, :login_id, 'student', :student_id, true)
ON CONFLICT (tenant_id, student_id) WHERE student_id IS NOT NULL DO UPDATE SET login_id = excluded.login_id
""")


def is_taken(conn: Connection, tenant: str, login_id: str) -> bool:
    """Whether somebody signs in with it, or it is a parent's phone: no student shadows a parent's sign-in."""
    accounts = sa.select(account.c.id).where(account.c.tenant_id == tenant, account.c.login_id == login_id)
    parents = sa.select(parent.c.id).where(parent.c.tenant_id == tenant, parent.c.phone == login_id)
    return conn.execute(sa.select(sa.or_(accounts.exists(), parents.exists()))).scalar_one()


def set_login(conn: Connection, tenant: str, student_id: UUID, login_id: str) -> None:
    """Password and sign-ins stay; a student without an account gets one that waits for a reset."""
    values = {"tenant": tenant, "account_id": new_id(), "login_id": login_id, "student_id": student_id}
    conn.execute(_SET, values)
