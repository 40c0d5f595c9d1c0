"""What triggers asked for and what became of it; and who changed what keeps messages back."""

import sqlalchemy as sa
from alembic import op
from servicekit.rls import enable_rls
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "request",
        sa.Column("tenant_id", sa.Text, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("trigger", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("occurrence", sa.Text, nullable=False),
        sa.Column("variables", JSONB, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("queued", sa.Integer, nullable=False, server_default="0"),
        sa.Column("skipped", sa.Integer, nullable=False, server_default="0"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by", sa.Text),
        sa.CheckConstraint("target IN ('parent', 'student')", name="ck_request_target"),
        sa.CheckConstraint("state IN ('waiting', 'queued', 'refused', 'dismissed')", name="ck_request_state"),
        sa.CheckConstraint("(state = 'refused') = (code IS NOT NULL)", name="ck_request_code"),
    )
    op.create_index("ix_request_created", "request", ["tenant_id", "created_at", "id"])
    op.create_table(
        "request_subject",
        sa.Column("tenant_id", sa.Text, primary_key=True),
        sa.Column("request_id", sa.Uuid, primary_key=True),
        sa.Column("student_id", sa.Uuid, primary_key=True),
    )
    op.create_index("ix_request_subject_student", "request_subject", ["tenant_id", "student_id"])
    op.create_table(
        "trail",
        sa.Column("tenant_id", sa.Text, primary_key=True),
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("details", JSONB, nullable=False),
    )
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON trail FROM messaging_app, messaging_system")
    for table in ("request", "request_subject", "trail"):
        enable_rls(op, table)


def downgrade() -> None:
    raise NotImplementedError("who decided what cannot be undone")
