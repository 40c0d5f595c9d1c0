"""What became of a request's messages; who is enrolled where; the log's look for what did not arrive."""

import sqlalchemy as sa
from alembic import op
from servicekit.rls import enable_rls

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("request", sa.Column("correlation_id", sa.Text))
    for outcome in ("delivered", "failed", "unreported", "dropped"):
        op.add_column("request", sa.Column(outcome, sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "enrollment_ref",
        sa.Column("tenant_id", sa.Text, primary_key=True),
        sa.Column("enrollment_id", sa.Uuid, primary_key=True),
        sa.Column("lecture_id", sa.Uuid, nullable=False),
        sa.Column("student_id", sa.Uuid, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("deleted", sa.Boolean, nullable=False),
    )
    op.create_index("ix_enrollment_ref_lecture", "enrollment_ref", ["tenant_id", "lecture_id"])
    op.create_index("ix_enrollment_ref_student", "enrollment_ref", ["tenant_id", "student_id"])
    enable_rls(op, "enrollment_ref")
    # the newest of all are found by the primary key; these are few among many, and their state is their last
    op.create_index(
        "ix_message_undelivered",
        "message",
        ["tenant_id", "status", "id"],
        postgresql_where=sa.text("status IN ('FAILED', 'SKIPPED', 'CANCELLED')"),
    )


def downgrade() -> None:
    raise NotImplementedError("what was told cannot be untold")
