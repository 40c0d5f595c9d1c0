"""Imports that register students without a lecture, merged students, tombstones of purged ones."""

import sqlalchemy as sa
from alembic import op
from eventkit.schema import create_erased_table
from servicekit.rls import enable_rls

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NIL = "'00000000-0000-0000-0000-000000000000'::uuid"
OUTCOMES = (
    "enrolled",
    "already_enrolled",
    "registered",
    "already_registered",
    "duplicate",
    "skipped",
    "failed",
    "needs_review",
)


def upgrade() -> None:
    create_erased_table(op, "enrollment")
    let_imports_have_no_lecture()
    create_merges()
    for table in ("student_merge", "merge_move"):
        enable_rls(op, table)


def let_imports_have_no_lecture() -> None:
    op.alter_column("import_job", "lecture_id", nullable=True)
    op.drop_index("import_job_same_file", "import_job")
    op.create_index(
        "import_job_same_file",
        "import_job",
        [
            "tenant_id",
            sa.text(f"coalesce(lecture_id, {NIL})"),
            sa.text(f"coalesce(session_id, {NIL})"),
            "file_sha256",
            "dry_run",
        ],
        unique=True,
        postgresql_where=sa.text("status <> 'FAILED' AND NOT forced"),
    )
    op.create_check_constraint(
        "import_job_session_check", "import_job", "lecture_id IS NOT NULL OR session_id IS NULL"
    )
    op.drop_constraint("import_row_outcome_check", "import_row")
    listed = ", ".join(f"'{outcome}'" for outcome in OUTCOMES)
    op.create_check_constraint("import_row_outcome_check", "import_row", f"outcome IN ({listed})")


def create_merges() -> None:
    op.create_table(
        "student_merge",
        sa.Column("tenant_id", sa.Text, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("winner_id", sa.Uuid, nullable=False),
        sa.Column("loser_id", sa.Uuid, nullable=False),
        # also of a merge whose own event comes later, and then changes nothing
        sa.Column("undone", sa.Boolean, nullable=False),
    )
    # `moved`: the enrollment is the winner's now; `ended`: the winner has its own, which was `reactivated`
    # where the loser's was the better one; `status` and `enrolled_at` are what the enrollment had
    op.create_table(
        "merge_move",
        sa.Column("tenant_id", sa.Text, primary_key=True),
        sa.Column("merge_id", sa.Uuid, primary_key=True),
        sa.Column("enrollment_id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "merge_id"],
            ["student_merge.tenant_id", "student_merge.id"],
            name="merge_move_merge_fkey",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "enrollment_id"],
            ["enrollment.tenant_id", "enrollment.id"],
            name="merge_move_enrollment_fkey",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("kind IN ('moved', 'ended', 'reactivated')", name="merge_move_kind_check"),
    )


def downgrade() -> None:
    raise NotImplementedError("a merge cannot be forgotten by a downgrade")
