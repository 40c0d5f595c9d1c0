"""A lecture's video: its states, keys and limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

GIB = 1 << 30


class VideoStatus(StrEnum):
    """PENDING: being uploaded. UPLOADED: waits for an encoder. PROCESSING: has one. VIEWABLE: the lowest
    rendition plays while the others are made. READY: all of them do. FAILED: see error_code; retry or delete.
    """

    PENDING = "PENDING"
    UPLOADED = "UPLOADED"
    PROCESSING = "PROCESSING"
    VIEWABLE = "VIEWABLE"
    READY = "READY"
    FAILED = "FAILED"

    @property
    def label(self) -> str:
        """The Korean word shown to people."""
        return _LABELS[self]


_LABELS = {
    VideoStatus.PENDING: "업로드 중",
    VideoStatus.UPLOADED: "인코딩 대기",
    VideoStatus.PROCESSING: "인코딩 중",
    VideoStatus.VIEWABLE: "재생 가능 (고화질 준비 중)",
    VideoStatus.READY: "재생 가능",
    VideoStatus.FAILED: "실패",
}

PLAYABLE = frozenset({VideoStatus.VIEWABLE, VideoStatus.READY})

RAW_RETENTION_DAYS = 30
"""Guide section 4: the uploaded original is kept 30 days after READY."""
MAX_VIDEO_BYTES = 20 * GIB
QUOTA_BYTES = 500 * GIB
"""Of an academy's originals and all that was made of them, deleted videos left out."""
RELEASE_AGAIN = timedelta(days=1)
"""When what was asked of the storage-janitor and is not confirmed is asked again."""


@dataclass(frozen=True, slots=True)
class StorageLimits:
    """What an academy may store, and for how long."""

    raw_retention_days: int = RAW_RETENTION_DAYS
    max_video_bytes: int = MAX_VIDEO_BYTES
    quota_bytes: int = QUOTA_BYTES


def raw_key(tenant: str, session_id: UUID, object_id: UUID, extension: str) -> str:
    """Where the uploaded original is (DESIGN.md section 7)."""
    return f"tenants/{tenant}/video/raw/{session_id}/{object_id}.{extension}"


def hls_prefix(tenant: str, video_id: UUID) -> str:
    """All that was ever made of a video; ends in "/", so that it never matches another video's."""
    return f"tenants/{tenant}/video/hls/{video_id}/"


def attempt_prefix(tenant: str, video_id: UUID, job_id: UUID, attempt: int) -> str:
    """What one attempt of one job uploads."""
    return f"{hls_prefix(tenant, video_id)}{job_id}-{attempt}/"
