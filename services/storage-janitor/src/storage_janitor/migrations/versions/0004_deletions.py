"""What the media service says of its videos, and the deletions that it asks for."""

import sqlalchemy as sa
from alembic import op
from servicekit.rls import enable_rls

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "video_ref",
        sa.Column("tenant_id", sa.Text, primary_key=True),
        sa.Column("video_id", sa.Uuid, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("raw_key", sa.Text),
        sa.Column("raw_expires_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Uuid, nullable=False),
        sa.CheckConstraint(
            "state IN ('uploaded', 'ready', 'failed', 'deleted')", name="video_ref_state_check"
        ),
    )
    op.create_table(
        "deletion",
        sa.Column("tenant_id", sa.Text, primary_key=True),
        sa.Column("video_id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("raw_key", sa.Text, nullable=False),
        sa.Column("released_by", sa.Uuid, nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("correlation_id", sa.Text, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("objects", sa.BigInteger, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("counted_to", sa.Text, nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("kind IN ('video', 'raw')", name="deletion_kind_check"),
        sa.CheckConstraint(
            "state IN ('planned', 'attempting', 'failed', 'done', 'withdrawn')", name="deletion_state_check"
        ),
    )
    op.create_index("deletion_due", "deletion", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))
    for table in ("video_ref", "deletion"):
        enable_rls(op, table)


def downgrade() -> None:
    raise NotImplementedError("what was asked to be deleted is not forgotten")
