"""Tables of the enrollment schema. Unqualified: every connection's search_path is the service's schema.

Row-level security is on for all of them (migration 0001), so a query without a tenant sees nothing.
Links inside the schema carry `tenant_id` in the foreign key, so no row can point into another tenant.
"""

from __future__ import annotations

from servicekit.columns import one_of, tenant, written_at
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Sequence,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

ENROLLMENT_STATUSES = ("ACTIVE", "INACTIVE", "PENDING")
SESSION_TYPES = ("REGULAR", "SUPPLEMENT")
ATTENDANCE_STATUSES = (
    "UNSET",
    "PRESENT",
    "LATE",
    "ONLINE",
    "SUPPLEMENT",
    "EARLY_LEAVE",
    "ABSENT",
    "RUNAWAY",
    "MATERIAL",
    "INACTIVE",
    "SECESSION",
)

metadata = MetaData()

# One rising number for all versions that leave in events: a row deleted and made again never looks stale.
change_seq = Sequence("change_seq", metadata=metadata)
NEXT_VERSION = change_seq.next_value()
_NOW = text("now()")
_UUID = text("gen_random_uuid()")


def _version() -> Column[int]:
    return Column("version", BigInteger, nullable=False, server_default=text("nextval('change_seq')"))


def _link(column: str, to: str, name: str, ondelete: str | None = None) -> ForeignKeyConstraint:
    """Points at the `id` of a row of the same tenant."""
    return ForeignKeyConstraint(
        ["tenant_id", column], [f"{to}.tenant_id", f"{to}.id"], name=name, ondelete=ondelete
    )


lecture = Table(
    "lecture",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=_UUID),
    tenant(),
    Column("title", String(255), nullable=False),
    Column("name", String(255), nullable=False, server_default=""),
    Column("subject", String(50), nullable=False, server_default=""),
    Column("description", Text, nullable=False, server_default=""),
    Column("start_date", Date),
    Column("end_date", Date),
    Column("lecture_time", String(100), nullable=False, server_default=""),
    Column("color", String(20), nullable=False, server_default="#3b82f6"),
    Column("chip_label", String(2), nullable=False, server_default=""),
    Column("is_active", Boolean, nullable=False, server_default=text("true")),
    written_at("created_at"),
    written_at("updated_at"),
    UniqueConstraint("tenant_id", "title", name="lecture_title_key"),
    UniqueConstraint("tenant_id", "id", name="lecture_tenant_key"),
    CheckConstraint("start_date <= end_date", name="lecture_dates_check"),
)

session = Table(
    "session",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=_UUID),
    tenant(),
    Column("lecture_id", Uuid, nullable=False),
    Column("order", Integer, nullable=False),
    Column("title", String(255), nullable=False),
    Column("date", Date),
    Column("session_type", String(20), nullable=False, server_default="REGULAR"),
    written_at("created_at"),
    written_at("updated_at"),
    # 0: no other service has been told of it (made before that was done, or by a build that does not)
    Column("version", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("lecture_id", "order", name="session_order_key"),
    UniqueConstraint("tenant_id", "id", name="session_tenant_key"),
    _link("lecture_id", "lecture", "session_lecture_fkey"),
    CheckConstraint('"order" >= 1', name="session_order_check"),
    one_of("session_type", SESSION_TYPES, "session_type_check"),
    Index("session_untold", "lecture_id", postgresql_where=text("version = 0")),
)

enrollment = Table(
    "enrollment",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=_UUID),
    tenant(),
    Column("lecture_id", Uuid, nullable=False),
    Column("student_id", Uuid, nullable=False),
    Column("status", String(20), nullable=False, server_default="ACTIVE"),
    # When the present enrollment began: set anew when an INACTIVE one becomes ACTIVE.
    written_at("enrolled_at"),
    _version(),
    written_at("updated_at"),
    UniqueConstraint("tenant_id", "lecture_id", "student_id", name="enrollment_student_key"),
    UniqueConstraint("tenant_id", "id", name="enrollment_tenant_key"),
    _link("lecture_id", "lecture", "enrollment_lecture_fkey"),
    one_of("status", ENROLLMENT_STATUSES, "enrollment_status_check"),
    Index("enrollment_by_student", "tenant_id", "student_id"),
)

session_enrollment = Table(
    "session_enrollment",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=_UUID),
    tenant(),
    Column("session_id", Uuid, nullable=False),
    Column("enrollment_id", Uuid, nullable=False),
    _version(),
    written_at("created_at"),
    UniqueConstraint("tenant_id", "session_id", "enrollment_id", name="session_enrollment_key"),
    _link("session_id", "session", "session_enrollment_session_fkey"),
    _link("enrollment_id", "enrollment", "session_enrollment_enrollment_fkey"),
    Index("session_enrollment_by_enrollment", "tenant_id", "enrollment_id"),
)

attendance = Table(
    "attendance",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=_UUID),
    tenant(),
    Column("session_id", Uuid, nullable=False),
    Column("enrollment_id", Uuid, nullable=False),
    Column("status", String(20), nullable=False, server_default="UNSET"),
    Column("memo", Text, nullable=False, server_default=""),
    # When somebody set the status; null while UNSET.
    Column("recorded_at", DateTime(timezone=True)),
    UniqueConstraint("tenant_id", "enrollment_id", "session_id", name="attendance_key"),
    _link("session_id", "session", "attendance_session_fkey"),
    _link("enrollment_id", "enrollment", "attendance_enrollment_fkey"),
    one_of("status", ATTENDANCE_STATUSES, "attendance_status_check"),
    Index("attendance_by_session", "tenant_id", "session_id"),
)

# What this context knows of a student, fed by students.student.changed; version 0 = seen in an import only.
student_ref = Table(
    "student_ref",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("student_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("parent_phone", Text, nullable=False),
    Column("student_phone", Text),
    Column("school", Text),
    Column("grade", SmallInteger),
    Column("deleted", Boolean, nullable=False, server_default=text("false")),
    Column("version", BigInteger, nullable=False),
    Index("student_ref_by_name", "tenant_id", "name"),
)

# What another upload of the same file would only repeat: a preview is of now, and what was stopped or taken
# back may be done again.
IMPORT_STANDS = (
    "status <> 'FAILED' AND cancelled_by IS NULL AND undo_status IS NULL"
    " AND (ended_at IS NULL OR NOT dry_run)"
)
# The lecture and session of a job are no foreign keys: a job outlives them and ends FAILED (lecture_gone).
import_job = Table(
    "import_job",
    metadata,
    Column("id", Uuid, primary_key=True),
    tenant(),
    # null: students are registered, nobody is enrolled
    Column("lecture_id", Uuid),
    Column("session_id", Uuid),
    # The session that rows go to: session_id, else order 1, chosen when the sheet has been read.
    Column("target_session_id", Uuid),
    Column("object_key", Text, nullable=False),
    Column("file_sha256", String(64), nullable=False),
    Column("file_name", String(255), nullable=False),
    Column("dry_run", Boolean, nullable=False),
    Column("forced", Boolean, nullable=False),
    Column("status", String(10), nullable=False, server_default="PENDING"),
    Column("step", String(12), nullable=False, server_default="waiting"),
    # Attempts at reading the sheet that have not come back: the parser's crashes, plus one while it runs.
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("rows_total", Integer, nullable=False, server_default="0"),
    Column("rows_done", Integer, nullable=False, server_default="0"),
    Column("rows_usable", Integer, nullable=False, server_default="0"),
    Column("chunks_total", Integer, nullable=False, server_default="0"),
    Column("chunks_done", Integer, nullable=False, server_default="0"),
    Column("result", JSONB(none_as_null=True)),
    Column("error_code", Text),
    Column("error_message", Text),
    Column("requested_by", Text, nullable=False),
    Column("correlation_id", Text, nullable=False),
    # the preview that it carries out
    Column("plan_id", Uuid),
    Column("session_made", Boolean, nullable=False, server_default=text("false")),
    Column("cancelled_by", Text),
    Column("undo_status", String(8)),
    Column("undo_by", Text),
    Column("undo_at", DateTime(timezone=True)),
    Column("undone_at", DateTime(timezone=True)),
    written_at("created_at"),
    Column("started_at", DateTime(timezone=True)),
    Column("parsed_at", DateTime(timezone=True)),
    # When the job last moved: a claim, a batch read, a chunk enrolled.
    written_at("moved_at"),
    Column("ended_at", DateTime(timezone=True)),
    UniqueConstraint("tenant_id", "id", name="import_job_tenant_key"),
    one_of("status", ("PENDING", "RUNNING", "DONE", "FAILED"), "import_job_status_check"),
    one_of("step", ("waiting", "downloading", "parsing", "enrolling", "done"), "import_job_step_check"),
    # DONE has a result and FAILED a reason, always (earlier system, failure 1).
    CheckConstraint("lecture_id IS NOT NULL OR session_id IS NULL", name="import_job_session_check"),
    CheckConstraint("(status = 'DONE') = (result IS NOT NULL)", name="import_job_result_check"),
    CheckConstraint("(status = 'FAILED') = (error_code IS NOT NULL)", name="import_job_error_check"),
    one_of("undo_status", ("UNDOING", "UNDONE"), "import_job_undo_check"),
    Index(
        "import_job_plan",
        "plan_id",
        unique=True,
        postgresql_where=text("plan_id IS NOT NULL AND status <> 'FAILED'"),
    ),
    Index(
        "import_job_same_file",
        "tenant_id",
        text("coalesce(lecture_id, '00000000-0000-0000-0000-000000000000'::uuid)"),
        text("coalesce(session_id, '00000000-0000-0000-0000-000000000000'::uuid)"),
        "file_sha256",
        "dry_run",
        unique=True,
        postgresql_where=text(f"NOT forced AND {IMPORT_STANDS}"),
    ),
    Index("import_job_open", "moved_at", postgresql_where=text("ended_at IS NULL")),
)

# No index holds `outcome`, and pages keep room, so settling a row is a HOT update. Counting a job and
# listing it are range scans of the primary key.
import_row = Table(
    "import_row",
    metadata,
    tenant(),
    Column("job_id", Uuid, primary_key=True),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("name", Text),
    Column("parent_phone", Text),
    Column("student_phone", Text),
    Column("school", Text),
    Column("grade", SmallInteger),
    # Null until the row is settled.
    Column("outcome", String(20)),
    Column("student_outcome", String(10)),
    Column("student_id", Uuid),
    Column("code", Text),
    Column("reason", Text),
    # students between whom a person has to decide
    Column("candidates", ARRAY(Uuid)),
    Column("undo", String(6)),
    Column("undo_code", Text),
    _link("job_id", "import_job", "import_row_job_fkey", ondelete="CASCADE"),
    one_of("undo", ("undone", "kept"), "import_row_undo_check"),
    one_of(
        "outcome",
        (
            "enrolled",
            "already_enrolled",
            "registered",
            "already_registered",
            "duplicate",
            "skipped",
            "failed",
            "needs_review",
        ),
        "import_row_outcome_check",
    ),
    one_of("student_outcome", ("created", "matched", "restored"), "import_row_student_outcome_check"),
    postgresql_with={"fillfactor": "50"},
)

# A chunk that waits until earlier ones have been answered, so that a cancelled import stops there.
import_chunk = Table(
    "import_chunk",
    metadata,
    tenant(),
    Column("job_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("data", Text, nullable=False),
    _link("job_id", "import_job", "import_chunk_job_fkey", ondelete="CASCADE"),
)

# What an import did to an enrollment, so that it can be taken back: `version` is what it had afterwards,
# `status` and `enrolled_at` what it had before, `seat_version` that of its new session enrollment.
import_effect = Table(
    "import_effect",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("job_id", Uuid, primary_key=True),
    Column("enrollment_id", Uuid, primary_key=True),
    Column("kind", String(11), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("status", String(20)),
    Column("enrolled_at", DateTime(timezone=True)),
    Column("seat_version", BigInteger),
    _link("job_id", "import_job", "import_effect_job_fkey", ondelete="CASCADE"),
    _link("enrollment_id", "enrollment", "import_effect_enrollment_fkey", ondelete="CASCADE"),
    one_of("kind", ("created", "reactivated", "placed"), "import_effect_kind_check"),
    Index("import_effect_by_enrollment", "tenant_id", "enrollment_id"),
)

# A workbook that somebody asked for; the object is gone when its life is over.
export_job = Table(
    "export_job",
    metadata,
    Column("id", Uuid, primary_key=True),
    tenant(),
    Column("kind", String(20), nullable=False),
    # a lecture, or an import
    Column("target_id", Uuid, nullable=False),
    # of the content when it was asked for: the same content is the same job
    Column("revision", Text, nullable=False),
    Column("status", String(10), nullable=False, server_default="PENDING"),
    Column("file_name", String(255), nullable=False),
    Column("object_key", Text),
    Column("rows_done", Integer, nullable=False, server_default="0"),
    Column("rows_total", Integer, nullable=False, server_default="0"),
    Column("bytes", BigInteger),
    Column("error_code", Text),
    Column("requested_by", Text, nullable=False),
    Column("correlation_id", Text, nullable=False),
    written_at("created_at"),
    written_at("moved_at"),
    Column("ended_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True)),
    one_of("status", ("PENDING", "RUNNING", "DONE", "FAILED", "EXPIRED"), "export_job_status_check"),
    Index(
        "export_job_same_content",
        "tenant_id",
        "kind",
        "target_id",
        "revision",
        unique=True,
        postgresql_where=text("status IN ('PENDING', 'RUNNING', 'DONE')"),
    ),
    Index("export_job_lapsing", "expires_at", postgresql_where=text("object_key IS NOT NULL")),
)

# A merge of two students, as the students service said it; `undone` also where that came first.
student_merge = Table(
    "student_merge",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("winner_id", Uuid, nullable=False),
    Column("loser_id", Uuid, nullable=False),
    Column("undone", Boolean, nullable=False),
)

# What a merge did to enrollments, so that it can be taken back; `status` and `enrolled_at` are what they had.
merge_move = Table(
    "merge_move",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("merge_id", Uuid, primary_key=True),
    Column("enrollment_id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("enrolled_at", DateTime(timezone=True), nullable=False),
    _link("merge_id", "student_merge", "merge_move_merge_fkey", ondelete="CASCADE"),
    _link("enrollment_id", "enrollment", "merge_move_enrollment_fkey", ondelete="CASCADE"),
    one_of("kind", ("moved", "ended", "reactivated"), "merge_move_kind_check"),
)
