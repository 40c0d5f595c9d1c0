"""Dead letters, replays, and what operators did."""

from alembic import op
from eventkit.schema import create_operations_tables

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_operations_tables(op, "enrollment")


def downgrade() -> None:
    raise NotImplementedError("dead letters are not thrown away")
