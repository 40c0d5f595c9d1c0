"""What of a video leaves the bucket, and when; its keys are the media service's (DESIGN.md section 7)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

LAST_LOOK = timedelta(days=1)
"""After this, a deleted video's objects are looked for once more: an encoder that had not heard of the
deletion, or an upload link that was still alive, may have written after they were gone.
"""
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class VideoState(StrEnum):
    """What the newest event said of a video."""

    UPLOADED = "uploaded"
    READY = "ready"
    FAILED = "failed"
    DELETED = "deleted"


class Kind(StrEnum):
    """VIDEO: the original and everything under the HLS prefix. RAW: the original alone."""

    VIDEO = "video"
    RAW = "raw"


class DeletionState(StrEnum):
    """FAILED: tried again at its due time. WITHDRAWN: the original is needed again, nothing is deleted."""

    PLANNED = "planned"
    ATTEMPTING = "attempting"
    FAILED = "failed"
    DONE = "done"
    WITHDRAWN = "withdrawn"


PENDING = (DeletionState.PLANNED, DeletionState.ATTEMPTING, DeletionState.FAILED)


class Standing(StrEnum):
    """UNCONFIRMED: the events that would confirm a release have not arrived (yet)."""

    HOLDS = "holds"
    WITHDRAWN = "withdrawn"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True)
class Known:
    """A video as its newest event left it; `version` is that event's id (UUIDv7: later is greater)."""

    state: VideoState
    version: UUID
    raw_key: str | None
    raw_expires_at: datetime | None


def hls_prefix(tenant: str, video_id: UUID) -> str:
    """Ends in "/": without it `…/12` would take `…/123` along."""
    return f"tenants/{tenant}/video/hls/{video_id}/"


def is_original(tenant: str, key: str) -> bool:
    """Whether the key is of one uploaded original of this academy."""
    pattern = rf"tenants/{re.escape(tenant)}/video/raw/{_UUID}/{_UUID}\.[a-z0-9]{{1,10}}"
    return re.fullmatch(pattern, key) is not None


def standing(raw_key: str, released_by: UUID, known: Known | None, now: datetime) -> Standing:
    """Whether the event `released_by` still lets the original `raw_key` of a READY video go.

    What a later event says counts instead: the video is encoded anew, or is kept until another time.
    """
    if known is None or known.raw_key != raw_key:
        return Standing.UNCONFIRMED
    if known.state is VideoState.DELETED:
        return Standing.HOLDS
    if known.version < released_by:
        return Standing.HOLDS if known.state is VideoState.READY else Standing.UNCONFIRMED
    expires = known.raw_expires_at if known.state is VideoState.READY else None
    return Standing.HOLDS if expires is not None and expires <= now else Standing.WITHDRAWN
