"""Tombstones of purged people."""

from alembic import op
from eventkit.schema import create_erased_table

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_erased_table(op, "media")


def downgrade() -> None:
    raise NotImplementedError("who was erased stays erased")
