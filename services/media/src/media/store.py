"""Tables: the read model of who attends what, which decides who may watch, and how it forgets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from uuid import UUID

import sqlalchemy as sa
from eventkit.erasure import Counts
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import ARRAY

metadata = sa.MetaData()

enrollment_ref = sa.Table(
    "enrollment_ref",
    metadata,
    sa.Column("tenant_id", sa.Text, primary_key=True),
    sa.Column("enrollment_id", sa.Uuid, primary_key=True),
    sa.Column("lecture_id", sa.Uuid, nullable=False),
    sa.Column("student_id", sa.Uuid, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("deleted", sa.Boolean, nullable=False),
)
session_enrollment_ref = sa.Table(
    "session_enrollment_ref",
    metadata,
    sa.Column("tenant_id", sa.Text, primary_key=True),
    sa.Column("session_id", sa.Uuid, primary_key=True),
    sa.Column("enrollment_id", sa.Uuid, primary_key=True),
    sa.Column("lecture_id", sa.Uuid, nullable=False),
    sa.Column("student_id", sa.Uuid, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("deleted", sa.Boolean, nullable=False),
)

_KINDS: Mapping[str, sa.Table] = {
    "enrollments": enrollment_ref,
    "session_enrollments": session_enrollment_ref,
}


def holdings(conn: Connection, tenant: str, student_ids: Collection[UUID]) -> Counts:
    """How many rows there are of each student."""
    counts: Counts = Counter()
    for kind, table in _KINDS.items():
        query = sa.select(table.c.student_id, sa.func.count()).where(_of(table, tenant, student_ids))
        found = conn.execute(query.group_by(table.c.student_id))
        counts.update({(student_id, kind): number for student_id, number in found})
    return counts


def erase(conn: Connection, tenant: str, student_ids: Collection[UUID]) -> Counts:
    """Delete these students' rows; how many each had."""
    counts: Counts = Counter()
    for kind, table in _KINDS.items():
        gone = sa.delete(table).where(_of(table, tenant, student_ids)).returning(table.c.student_id)
        counts.update((student_id, kind) for (student_id,) in conn.execute(gone))
    return counts


def _of(table: sa.Table, tenant: str, student_ids: Collection[UUID]) -> sa.ColumnElement[bool]:
    ids = sa.literal(list(student_ids), ARRAY(sa.Uuid))
    return sa.and_(table.c.tenant_id == tenant, table.c.student_id == sa.any_(ids))
