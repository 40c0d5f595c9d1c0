"""Videos: uploads, encode jobs, access, playback; and the lectures and marks they hang on."""

import sqlalchemy as sa
from alembic import op
from servicekit.rls import enable_rls
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TENANT_TABLES = (
    "session_ref",
    "tenant_setting",
    "video",
    "upload",
    "encode_job",
    "video_access",
    "video_progress",
    "playback_session",
    "playback_event",
)


def upgrade() -> None:
    op.add_column("session_enrollment_ref", sa.Column("attendance", sa.Text))
    op.create_index("enrollment_ref_by_student", "enrollment_ref", ["tenant_id", "student_id"])
    op.create_index("enrollment_ref_by_lecture", "enrollment_ref", ["tenant_id", "lecture_id"])
    create_session_ref()
    create_tenant_setting()
    create_video()
    create_upload()
    create_encode_job()
    create_video_access()
    create_video_progress()
    create_playback_session()
    create_playback_event()
    for table in TENANT_TABLES:
        enable_rls(op, table)


def create_session_ref() -> None:
    op.create_table(
        "session_ref",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("session_id", sa.Uuid, nullable=False),
        sa.Column("lecture_id", sa.Uuid, nullable=False),
        sa.Column("lecture_title", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "session_id"),
    )
    op.create_index("session_ref_by_lecture", "session_ref", ["tenant_id", "lecture_id", "position"])


def create_tenant_setting() -> None:
    op.create_table(
        "tenant_setting",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("raw_retention_days", sa.Integer, nullable=False),
        sa.Column("max_video_bytes", sa.BigInteger, nullable=False),
        sa.Column("quota_bytes", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id"),
    )


def create_video() -> None:
    op.create_table(
        "video",
        sa.Column("id", sa.Uuid, server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("lecture_id", sa.Uuid, nullable=False),
        sa.Column("session_id", sa.Uuid, nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("status", sa.String(length=20), server_default="PENDING", nullable=False),
        sa.Column("raw_key", sa.Text, nullable=False),
        sa.Column("raw_bytes", sa.BigInteger, server_default="0", nullable=False),
        sa.Column("raw_keep", sa.Boolean, server_default=sa.text("false"), nullable=False),
        sa.Column("raw_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("raw_released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("raw_deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("master_key", sa.Text, nullable=True),
        sa.Column("poster_key", sa.Text, nullable=True),
        sa.Column("storyboard_key", sa.Text, nullable=True),
        sa.Column("hls_bytes", sa.BigInteger, server_default="0", nullable=False),
        sa.Column("hls_objects", sa.Integer, server_default="0", nullable=False),
        sa.Column("duration_ms", sa.BigInteger, nullable=True),
        sa.Column("width", sa.Integer, nullable=True),
        sa.Column("height", sa.Integer, nullable=True),
        sa.Column("renditions", JSONB, server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("error_code", sa.String(length=50), nullable=True),
        sa.Column("allow_skip", sa.Boolean, server_default=sa.text("false"), nullable=False),
        sa.Column("max_speed", sa.Numeric(precision=3, scale=2), server_default="1.00", nullable=False),
        sa.Column("show_watermark", sa.Boolean, server_default=sa.text("true"), nullable=False),
        sa.Column("policy_version", sa.Integer, server_default="1", nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by", sa.Text, nullable=True),
        sa.Column("cleaned_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('PENDING', 'UPLOADED', 'PROCESSING', 'VIEWABLE', 'READY', 'FAILED')",
            name="video_status_check",
        ),
        sa.CheckConstraint("max_speed BETWEEN 0.25 AND 4", name="video_speed_check"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant_id", "id", name="video_tenant_key"),
    )
    op.create_index("video_by_session", "video", ["tenant_id", "session_id", "position"])
    op.create_index("video_by_lecture", "video", ["tenant_id", "lecture_id"])
    op.create_index("video_by_status", "video", ["status"], postgresql_where=sa.text("deleted_at IS NULL"))
    op.create_index(
        "video_raw_expiring",
        "video",
        ["raw_expires_at"],
        postgresql_where=sa.text("raw_deleted_at IS NULL AND NOT raw_keep"),
    )
    op.create_index(
        "video_uncleaned",
        "video",
        ["deleted_at"],
        postgresql_where=sa.text("deleted_at IS NOT NULL AND cleaned_at IS NULL"),
    )


def create_upload() -> None:
    op.create_table(
        "upload",
        sa.Column("id", sa.Uuid, server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("video_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="OPEN", nullable=False),
        sa.Column("object_key", sa.Text, nullable=False),
        sa.Column("s3_upload_id", sa.Text, nullable=True),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("part_bytes", sa.BigInteger, nullable=False),
        sa.Column("fingerprint", sa.String(length=200), server_default="", nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('SINGLE', 'MULTIPART')", name="upload_kind_check"),
        sa.CheckConstraint(
            "state IN ('OPEN', 'COMPLETED', 'CANCELLED', 'EXPIRED')", name="upload_state_check"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "video_id"], ["video.tenant_id", "video.id"], name="upload_video_fkey"
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("upload_by_video", "upload", ["tenant_id", "video_id"])
    op.create_index("upload_open", "upload", ["expires_at"], postgresql_where=sa.text("state = 'OPEN'"))


def create_encode_job() -> None:
    op.create_table(
        "encode_job",
        sa.Column("id", sa.Uuid, server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("video_id", sa.Uuid, nullable=False),
        sa.Column("state", sa.String(length=20), server_default="QUEUED", nullable=False),
        sa.Column("attempt", sa.Integer, server_default="0", nullable=False),
        sa.Column("failures", sa.Integer, server_default="0", nullable=False),
        sa.Column("worker", sa.Text, nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("progress_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("step", sa.String(length=20), server_default="", nullable=False),
        sa.Column("step_percent", sa.Integer, server_default="0", nullable=False),
        sa.Column("percent", sa.Integer, server_default="0", nullable=False),
        sa.Column("remaining_seconds", sa.Integer, nullable=True),
        sa.Column("checkpoint", JSONB, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("error_code", sa.String(length=50), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("swept_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("encode_seconds", sa.Numeric(precision=12, scale=3), server_default="0", nullable=False),
        sa.Column("correlation_id", sa.Text, nullable=False),
        sa.CheckConstraint(
            "state IN ('QUEUED', 'RUNNING', 'RETRY_WAIT', 'SUCCEEDED', 'FAILED', 'DEAD', 'CANCELLED')",
            name="encode_job_state_check",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "video_id"], ["video.tenant_id", "video.id"], name="encode_job_video_fkey"
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "encode_job_active_key",
        "encode_job",
        ["video_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('QUEUED', 'RUNNING', 'RETRY_WAIT')"),
    )
    op.create_index("encode_job_by_video", "encode_job", ["tenant_id", "video_id", "created_at"])
    op.create_index(
        "encode_job_due",
        "encode_job",
        ["due_at"],
        postgresql_where=sa.text("state IN ('QUEUED', 'RETRY_WAIT')"),
    )
    op.create_index(
        "encode_job_running", "encode_job", ["tenant_id"], postgresql_where=sa.text("state = 'RUNNING'")
    )
    op.create_index(
        "encode_job_unswept",
        "encode_job",
        ["ended_at"],
        postgresql_where=sa.text("ended_at IS NOT NULL AND swept_at IS NULL"),
    )


def create_video_access() -> None:
    op.create_table(
        "video_access",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("video_id", sa.Uuid, nullable=False),
        sa.Column("enrollment_id", sa.Uuid, nullable=False),
        sa.Column("student_id", sa.Uuid, nullable=False),
        sa.Column("mode", sa.String(length=20), nullable=True),
        sa.Column("allow_skip", sa.Boolean, nullable=True),
        sa.Column("max_speed", sa.Numeric(precision=3, scale=2), nullable=True),
        sa.Column("show_watermark", sa.Boolean, nullable=True),
        sa.Column("set_by", sa.Text, nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "mode IN ('FREE_REVIEW', 'PROCTORED_CLASS', 'BLOCKED')", name="video_access_mode_check"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "video_id"], ["video.tenant_id", "video.id"], name="video_access_video_fkey"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "video_id", "enrollment_id"),
    )


def create_video_progress() -> None:
    op.create_table(
        "video_progress",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("video_id", sa.Uuid, nullable=False),
        sa.Column("enrollment_id", sa.Uuid, nullable=False),
        sa.Column("student_id", sa.Uuid, nullable=False),
        sa.Column("position_ms", sa.BigInteger, server_default="0", nullable=False),
        sa.Column("max_watched_ms", sa.BigInteger, server_default="0", nullable=False),
        sa.Column("watched_ms", sa.BigInteger, server_default="0", nullable=False),
        sa.Column("progress", sa.Numeric(precision=5, scale=4), server_default="0", nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proctored_completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("progress BETWEEN 0 AND 1", name="video_progress_check"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "video_id"], ["video.tenant_id", "video.id"], name="video_progress_video_fkey"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "video_id", "enrollment_id"),
    )
    op.create_index("video_progress_by_student", "video_progress", ["tenant_id", "student_id"])


def create_playback_session() -> None:
    op.create_table(
        "playback_session",
        sa.Column("id", sa.Uuid, server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("video_id", sa.Uuid, nullable=False),
        sa.Column("enrollment_id", sa.Uuid, nullable=False),
        sa.Column("student_id", sa.Uuid, nullable=False),
        sa.Column("device_id", sa.String(length=100), nullable=False),
        sa.Column("mode", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="ACTIVE", nullable=False),
        sa.Column("policy_version", sa.Integer, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "heartbeat_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("event_count", sa.Integer, server_default="0", nullable=False),
        sa.Column("violation_count", sa.Integer, server_default="0", nullable=False),
        sa.CheckConstraint(
            "mode IN ('FREE_REVIEW', 'PROCTORED_CLASS', 'BLOCKED')", name="playback_session_mode_check"
        ),
        sa.CheckConstraint(
            "state IN ('ACTIVE', 'ENDED', 'REVOKED', 'EXPIRED')", name="playback_session_state_check"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "video_id"], ["video.tenant_id", "video.id"], name="playback_session_video_fkey"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant_id", "id", name="playback_session_tenant_key"),
    )
    op.create_index(
        "playback_session_active",
        "playback_session",
        ["expires_at"],
        postgresql_where=sa.text("state = 'ACTIVE'"),
    )
    op.create_index(
        "playback_session_by_student", "playback_session", ["tenant_id", "student_id", "video_id"]
    )


def create_playback_event() -> None:
    op.create_table(
        "playback_event",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("session_id", sa.Uuid, nullable=False),
        sa.Column("client_id", sa.Integer, nullable=False),
        sa.Column("video_id", sa.Uuid, nullable=False),
        sa.Column("enrollment_id", sa.Uuid, nullable=False),
        sa.Column("student_id", sa.Uuid, nullable=False),
        sa.Column("type", sa.String(length=30), nullable=False),
        sa.Column("violated", sa.Boolean, nullable=False),
        sa.Column("reason", sa.String(length=50), server_default="", nullable=False),
        sa.Column("position_ms", sa.BigInteger, nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "session_id"],
            ["playback_session.tenant_id", "playback_session.id"],
            name="playback_event_session_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "session_id", "client_id"),
    )
    op.create_index("playback_event_by_student", "playback_event", ["tenant_id", "student_id"])
    op.create_index("playback_event_by_video", "playback_event", ["tenant_id", "video_id", "received_at"])


def downgrade() -> None:
    raise NotImplementedError("videos are not thrown away")
