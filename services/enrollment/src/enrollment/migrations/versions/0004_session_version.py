"""Sessions have versions: other services are told of them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("session", sa.Column("version", sa.BigInteger, server_default="0", nullable=False))
    op.create_index("session_untold", "session", ["lecture_id"], postgresql_where=sa.text("version = 0"))


def downgrade() -> None:
    op.drop_index("session_untold", "session")
    op.drop_column("session", "version")
