"""Who is enrolled where, as the enrollment service says."""

import sqlalchemy as sa
from alembic import op
from eventkit.schema import create_kit_tables
from servicekit.rls import enable_rls

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_kit_tables(op, "media")
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
    op.create_table(
        "session_enrollment_ref",
        sa.Column("tenant_id", sa.Text, primary_key=True),
        sa.Column("session_id", sa.Uuid, primary_key=True),
        sa.Column("enrollment_id", sa.Uuid, primary_key=True),
        sa.Column("lecture_id", sa.Uuid, nullable=False),
        sa.Column("student_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("deleted", sa.Boolean, nullable=False),
    )
    enable_rls(op, "enrollment_ref")
    enable_rls(op, "session_enrollment_ref")


def downgrade() -> None:
    raise NotImplementedError("the first migration is not undone: drop the schema")
