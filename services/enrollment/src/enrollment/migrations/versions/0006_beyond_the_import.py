"""Plans that are carried out, rows that a person decides, imports that are cancelled and taken back."""

import sqlalchemy as sa
from alembic import op
from servicekit.rls import enable_rls
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("plan_id", sa.Uuid()),
        sa.Column("session_made", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("cancelled_by", sa.Text()),
        sa.Column("undo_status", sa.String(8)),
        sa.Column("undo_by", sa.Text()),
        sa.Column("undo_at", sa.DateTime(timezone=True)),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
    ):
        op.add_column("import_job", column)
    op.create_check_constraint("import_job_undo_check", "import_job", "undo_status IN ('UNDOING', 'UNDONE')")
    op.create_index(
        "import_job_plan",
        "import_job",
        ["plan_id"],
        unique=True,
        postgresql_where=sa.text("plan_id IS NOT NULL AND status <> 'FAILED'"),
    )
    op.add_column("import_row", sa.Column("candidates", ARRAY(sa.Uuid())))
    op.add_column("import_row", sa.Column("undo", sa.String(6)))
    op.add_column("import_row", sa.Column("undo_code", sa.Text()))
    op.create_check_constraint("import_row_undo_check", "import_row", "undo IN ('undone', 'kept')")
    narrow_same_file()
    create_import_effect()
    op.create_table(
        "import_chunk",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Uuid(), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["import_job.tenant_id", "import_job.id"],
            name="import_chunk_job_fkey",
            ondelete="CASCADE",
        ),
    )
    enable_rls(op, "import_chunk")


def narrow_same_file() -> None:
    op.drop_index("import_job_same_file", "import_job")
    op.create_index(
        "import_job_same_file",
        "import_job",
        [
            "tenant_id",
            sa.text("coalesce(lecture_id, '00000000-0000-0000-0000-000000000000'::uuid)"),
            sa.text("coalesce(session_id, '00000000-0000-0000-0000-000000000000'::uuid)"),
            "file_sha256",
            "dry_run",
        ],
        unique=True,
        postgresql_where=sa.text(
            "NOT forced AND status <> 'FAILED' AND cancelled_by IS NULL AND undo_status IS NULL"
            " AND (ended_at IS NULL OR NOT dry_run)"
        ),
    )


def create_import_effect() -> None:
    op.create_table(
        "import_effect",
        sa.Column("tenant_id", sa.Text(), primary_key=True),
        sa.Column("job_id", sa.Uuid(), primary_key=True),
        sa.Column("enrollment_id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.String(11), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(20)),
        sa.Column("enrolled_at", sa.DateTime(timezone=True)),
        sa.Column("seat_version", sa.BigInteger()),
        sa.CheckConstraint("kind IN ('created', 'reactivated', 'placed')", name="import_effect_kind_check"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["import_job.tenant_id", "import_job.id"],
            name="import_effect_job_fkey",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "enrollment_id"],
            ["enrollment.tenant_id", "enrollment.id"],
            name="import_effect_enrollment_fkey",
            ondelete="CASCADE",
        ),
    )
    op.create_index("import_effect_by_enrollment", "import_effect", ["tenant_id", "enrollment_id"])
    enable_rls(op, "import_effect")


def downgrade() -> None:
    raise NotImplementedError("what imports did is not forgotten by a downgrade")
