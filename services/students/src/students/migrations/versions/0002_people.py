"""Records in full, sign-in, trash, merges, erasure receipts and the audit trail.

Deleted students keep every value; `deleted_at` decides. The service's own roles cannot change or remove
the audit trail, which names people by pseudonym only, so that it may outlive them.
"""

import sqlalchemy as sa
from alembic import op
from eventkit.schema import create_erased_table
from servicekit.rls import enable_rls
from servicekit.throttle import create_throttle_table
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = "students"
KEY_TEXT = sa.Text(collation="C")
TENANT_TABLES = (
    "tag",
    "student_tag",
    "account_session",
    "sign_in_attempt",
    "registration_request",
    "tenant_setting",
    "legal_hold",
    "student_merge",
    "distinct_pair",
    "erasure",
    "erasure_subject",
    "erasure_receipt",
    "erasure_count",
    "audit",
)


def upgrade() -> None:
    create_erased_table(op, SCHEMA)
    create_throttle_table(op, SCHEMA)
    widen_student()
    create_tags()
    create_sign_in()
    create_registration()
    create_merges()
    create_erasures()
    create_audit()
    for table in TENANT_TABLES:
        enable_rls(op, table)


def tenant() -> sa.Column[str]:
    return sa.Column("tenant_id", sa.Text, primary_key=True)


def key(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid, primary_key=True)


def timestamp(name: str, *, nullable: bool = False, now: bool = True) -> sa.Column[object]:
    default = sa.func.now() if now else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)


def later(name: str) -> sa.Column[object]:
    """A time that comes with an event of the row's life, or never."""
    return timestamp(name, nullable=True, now=False)


def text(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Text, nullable=nullable)


def link(table: str, column: str, *, to: str = "student") -> sa.ForeignKeyConstraint:
    """Of the same tenant, always."""
    return sa.ForeignKeyConstraint(
        ["tenant_id", column], [f"{to}.tenant_id", f"{to}.id"], name=f"fk_{table}_{column}"
    )


def widen_student() -> None:
    for column in (
        text("origin_school", nullable=True),
        text("address", nullable=True),
        sa.Column("custom_fields", JSONB, nullable=False, server_default="{}"),
        sa.Column("is_managed", sa.Boolean, nullable=False, server_default=sa.true()),
        # the content type of the photo in storage; null: there is none
        text("photo_type", nullable=True),
        sa.Column(
            "omr_code",
            KEY_TEXT,
            sa.Computed("right(coalesce(student_phone, parent_phone), 8)", persisted=True),
        ),
        # the record that this one was merged into; such a one is deleted, and not in the trash
        sa.Column("merged_into", sa.Uuid),
    ):
        op.add_column("student", column)
    op.create_foreign_key(
        "fk_student_merged_into", "student", "student", ["tenant_id", "merged_into"], ["tenant_id", "id"]
    )
    op.create_check_constraint(
        "ck_student_merged_into", "student", "merged_into IS NULL OR deleted_at IS NOT NULL"
    )
    op.create_check_constraint(
        "ck_student_custom_fields", "student", "jsonb_typeof(custom_fields) = 'object'"
    )
    op.create_index("ix_student_parent", "student", ["tenant_id", "parent_id"])
    op.create_index(
        "ix_student_phone",
        "student",
        ["tenant_id", "student_phone"],
        postgresql_where=sa.text("deleted_at IS NULL AND student_phone IS NOT NULL"),
    )
    # the trash, newest first, and what the daily purge looks for
    op.create_index(
        "ix_student_deleted_at",
        "student",
        ["tenant_id", "deleted_at", "id"],
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
    op.create_index(
        "ix_student_merged_into",
        "student",
        ["tenant_id", "merged_into"],
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )


def create_tags() -> None:
    op.create_table(
        "tag",
        tenant(),
        key("id"),
        text("name"),
        text("color"),
        timestamp("created_at"),
        sa.UniqueConstraint("tenant_id", "name", name="uq_tag_name"),
    )
    op.create_table(
        "student_tag",
        tenant(),
        key("student_id"),
        key("tag_id"),
        link("student_tag", "student_id"),
        link("student_tag", "tag_id", to="tag"),
    )
    op.create_index("ix_student_tag_tag", "student_tag", ["tenant_id", "tag_id"])


def create_sign_in() -> None:
    op.create_table(
        "account_session",
        tenant(),
        key("id"),
        sa.Column("account_id", sa.Uuid, nullable=False),
        # SHA-256 of the refresh token in use, and of the one before it
        text("refresh_hash"),
        text("previous_hash", nullable=True),
        timestamp("rotated_at"),
        timestamp("created_at"),
        timestamp("expires_at", now=False),
        link("account_session", "account_id", to="account"),
    )
    op.create_index("ix_account_session_account", "account_session", ["tenant_id", "account_id"])
    op.create_index("ix_account_session_expires", "account_session", ["expires_at"])
    # by what was typed, so that an id that does not exist behaves like one that does
    op.create_table(
        "sign_in_attempt",
        tenant(),
        sa.Column("login_hash", sa.Text, primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        timestamp("first_at"),
        later("locked_until"),
    )
    op.create_index("ix_sign_in_attempt_first", "sign_in_attempt", ["first_at"])


def create_registration() -> None:
    op.create_table(
        "registration_request",
        tenant(),
        key("id"),
        text("status"),
        text("name"),
        sa.Column("name_key", KEY_TEXT, nullable=False),
        sa.Column("parent_phone", KEY_TEXT, nullable=False),
        sa.Column("student_phone", KEY_TEXT),
        text("login_id", nullable=True),
        text("password_hash", nullable=True),
        # the other fields of the record, as the form gave them
        sa.Column("profile", JSONB, nullable=False, server_default="{}"),
        text("memo", nullable=True),
        timestamp("created_at"),
        later("decided_at"),
        text("decided_by", nullable=True),
        text("reason", nullable=True),
        sa.Column("student_id", sa.Uuid),
        link("registration_request", "student_id"),
        sa.CheckConstraint("status IN ('pending', 'approved', 'rejected')", name="ck_registration_status"),
        sa.CheckConstraint("password_hash LIKE '$argon2id$%'", name="ck_registration_password_hash"),
        sa.CheckConstraint("(status = 'pending') = (decided_at IS NULL)", name="ck_registration_decided"),
    )
    # a person asks once at a time: the first request stands until somebody decides
    op.create_index(
        "uq_registration_pending",
        "registration_request",
        ["tenant_id", "name_key", "parent_phone"],
        unique=True,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index("ix_registration_status", "registration_request", ["tenant_id", "status", "id"])
    op.create_index("ix_registration_student", "registration_request", ["tenant_id", "student_id"])
    op.create_table(
        "tenant_setting",
        tenant(),
        sa.Column("auto_approve", sa.Boolean, nullable=False, server_default=sa.false()),
        timestamp("updated_at"),
    )


def create_merges() -> None:
    op.create_table(
        "legal_hold",
        tenant(),
        key("student_id"),
        text("reason"),
        # null: until somebody lifts it
        later("until"),
        text("created_by"),
        timestamp("created_at"),
        link("legal_hold", "student_id"),
    )
    op.create_table(
        "student_merge",
        tenant(),
        key("id"),
        sa.Column("winner_id", sa.Uuid, nullable=False),
        sa.Column("loser_id", sa.Uuid, nullable=False),
        # what the winner got from the loser: fields that were empty, tags it did not have
        sa.Column("filled", JSONB, nullable=False),
        sa.Column("tags", ARRAY(sa.Uuid), nullable=False),
        text("merged_by"),
        timestamp("merged_at"),
        text("undone_by", nullable=True),
        later("undone_at"),
        link("student_merge", "winner_id"),
        link("student_merge", "loser_id"),
        sa.CheckConstraint("winner_id <> loser_id", name="ck_student_merge_two"),
    )
    op.create_index(
        "uq_student_merge_loser",
        "student_merge",
        ["tenant_id", "loser_id"],
        unique=True,
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    for column in ("winner_id", "loser_id"):  # a purge looks for both
        op.create_index(f"ix_student_merge_{column}", "student_merge", ["tenant_id", column])
    # two who look alike and are two, as a person decided; left_id < right_id
    op.create_table(
        "distinct_pair",
        tenant(),
        key("left_id"),
        key("right_id"),
        text("decided_by"),
        timestamp("decided_at"),
        link("distinct_pair", "left_id"),
        link("distinct_pair", "right_id"),
        sa.CheckConstraint("left_id < right_id", name="ck_distinct_pair_order"),
    )
    op.create_index("ix_distinct_pair_right", "distinct_pair", ["tenant_id", "right_id"])


def create_erasures() -> None:
    """No link to student: these rows are what remains."""
    op.create_table(
        "erasure",
        tenant(),
        key("id"),
        text("reason"),
        text("requested_by"),
        timestamp("requested_at"),
        later("completed_at"),
    )
    op.create_index(
        "ix_erasure_open", "erasure", ["requested_at"], postgresql_where=sa.text("completed_at IS NULL")
    )
    op.create_table(
        "erasure_subject",
        tenant(),
        key("student_id"),
        sa.Column("erasure_id", sa.Uuid, nullable=False),
        text("pseudonym"),
        later("deleted_at"),
        link("erasure_subject", "erasure_id", to="erasure"),
    )
    op.create_index("ix_erasure_subject_erasure", "erasure_subject", ["tenant_id", "erasure_id"])
    op.create_table(
        "erasure_receipt",
        tenant(),
        key("erasure_id"),
        sa.Column("service", sa.Text, primary_key=True),
        timestamp("received_at"),
        link("erasure_receipt", "erasure_id", to="erasure"),
    )
    op.create_table(
        "erasure_count",
        tenant(),
        key("student_id"),
        sa.Column("service", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
    )


def create_audit() -> None:
    op.create_table(
        "audit",
        tenant(),
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        timestamp("at"),
        text("actor"),
        text("action"),
        # HMAC of the student's id; null for what concerns no single person
        text("pseudonym", nullable=True),
        sa.Column("details", JSONB, nullable=False, server_default="{}"),
    )
    op.create_index("ix_audit_pseudonym", "audit", ["tenant_id", "pseudonym", "seq"])
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {SCHEMA}.audit FROM {SCHEMA}_app, {SCHEMA}_system")


def downgrade() -> None:
    raise NotImplementedError("people's records are not thrown away by a downgrade")
