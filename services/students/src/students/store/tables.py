"""Tables of the students schema, as Alembic's migrations made them.

Names and phones collate "C": byte order is 가나다 order for Hangul, and no library upgrade can
silently reorder the index that holds the identity rule.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = sa.MetaData()


def _tenant() -> sa.Column[str]:
    return sa.Column("tenant_id", sa.Text, primary_key=True)


def _key(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid, primary_key=True)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _at(name: str) -> sa.Column[object]:
    """The database's time of the insert."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now())


def _later(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True))


def _created_at() -> sa.Column[object]:
    return _at("created_at")


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
    sa.Column("origin_school", sa.Text),
    sa.Column("address", sa.Text),
    sa.Column("custom_fields", JSONB, nullable=False, server_default="{}"),
    sa.Column("is_managed", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("photo_type", sa.Text),
    sa.Column(
        "omr_code",
        sa.Text(collation="C"),
        sa.Computed("right(coalesce(student_phone, parent_phone), 8)", persisted=True),
    ),
    sa.Column("merged_into", sa.Uuid),
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

tag = sa.Table("tag", metadata, _tenant(), _key("id"), _text("name"), _text("color"), _created_at())

student_tag = sa.Table("student_tag", metadata, _tenant(), _key("student_id"), _key("tag_id"))

account_session = sa.Table(
    "account_session",
    metadata,
    _tenant(),
    _key("id"),
    sa.Column("account_id", sa.Uuid, nullable=False),
    _text("refresh_hash"),
    _text("previous_hash", nullable=True),
    _at("rotated_at"),
    _created_at(),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
)

sign_in_attempt = sa.Table(
    "sign_in_attempt",
    metadata,
    _tenant(),
    sa.Column("login_hash", sa.Text, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    _at("first_at"),
    _later("locked_until"),
)

registration_request = sa.Table(
    "registration_request",
    metadata,
    _tenant(),
    _key("id"),
    _text("status"),
    _text("name"),
    sa.Column("name_key", sa.Text(collation="C"), nullable=False),
    sa.Column("parent_phone", sa.Text(collation="C"), nullable=False),
    sa.Column("student_phone", sa.Text(collation="C")),
    _text("login_id", nullable=True),
    _text("password_hash", nullable=True),
    sa.Column("profile", JSONB, nullable=False),
    _text("memo", nullable=True),
    _created_at(),
    _later("decided_at"),
    _text("decided_by", nullable=True),
    _text("reason", nullable=True),
    sa.Column("student_id", sa.Uuid),
)

tenant_setting = sa.Table(
    "tenant_setting",
    metadata,
    _tenant(),
    sa.Column("auto_approve", sa.Boolean, nullable=False, server_default=sa.false()),
    _at("updated_at"),
)

legal_hold = sa.Table(
    "legal_hold",
    metadata,
    _tenant(),
    _key("student_id"),
    _text("reason"),
    _later("until"),
    _text("created_by"),
    _created_at(),
)

import_effect = sa.Table(
    "import_effect",
    metadata,
    _tenant(),
    _key("job_id"),
    _key("student_id"),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("before", JSONB),
    _at("made_at"),
)

student_merge = sa.Table(
    "student_merge",
    metadata,
    _tenant(),
    _key("id"),
    sa.Column("winner_id", sa.Uuid, nullable=False),
    sa.Column("loser_id", sa.Uuid, nullable=False),
    sa.Column("filled", JSONB, nullable=False),
    sa.Column("tags", ARRAY(sa.Uuid), nullable=False),
    _text("merged_by"),
    _at("merged_at"),
    _text("undone_by", nullable=True),
    _later("undone_at"),
)

distinct_pair = sa.Table(
    "distinct_pair",
    metadata,
    _tenant(),
    _key("left_id"),
    _key("right_id"),
    _text("decided_by"),
    _at("decided_at"),
)

erasure = sa.Table(
    "erasure",
    metadata,
    _tenant(),
    _key("id"),
    _text("reason"),
    _text("requested_by"),
    _at("requested_at"),
    _later("completed_at"),
)

erasure_subject = sa.Table(
    "erasure_subject",
    metadata,
    _tenant(),
    _key("student_id"),
    sa.Column("erasure_id", sa.Uuid, nullable=False),
    _text("pseudonym"),
    _later("deleted_at"),
)

erasure_receipt = sa.Table(
    "erasure_receipt",
    metadata,
    _tenant(),
    _key("erasure_id"),
    sa.Column("service", sa.Text, primary_key=True),
    _at("received_at"),
)

erasure_count = sa.Table(
    "erasure_count",
    metadata,
    _tenant(),
    _key("student_id"),
    sa.Column("service", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
)

audit = sa.Table(
    "audit",
    metadata,
    _tenant(),
    sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    _at("at"),
    _text("actor"),
    _text("action"),
    _text("pseudonym", nullable=True),
    sa.Column("details", JSONB, nullable=False),
)
