"""The first tables: lectures, enrollments, attendance, the student read model, Excel imports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from eventkit.schema import create_kit_tables
from servicekit.rls import enable_rls
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "enrollment"
TABLES = (
    "lecture",
    "session",
    "enrollment",
    "session_enrollment",
    "attendance",
    "student_ref",
    "import_job",
    "import_row",
)


def upgrade() -> None:
    create_kit_tables(op, SCHEMA)
    op.execute("CREATE SEQUENCE change_seq")
    create_lectures()
    create_enrollments()
    create_session_enrollments()
    create_student_ref()
    create_import_job()
    create_import_row()
    for table in TABLES:
        enable_rls(op, table)


def create_lectures() -> None:
    op.create_table(
        "lecture",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("subject", sa.String(length=50), server_default="", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("start_date", sa.Date()),
        sa.Column("end_date", sa.Date()),
        sa.Column("lecture_time", sa.String(length=100), server_default="", nullable=False),
        sa.Column("color", sa.String(length=20), server_default="#3b82f6", nullable=False),
        sa.Column("chip_label", sa.String(length=2), server_default="", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("start_date <= end_date", name="lecture_dates_check"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant_id", "id", name="lecture_tenant_key"),
        sa.UniqueConstraint("tenant_id", "title", name="lecture_title_key"),
    )
    op.create_table(
        "session",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("lecture_id", sa.Uuid(), nullable=False),
        sa.Column("order", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("date", sa.Date()),
        sa.Column("session_type", sa.String(length=20), server_default="REGULAR", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("session_type IN ('REGULAR', 'SUPPLEMENT')", name="session_type_check"),
        sa.CheckConstraint('"order" >= 1', name="session_order_check"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "lecture_id"], ["lecture.tenant_id", "lecture.id"], name="session_lecture_fkey"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("lecture_id", "order", name="session_order_key"),
        sa.UniqueConstraint("tenant_id", "id", name="session_tenant_key"),
    )


def create_enrollments() -> None:
    op.create_table(
        "enrollment",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("lecture_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=20), server_default="ACTIVE", nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "version", sa.BigInteger(), server_default=sa.text("nextval('change_seq')"), nullable=False
        ),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status IN ('ACTIVE', 'INACTIVE', 'PENDING')", name="enrollment_status_check"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "lecture_id"], ["lecture.tenant_id", "lecture.id"], name="enrollment_lecture_fkey"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant_id", "id", name="enrollment_tenant_key"),
        sa.UniqueConstraint("tenant_id", "lecture_id", "student_id", name="enrollment_student_key"),
    )
    op.create_index("enrollment_by_student", "enrollment", ["tenant_id", "student_id"])


def create_session_enrollments() -> None:
    op.create_table(
        "session_enrollment",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column(
            "version", sa.BigInteger(), server_default=sa.text("nextval('change_seq')"), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "enrollment_id"],
            ["enrollment.tenant_id", "enrollment.id"],
            name="session_enrollment_enrollment_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "session_id"],
            ["session.tenant_id", "session.id"],
            name="session_enrollment_session_fkey",
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant_id", "session_id", "enrollment_id", name="session_enrollment_key"),
    )
    op.create_index("session_enrollment_by_enrollment", "session_enrollment", ["tenant_id", "enrollment_id"])
    op.create_table(
        "attendance",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=20), server_default="UNSET", nullable=False),
        sa.Column("memo", sa.Text(), server_default="", nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "status IN ('UNSET', 'PRESENT', 'LATE', 'ONLINE', 'SUPPLEMENT', 'EARLY_LEAVE', 'ABSENT', "
            "'RUNAWAY', 'MATERIAL', 'INACTIVE', 'SECESSION')",
            name="attendance_status_check",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "enrollment_id"],
            ["enrollment.tenant_id", "enrollment.id"],
            name="attendance_enrollment_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "session_id"], ["session.tenant_id", "session.id"], name="attendance_session_fkey"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant_id", "enrollment_id", "session_id", name="attendance_key"),
    )
    op.create_index("attendance_by_session", "attendance", ["tenant_id", "session_id"])


def create_student_ref() -> None:
    op.create_table(
        "student_ref",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_phone", sa.Text(), nullable=False),
        sa.Column("student_phone", sa.Text()),
        sa.Column("school", sa.Text()),
        sa.Column("grade", sa.SmallInteger()),
        sa.Column("deleted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "student_id"),
    )
    op.create_index("student_ref_by_name", "student_ref", ["tenant_id", "name"])


def create_import_job() -> None:
    op.create_table(
        "import_job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("lecture_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid()),
        sa.Column("target_session_id", sa.Uuid()),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("forced", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=10), server_default="PENDING", nullable=False),
        sa.Column("step", sa.String(length=12), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_usable", sa.Integer(), server_default="0", nullable=False),
        sa.Column("chunks_total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("chunks_done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("result", postgresql.JSONB(none_as_null=True)),
        sa.Column("error_code", sa.Text()),
        sa.Column("error_message", sa.Text()),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("parsed_at", sa.DateTime(timezone=True)),
        sa.Column("moved_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("(status = 'DONE') = (result IS NOT NULL)", name="import_job_result_check"),
        sa.CheckConstraint("(status = 'FAILED') = (error_code IS NOT NULL)", name="import_job_error_check"),
        sa.CheckConstraint(
            "status IN ('PENDING', 'RUNNING', 'DONE', 'FAILED')", name="import_job_status_check"
        ),
        sa.CheckConstraint(
            "step IN ('waiting', 'downloading', 'parsing', 'enrolling', 'done')", name="import_job_step_check"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant_id", "id", name="import_job_tenant_key"),
    )
    op.create_index(
        "import_job_open", "import_job", ["moved_at"], postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_index(
        "import_job_same_file",
        "import_job",
        [
            "tenant_id",
            "lecture_id",
            sa.text("coalesce(session_id, '00000000-0000-0000-0000-000000000000'::uuid)"),
            "file_sha256",
            "dry_run",
        ],
        unique=True,
        postgresql_where=sa.text("status <> 'FAILED' AND NOT forced"),
    )


def create_import_row() -> None:
    op.create_table(
        "import_row",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("parent_phone", sa.Text()),
        sa.Column("student_phone", sa.Text()),
        sa.Column("school", sa.Text()),
        sa.Column("grade", sa.SmallInteger()),
        sa.Column("outcome", sa.String(length=20)),
        sa.Column("student_outcome", sa.String(length=10)),
        sa.Column("student_id", sa.Uuid()),
        sa.Column("code", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.CheckConstraint(
            "outcome IN ('enrolled', 'already_enrolled', 'duplicate', 'skipped', 'failed', 'needs_review')",
            name="import_row_outcome_check",
        ),
        sa.CheckConstraint(
            "student_outcome IN ('created', 'matched', 'restored')", name="import_row_student_outcome_check"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["import_job.tenant_id", "import_job.id"],
            name="import_row_job_fkey",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("job_id", "row"),
        postgresql_with={"fillfactor": "50"},
    )
