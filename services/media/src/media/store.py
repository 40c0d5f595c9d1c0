"""Tables: the read model of who attends what, which decides who may watch, and how it forgets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

import sqlalchemy as sa
from eventkit import projection
from eventkit.erasure import Counts
from sqlalchemy import Connection

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
    return projection.held(conn, _KINDS, tenant, student_ids)


def erase(conn: Connection, tenant: str, student_ids: Collection[UUID]) -> Counts:
    """Delete these students' rows; how many each had."""
    return projection.erase(conn, _KINDS, tenant, student_ids)
