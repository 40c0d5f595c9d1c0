"""Events of the media context."""

from __future__ import annotations

from marshmallow import Schema, fields

from contracts.registry import EventType


class _OfVideo(Schema):
    """What every event of a video says."""

    video_id = fields.UUID(required=True)
    lecture_id = fields.UUID(required=True)
    session_id = fields.UUID(required=True)


class VideoUploaded(_OfVideo):
    """A video's original is complete in the bucket and waits for an encoder; also when it is encoded anew."""

    raw_key = fields.String(required=True)
    raw_bytes = fields.Integer(required=True)


class VideoReady(_OfVideo):
    """A video plays in every rendition; its original may go at `raw_expires_at` (null: it is kept)."""

    duration_ms = fields.Integer(required=True)
    hls_prefix = fields.String(required=True)
    hls_bytes = fields.Integer(required=True)
    raw_key = fields.String(required=True)
    raw_expires_at = fields.AwareDateTime(required=True, allow_none=True)
    title = fields.String()
    lecture_title = fields.String()


class VideoFailed(_OfVideo):
    """No encoder can make this video playable; `error_code` says why."""

    error_code = fields.String(required=True)


class VideoDeleted(_OfVideo):
    """A video was deleted: its original and everything under `hls_prefix` (ends in "/") is needed no more."""

    raw_key = fields.String(required=True)
    hls_prefix = fields.String(required=True)


class RawExpired(_OfVideo):
    """The retention of a READY video's original has ended: `raw_key` is needed no more."""

    raw_key = fields.String(required=True)


EVENTS = (
    EventType("media.video.uploaded", VideoUploaded, ("storage-janitor",)),
    EventType("media.video.ready", VideoReady, ("messaging", "storage-janitor")),
    EventType("media.video.failed", VideoFailed, ("storage-janitor",)),
    EventType("media.video.deleted", VideoDeleted, ("storage-janitor",)),
    EventType("media.raw.expired", RawExpired, ("storage-janitor",)),
)
