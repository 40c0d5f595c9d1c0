"""Tables of the media schema. Unqualified: every connection's search_path is the service's schema.

Row-level security is on for all of them, so a query without a tenant sees nothing. Sizes are in bytes,
times in a video in milliseconds.
"""

from __future__ import annotations

from typing import Any

from servicekit.columns import listed, one_of, tenant, written_at
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from media.domain.access import AccessMode, SessionState
from media.domain.jobs import ACTIVE, JobState
from media.domain.uploads import UploadKind, UploadState
from media.domain.videos import VideoStatus

metadata = MetaData()

_NOW = text("now()")
_UUID = text("gen_random_uuid()")


def _when(name: str) -> Column[Any]:
    return Column(name, DateTime(timezone=True))


def _of_video(name: str) -> ForeignKeyConstraint:
    """Carries the tenant, so that no row can point into another one."""
    return ForeignKeyConstraint(["tenant_id", "video_id"], ["video.tenant_id", "video.id"], name=name)


# -- what the enrollment service says

enrollment_ref = Table(
    "enrollment_ref",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("enrollment_id", Uuid, primary_key=True),
    Column("lecture_id", Uuid, nullable=False),
    Column("student_id", Uuid, nullable=False),
    Column("status", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Index("enrollment_ref_by_student", "tenant_id", "student_id"),
    Index("enrollment_ref_by_lecture", "tenant_id", "lecture_id"),
)
# `attendance` is the student's mark in that session (ONLINE decides the access mode); null before the first.
session_enrollment_ref = Table(
    "session_enrollment_ref",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("session_id", Uuid, primary_key=True),
    Column("enrollment_id", Uuid, primary_key=True),
    Column("lecture_id", Uuid, nullable=False),
    Column("student_id", Uuid, nullable=False),
    Column("attendance", Text),
    Column("version", BigInteger, nullable=False),
    Column("deleted", Boolean, nullable=False),
)
session_ref = Table(
    "session_ref",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("session_id", Uuid, primary_key=True),
    Column("lecture_id", Uuid, nullable=False),
    Column("lecture_title", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Index("session_ref_by_lecture", "tenant_id", "lecture_id", "position"),
)

# -- videos

# How an academy differs from domain.videos' defaults; no row, no difference.
tenant_setting = Table(
    "tenant_setting",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("raw_retention_days", Integer, nullable=False),
    Column("max_video_bytes", BigInteger, nullable=False),
    Column("quota_bytes", BigInteger, nullable=False),
)

# `master_key` is the one pointer: who plays gets the playlist it names, and all it refers to exists.
video = Table(
    "video",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=_UUID),
    tenant(),
    Column("lecture_id", Uuid, nullable=False),
    Column("session_id", Uuid, nullable=False),
    Column("title", String(255), nullable=False),
    Column("position", Integer, nullable=False),
    Column("status", String(20), nullable=False, server_default=VideoStatus.PENDING.value),
    Column("raw_key", Text, nullable=False),
    Column("raw_bytes", BigInteger, nullable=False, server_default="0"),
    Column("raw_keep", Boolean, nullable=False, server_default=text("false")),
    # set when READY: 30 days later, or what the academy says; null before, so that nothing goes too early
    _when("raw_expires_at"),
    # the storage-janitor was told that it may go; then it cannot be kept any more
    _when("raw_released_at"),
    _when("raw_deleted_at"),
    Column("master_key", Text),
    Column("poster_key", Text),
    Column("storyboard_key", Text),
    Column("hls_bytes", BigInteger, nullable=False, server_default="0"),
    Column("hls_objects", Integer, nullable=False, server_default="0"),
    Column("duration_ms", BigInteger),
    Column("width", Integer),
    Column("height", Integer),
    Column("renditions", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("error_code", String(50)),
    Column("allow_skip", Boolean, nullable=False, server_default=text("false")),
    Column("max_speed", Numeric(3, 2), nullable=False, server_default="1.00"),
    Column("show_watermark", Boolean, nullable=False, server_default=text("true")),
    # raised by every change of who may watch and how: tokens and URLs of the version before die
    Column("policy_version", Integer, nullable=False, server_default="1"),
    Column("created_by", Text, nullable=False),
    written_at("created_at"),
    written_at("updated_at"),
    _when("ready_at"),
    _when("deleted_at"),
    Column("deleted_by", Text),
    # the storage-janitor has confirmed that nothing of a deleted video is left
    _when("cleaned_at"),
    UniqueConstraint("tenant_id", "id", name="video_tenant_key"),
    one_of("status", VideoStatus, "video_status_check"),
    CheckConstraint("max_speed BETWEEN 0.25 AND 4", name="video_speed_check"),
    Index("video_by_session", "tenant_id", "session_id", "position"),
    Index("video_by_lecture", "tenant_id", "lecture_id"),
    Index("video_by_status", "status", postgresql_where=text("deleted_at IS NULL")),
    Index(
        "video_raw_expiring",
        "raw_expires_at",
        postgresql_where=text("raw_deleted_at IS NULL AND NOT raw_keep"),
    ),
    Index(
        "video_uncleaned",
        "deleted_at",
        postgresql_where=text("deleted_at IS NOT NULL AND cleaned_at IS NULL"),
    ),
)

# An upload session: apart from the video, which outlives it. `fingerprint` is the client's name for the file,
# by which the same browser finds its upload again after a reload.
upload = Table(
    "upload",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=_UUID),
    tenant(),
    Column("video_id", Uuid, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("state", String(10), nullable=False, server_default=UploadState.OPEN.value),
    Column("object_key", Text, nullable=False),
    Column("s3_upload_id", Text),
    Column("filename", String(255), nullable=False),
    Column("content_type", String(100), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("part_bytes", BigInteger, nullable=False),
    Column("fingerprint", String(200), nullable=False, server_default=""),
    Column("created_by", Text, nullable=False),
    written_at("created_at"),
    _when("ended_at"),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    _of_video("upload_video_fkey"),
    one_of("kind", UploadKind, "upload_kind_check"),
    one_of("state", UploadState, "upload_state_check"),
    Index("upload_by_video", "tenant_id", "video_id"),
    Index("upload_open", "expires_at", postgresql_where=text("state = 'OPEN'")),
)

# -- encoding

# `attempt` fences: every write of an encoder names the attempt it works for, and a late one finds another.
# `checkpoint` holds what is already uploaded: {rendition name: {prefix, …}}, used by the next attempt.
encode_job = Table(
    "encode_job",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=_UUID),
    tenant(),
    Column("video_id", Uuid, nullable=False),
    Column("state", String(20), nullable=False, server_default=JobState.QUEUED.value),
    Column("attempt", Integer, nullable=False, server_default="0"),
    # tries that count towards the limit: an attempt handed back by a stopping encoder is none
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("worker", Text),
    _when("lease_until"),
    _when("progress_at"),
    Column("step", String(20), nullable=False, server_default=""),
    Column("step_percent", Integer, nullable=False, server_default="0"),
    Column("percent", Integer, nullable=False, server_default="0"),
    Column("remaining_seconds", Integer),
    Column("checkpoint", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("error_code", String(50)),
    written_at("due_at"),
    written_at("created_at"),
    _when("started_at"),
    _when("ended_at"),
    # nothing that it uploaded and that is not needed is left in the bucket
    _when("swept_at"),
    Column("encode_seconds", Numeric(12, 3), nullable=False, server_default="0"),
    Column("correlation_id", Text, nullable=False),
    _of_video("encode_job_video_fkey"),
    one_of("state", JobState, "encode_job_state_check"),
    Index(
        "encode_job_active_key",
        "video_id",
        unique=True,
        postgresql_where=text(f"state IN ({listed(ACTIVE)})"),
    ),
    Index("encode_job_due", "due_at", postgresql_where=text("state IN ('QUEUED', 'RETRY_WAIT')")),
    Index("encode_job_running", "tenant_id", postgresql_where=text("state = 'RUNNING'")),
    Index(
        "encode_job_unswept",
        "ended_at",
        postgresql_where=text("ended_at IS NOT NULL AND swept_at IS NULL"),
    ),
    Index("encode_job_by_video", "tenant_id", "video_id", "created_at"),
)

# -- playback

# What staff has set for one student and one video; null = as the video says.
video_access = Table(
    "video_access",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("video_id", Uuid, primary_key=True),
    Column("enrollment_id", Uuid, primary_key=True),
    Column("student_id", Uuid, nullable=False),
    Column("mode", String(20)),
    Column("allow_skip", Boolean),
    Column("max_speed", Numeric(3, 2)),
    Column("show_watermark", Boolean),
    Column("set_by", Text, nullable=False),
    written_at("set_at"),
    _of_video("video_access_video_fkey"),
    one_of("mode", AccessMode, "video_access_mode_check"),
)

video_progress = Table(
    "video_progress",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("video_id", Uuid, primary_key=True),
    Column("enrollment_id", Uuid, primary_key=True),
    Column("student_id", Uuid, nullable=False),
    Column("position_ms", BigInteger, nullable=False, server_default="0"),
    Column("max_watched_ms", BigInteger, nullable=False, server_default="0"),
    Column("watched_ms", BigInteger, nullable=False, server_default="0"),
    Column("progress", Numeric(5, 4), nullable=False, server_default="0"),
    _when("completed_at"),
    _when("proctored_completed_at"),
    written_at("updated_at"),
    _of_video("video_progress_video_fkey"),
    CheckConstraint("progress BETWEEN 0 AND 1", name="video_progress_check"),
    Index("video_progress_by_student", "tenant_id", "student_id"),
)

playback_session = Table(
    "playback_session",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=_UUID),
    tenant(),
    Column("video_id", Uuid, nullable=False),
    Column("enrollment_id", Uuid, nullable=False),
    Column("student_id", Uuid, nullable=False),
    Column("device_id", String(100), nullable=False),
    Column("mode", String(20), nullable=False),
    Column("state", String(10), nullable=False, server_default=SessionState.ACTIVE.value),
    Column("policy_version", Integer, nullable=False),
    written_at("started_at"),
    written_at("heartbeat_at"),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    _when("ended_at"),
    Column("event_count", Integer, nullable=False, server_default="0"),
    Column("violation_count", Integer, nullable=False, server_default="0"),
    _of_video("playback_session_video_fkey"),
    UniqueConstraint("tenant_id", "id", name="playback_session_tenant_key"),
    one_of("mode", AccessMode, "playback_session_mode_check"),
    one_of("state", SessionState, "playback_session_state_check"),
    Index("playback_session_by_student", "tenant_id", "student_id", "video_id"),
    Index("playback_session_active", "expires_at", postgresql_where=text("state = 'ACTIVE'")),
)

# `client_id` is the player's own number of the event: a repeated batch counts once.
playback_event = Table(
    "playback_event",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("session_id", Uuid, primary_key=True),
    Column("client_id", Integer, primary_key=True),
    Column("video_id", Uuid, nullable=False),
    Column("enrollment_id", Uuid, nullable=False),
    Column("student_id", Uuid, nullable=False),
    Column("type", String(30), nullable=False),
    Column("violated", Boolean, nullable=False),
    Column("reason", String(50), nullable=False, server_default=""),
    Column("position_ms", BigInteger, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    written_at("received_at"),
    ForeignKeyConstraint(
        ["tenant_id", "session_id"],
        ["playback_session.tenant_id", "playback_session.id"],
        name="playback_event_session_fkey",
    ),
    Index("playback_event_by_video", "tenant_id", "video_id", "received_at"),
    Index("playback_event_by_student", "tenant_id", "student_id"),
)
