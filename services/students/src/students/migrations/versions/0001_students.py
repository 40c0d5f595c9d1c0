"""Students, parents, accounts, and the identity rule as a constraint.

Every key carries the tenant: no link can point into another one, and the one index serves both.
"""

import sqlalchemy as sa
from alembic import op
from eventkit.schema import create_kit_tables
from servicekit.rls import enable_rls

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "students"

# byte order sorts Hangul as 가나다 and does not change with the operating system's libraries
KEY_TEXT = sa.Text(collation="C")


def timestamp(name: str, *, nullable: bool = False, now: bool = True) -> sa.Column[object]:
    default = sa.func.now() if now else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)


def link(to: str, name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["tenant_id", f"{to}_id"], [f"{to}.tenant_id", f"{to}.id"], name=name)


def upgrade() -> None:
    create_kit_tables(op, SCHEMA)
    create_parent()
    create_student()
    create_initial_credential()
    create_account()
    for table in ("parent", "student", "initial_credential", "account"):
        enable_rls(op, table)


def create_parent() -> None:
    op.create_table(
        "parent",
        sa.Column("tenant_id", sa.Text, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("phone", KEY_TEXT, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        timestamp("created_at"),
        sa.UniqueConstraint("tenant_id", "phone", name="uq_parent_phone"),
    )


def create_student() -> None:
    op.create_table(
        "student",
        sa.Column("tenant_id", sa.Text, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_key", KEY_TEXT, nullable=False),
        sa.Column("parent_phone", KEY_TEXT, nullable=False),
        sa.Column("parent_id", sa.Uuid),
        sa.Column("student_phone", KEY_TEXT),
        sa.Column("school", sa.Text),
        sa.Column("school_type", sa.Text),
        sa.Column("grade", sa.SmallInteger),
        sa.Column("gender", sa.Text),
        sa.Column("school_class", sa.Text),
        sa.Column("major", sa.Text),
        sa.Column("memo", sa.Text),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        timestamp("created_at"),
        timestamp("updated_at"),
        timestamp("deleted_at", nullable=True, now=False),
        link("parent", "fk_student_parent"),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 50", name="ck_student_name"),
        sa.CheckConstraint("name_key <> ''", name="ck_student_name_key"),
        sa.CheckConstraint("parent_phone ~ '^010[0-9]{8}$'", name="ck_student_parent_phone"),
        sa.CheckConstraint("student_phone ~ '^010[0-9]{8}$'", name="ck_student_student_phone"),
        sa.CheckConstraint("school_type IN ('ELEMENTARY', 'MIDDLE', 'HIGH')", name="ck_student_school_type"),
        sa.CheckConstraint("grade BETWEEN 1 AND 6", name="ck_student_grade"),
        sa.CheckConstraint("gender IN ('M', 'F')", name="ck_student_gender"),
    )
    identity = ["tenant_id", "name_key", "parent_phone"]
    # the identity rule: one active student per (tenant, name, parent phone); also the list's order
    op.create_index(
        "uq_student_identity",
        "student",
        identity,
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_student_deleted", "student", identity, postgresql_where=sa.text("deleted_at IS NOT NULL")
    )


def create_initial_credential() -> None:
    """One row per import: its id is the job's id."""
    op.create_table(
        "initial_credential",
        sa.Column("tenant_id", sa.Text, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("hash", sa.Text, nullable=False),
        timestamp("created_at"),
        timestamp("expires_at", now=False),
        sa.CheckConstraint("hash LIKE '$argon2id$%'", name="ck_initial_credential_hash"),
    )


def create_account() -> None:
    op.create_table(
        "account",
        sa.Column("tenant_id", sa.Text, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("login_id", KEY_TEXT, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("student_id", sa.Uuid),
        sa.Column("parent_id", sa.Uuid),
        # no foreign key: an expired credential may be removed under the accounts that never used it
        sa.Column("initial_credential_id", sa.Uuid),
        sa.Column("password_hash", sa.Text),
        sa.Column("must_change", sa.Boolean, nullable=False),
        timestamp("created_at"),
        link("student", "fk_account_student"),
        link("parent", "fk_account_parent"),
        sa.UniqueConstraint("tenant_id", "login_id", name="uq_account_login_id"),
        sa.CheckConstraint(
            "CASE kind WHEN 'student' THEN student_id IS NOT NULL AND parent_id IS NULL"
            " WHEN 'parent' THEN parent_id IS NOT NULL AND student_id IS NULL ELSE false END",
            name="ck_account_kind",
        ),
        sa.CheckConstraint("password_hash LIKE '$argon2id$%'", name="ck_account_password_hash"),
    )
    for owner in ("student_id", "parent_id"):
        op.create_index(
            f"uq_account_{owner}",
            "account",
            ["tenant_id", owner],
            unique=True,
            postgresql_where=sa.text(f"{owner} IS NOT NULL"),
        )


def downgrade() -> None:
    raise NotImplementedError("the first migration is not undone: drop the schema")
