"""Workbooks that somebody asked for."""

import sqlalchemy as sa
from alembic import op
from servicekit.rls import enable_rls

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "export_job",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("status", sa.String(10), server_default="PENDING", nullable=False),
        sa.Column("file_name", sa.String(255), nullable=False),
        sa.Column("object_key", sa.Text()),
        sa.Column("rows_done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("bytes", sa.BigInteger()),
        sa.Column("error_code", sa.Text()),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "status IN ('PENDING', 'RUNNING', 'DONE', 'FAILED', 'EXPIRED')", name="export_job_status_check"
        ),
    )
    op.create_index(
        "export_job_same_content",
        "export_job",
        ["tenant_id", "kind", "target_id", "revision"],
        unique=True,
        postgresql_where=sa.text("status IN ('PENDING', 'RUNNING', 'DONE')"),
    )
    op.create_index(
        "export_job_lapsing",
        "export_job",
        ["expires_at"],
        postgresql_where=sa.text("object_key IS NOT NULL"),
    )
    enable_rls(op, "export_job")


def downgrade() -> None:
    op.drop_table("export_job")
