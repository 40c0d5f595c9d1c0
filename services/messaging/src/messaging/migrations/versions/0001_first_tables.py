"""Whom a message may reach, as the students service says."""

import sqlalchemy as sa
from alembic import op
from eventkit.schema import create_kit_tables
from servicekit.rls import enable_rls

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_kit_tables(op, "messaging")
    op.create_table(
        "recipient",
        sa.Column("tenant_id", sa.Text, primary_key=True),
        sa.Column("student_id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("parent_phone", sa.Text, nullable=False),
        sa.Column("student_phone", sa.Text),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("deleted", sa.Boolean, nullable=False),
    )
    enable_rls(op, "recipient")


def downgrade() -> None:
    raise NotImplementedError("the first migration is not undone: drop the schema")
