"""Tables of the students schema, as Alembic's migrations made them.

Names and phones collate "C": byte order is 가나다 order for Hangul, and no library upgrade can
silently reorder the index that holds the identity rule.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()


def _created_at() -> sa.Column[object]:
    return sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now())


student = sa.Table(
    "student",
    metadata,
    sa.Column("tenant_id", sa.Text, primary_key=True),
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_key", sa.Text(collation="C"), nullable=False),
    sa.Column("parent_phone", sa.Text(collation="C"), nullable=False),
    sa.Column("parent_id", sa.Uuid),
    sa.Column("student_phone", sa.Text(collation="C")),
    sa.Column("school", sa.Text),
    sa.Column("school_type", sa.Text),
    sa.Column("grade", sa.SmallInteger),
    sa.Column("gender", sa.Text),
    sa.Column("school_class", sa.Text),
    sa.Column("major", sa.Text),
    sa.Column("memo", sa.Text),
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
    _created_at(),
    sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("deleted_at", sa.DateTime(timezone=True)),
)

parent = sa.Table(
    "parent",
    metadata,
    sa.Column("tenant_id", sa.Text, primary_key=True),
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("phone", sa.Text(collation="C"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    _created_at(),
)

initial_credential = sa.Table(
    "initial_credential",
    metadata,
    sa.Column("tenant_id", sa.Text, primary_key=True),
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("hash", sa.Text, nullable=False),
    _created_at(),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
)

account = sa.Table(
    "account",
    metadata,
    sa.Column("tenant_id", sa.Text, primary_key=True),
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("login_id", sa.Text(collation="C"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("student_id", sa.Uuid),
    sa.Column("parent_id", sa.Uuid),
    sa.Column("initial_credential_id", sa.Uuid),
    sa.Column("password_hash", sa.Text),
    sa.Column("must_change", sa.Boolean, nullable=False),
    _created_at(),
)

PROFILE = (
    "student_phone",
    "school",
    "school_type",
    "grade",
    "gender",
    "school_class",
    "major",
    "memo",
)
