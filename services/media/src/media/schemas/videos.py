"""What the video routes take and give."""

from __future__ import annotations

from marshmallow import Schema, fields
from servicekit.fields import Choice, Id, StrictBoolean, StrictSchema, Text, Whole
from servicekit.pagination import PageSchema

from media.domain.videos import GIB, VideoStatus
from media.schemas.access import Speed


class VideosQuery(PageSchema):
    """`search` finds a part of the title."""

    session = Id(load_default=None)
    lecture = Id(load_default=None)
    status = Choice(*VideoStatus, load_default=None)
    search = Text(255, blank=True, load_default="")


class VideoChanges(StrictSchema):
    """What a PATCH may set; `position` counts from 1 in the session."""

    title = Text(255)
    session = Id(attribute="session_id")
    position = Whole(min=1, max=10_000)
    allow_skip = StrictBoolean()
    max_speed = Speed()
    show_watermark = StrictBoolean()


class KeepRaw(StrictSchema):
    keep = StrictBoolean(required=True)


class VideoErrorSchema(Schema):
    """`reason` is for people."""

    code = fields.String(required=True)
    reason = fields.String(required=True)


class EncodeProgressSchema(Schema):
    """An encode job that waits or runs; `percent` is of the whole, `step_percent` of the step."""

    state = fields.String(required=True)
    step = fields.String(required=True, allow_none=True)
    step_name = fields.String(required=True)
    step_index = fields.Integer(required=True)
    step_total = fields.Integer(required=True)
    step_percent = fields.Integer(required=True)
    percent = fields.Integer(required=True)
    remaining_seconds = fields.Integer(required=True, allow_none=True)
    failures = fields.Integer(required=True)


class RenditionSchema(Schema):
    """Bandwidths in bit/s."""

    name = fields.String(required=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)
    fps = fields.String(required=True)
    codecs = fields.String(required=True)
    bandwidth = fields.Integer(required=True)
    average_bandwidth = fields.Integer(required=True)
    bytes = fields.Integer(required=True)


class VideoSchema(Schema):
    """A video; `duration` in seconds, `poster_url` signed for the caller. Its original is deleted at
    `raw_expires_at` unless it is kept.
    """

    id = fields.UUID(required=True)
    lecture_id = fields.UUID(required=True)
    lecture_title = fields.String(required=True)
    session_id = fields.UUID(required=True)
    session_title = fields.String(required=True)
    title = fields.String(required=True)
    position = fields.Integer(required=True)
    status = fields.String(required=True, metadata={"enum": list(VideoStatus)})
    label = fields.String(required=True)
    playable = fields.Boolean(required=True)
    poster_url = fields.String(required=True, allow_none=True)
    error = fields.Nested(VideoErrorSchema, required=True, allow_none=True)
    progress = fields.Nested(EncodeProgressSchema, required=True, allow_none=True)
    duration = fields.Float(required=True, allow_none=True)
    width = fields.Integer(required=True, allow_none=True)
    height = fields.Integer(required=True, allow_none=True)
    renditions = fields.List(fields.Nested(RenditionSchema), required=True)
    hls_bytes = fields.Integer(required=True)
    hls_objects = fields.Integer(required=True)
    raw_bytes = fields.Integer(required=True)
    raw_keep = fields.Boolean(required=True)
    raw_expires_at = fields.AwareDateTime(required=True, allow_none=True)
    raw_released_at = fields.AwareDateTime(required=True, allow_none=True)
    raw_deleted_at = fields.AwareDateTime(required=True, allow_none=True)
    allow_skip = fields.Boolean(required=True)
    max_speed = fields.Float(required=True)
    show_watermark = fields.Boolean(required=True)
    policy_version = fields.Integer(required=True)
    created_by = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)
    ready_at = fields.AwareDateTime(required=True, allow_none=True)


class VideosSchema(Schema):
    """A page of videos; `next` is the cursor of the following one."""

    results = fields.List(fields.Nested(VideoSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class VideoSettingsChanges(StrictSchema):
    """What a PATCH may set."""

    raw_retention_days = Whole(min=1, max=365)
    max_video_bytes = Whole(min=100 << 20, max=100 * GIB)
    quota_bytes = Whole(min=GIB, max=100 << 40)


class VideoSettingsSchema(Schema):
    """An academy's limits; `used_bytes` is what its videos take of `quota_bytes`."""

    raw_retention_days = fields.Integer(required=True)
    max_video_bytes = fields.Integer(required=True)
    quota_bytes = fields.Integer(required=True)
    used_bytes = fields.Integer(required=True)
