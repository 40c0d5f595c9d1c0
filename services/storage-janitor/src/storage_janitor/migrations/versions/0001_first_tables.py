"""Which imports have ended, as the enrollment service says."""

import sqlalchemy as sa
from alembic import op
from eventkit.schema import create_kit_tables
from servicekit.rls import enable_rls

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_kit_tables(op, "storage_janitor")
    op.create_table(
        "ended_import",
        sa.Column("tenant_id", sa.Text, primary_key=True),
        sa.Column("job_id", sa.Uuid, primary_key=True),
        sa.Column("object_key", sa.Text, nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
    )
    enable_rls(op, "ended_import")


def downgrade() -> None:
    raise NotImplementedError("the first migration is not undone: drop the schema")
