"""Tables: the read model of who attends what, which decides who may watch."""

from __future__ import annotations

import sqlalchemy as sa

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
