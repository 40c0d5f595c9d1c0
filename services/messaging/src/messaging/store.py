"""Tables: the read model of whom a message may reach, and how it forgets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

import sqlalchemy as sa
from eventkit import projection
from eventkit.erasure import Counts
from sqlalchemy import Connection

metadata = sa.MetaData()

recipient = sa.Table(
    "recipient",
    metadata,
    sa.Column("tenant_id", sa.Text, primary_key=True),
    sa.Column("student_id", sa.Uuid, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("parent_phone", sa.Text, nullable=False),
    sa.Column("student_phone", sa.Text),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("deleted", sa.Boolean, nullable=False),
)

_KINDS: Mapping[str, sa.Table] = {"recipients": recipient}


def holdings(conn: Connection, tenant: str, student_ids: Collection[UUID]) -> Counts:
    """Which of the students are recipients."""
    return projection.held(conn, _KINDS, tenant, student_ids)


def erase(conn: Connection, tenant: str, student_ids: Collection[UUID]) -> Counts:
    """Forget these recipients; who was one."""
    return projection.erase(conn, _KINDS, tenant, student_ids)
