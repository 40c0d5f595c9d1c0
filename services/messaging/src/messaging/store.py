"""Tables: the read model of whom a message may reach, and how it forgets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from eventkit.erasure import Counts
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import ARRAY

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


def holdings(conn: Connection, tenant: str, student_ids: Collection[UUID]) -> Counts:
    """Which of the students are recipients."""
    found = conn.execute(sa.select(recipient.c.student_id).where(*_of(tenant, student_ids)))
    return Counter((student_id, "recipients") for (student_id,) in found)


def erase(conn: Connection, tenant: str, student_ids: Collection[UUID]) -> Counts:
    """Forget these recipients; who was one."""
    gone = sa.delete(recipient).where(*_of(tenant, student_ids)).returning(recipient.c.student_id)
    return Counter((student_id, "recipients") for (student_id,) in conn.execute(gone))


def _of(tenant: str, student_ids: Collection[UUID]) -> tuple[sa.ColumnElement[Any], ...]:
    ids = sa.literal(list(student_ids), ARRAY(sa.Uuid))
    return recipient.c.tenant_id == tenant, recipient.c.student_id == sa.any_(ids)
