"""What the routes of playback take and give. Times in a video in seconds."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load
from servicekit.fields import Choice, Data, Id, Moment, StrictBoolean, StrictSchema, Text, Whole, messages
from servicekit.pagination import PageSchema
from servicekit.problem import Problem

from media.domain.progress import RISK_WEIGHTS

MAX_BATCH = 200
_MAX_SECONDS = 14 * 3600


class Seconds(fields.Field[int]):
    """A place in a video: seconds with a fraction, as milliseconds."""

    default_error_messages = messages(invalid="0 이상의 초 단위 숫자여야 합니다.")

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MAX_SECONDS:
            raise self.make_error("invalid")
        return round(value * 1000)


class StudentVideosQuery(PageSchema):
    """Which session (차시); without one all."""

    session = Id(load_default=None)


class Start(StrictSchema):
    """What is watched, for which enrollment, on what: `device_id` is the browser's own, random name."""

    video_id = Id(required=True)
    enrollment_id = Id(required=True)
    device_id = Text(100, required=True)


class Held(StrictSchema):
    """The token of a start."""

    token = Text(2000, required=True)


class Heartbeat(Held):
    """Where the player is."""

    position = Seconds(required=True)


class End(Held):
    """Where the player was, if it still knows."""

    position = Seconds(load_default=None)


class NewEvent(StrictSchema):
    """`client_id`: the player's own number of the event, from 0 on."""

    client_id = Whole(required=True)
    type = Choice(*RISK_WEIGHTS, required=True)
    violated = StrictBoolean(load_default=False)
    reason = Text(50, blank=True, load_default="")
    position = Seconds(required=True)
    occurred_at = Moment(required=True)

    @post_load
    def stored(self, event: dict[str, Any], **_: Any) -> dict[str, Any]:
        """As the table calls it."""
        event["position_ms"] = event.pop("position")
        return event


class Batch(fields.List[Any]):
    """Up to MAX_BATCH events with different client_ids; more are refused before any is looked at."""

    default_error_messages = messages(invalid="1개 이상의 이벤트 목록이어야 합니다.")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(fields.Nested(NewEvent), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list) or not value:
            raise self.make_error("invalid")
        if len(value) > MAX_BATCH:
            detail = f"이벤트는 한 번에 {MAX_BATCH}개까지 보낼 수 있습니다."
            raise Problem("batch_too_large", detail, status=413)
        events: list[Any] = super()._deserialize(value, attr, data, **kwargs) or []
        return list({event["client_id"]: event for event in events}.values())


class Events(Held):
    """What the player noticed."""

    events = Batch(required=True)


class StudentVideoSchema(Schema):
    """`reason`: not_enrolled, no_session_access, video_not_ready, blocked; null when it plays."""

    id = fields.UUID(required=True)
    lecture_id = fields.UUID(required=True)
    lecture_title = fields.String(required=True)
    session_id = fields.UUID(required=True)
    session_title = fields.String(required=True)
    title = fields.String(required=True)
    position = fields.Integer(required=True)
    status = fields.String(required=True)
    duration = fields.Float(required=True)
    enrollment_id = fields.UUID(required=True, allow_none=True)
    student_id = fields.UUID(required=True, allow_none=True)
    can_play = fields.Boolean(required=True)
    access_mode = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    progress = fields.Float(required=True)
    last_position = fields.Float(required=True)
    completed = fields.Boolean(required=True)


class StudentVideosSchema(Schema):
    """A page: new lectures first, in each the last session, its videos in their order; a parent has one entry
    for each child.
    """

    results = fields.List(fields.Nested(StudentVideoSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class SeekSchema(Schema):
    """`mode` free, or bounded_forward up to `limit` (the furthest place watched) and `grace_seconds`."""

    mode = fields.String(required=True)
    limit = fields.Float()
    grace_seconds = fields.Integer()


class PolicySchema(Schema):
    """How one may watch."""

    seek = fields.Nested(SeekSchema, required=True)
    max_speed = fields.Float(required=True)
    watermark = fields.Boolean(required=True)


class WatermarkSchema(Schema):
    """Whose picture it is."""

    user_id = fields.UUID(required=True)


class _AddressesSchema(Schema):
    play_url = fields.String(required=True)
    poster_url = fields.String(required=True, allow_none=True)
    storyboard_url = fields.String(required=True, allow_none=True)
    expires_at = fields.AwareDateTime(required=True)


class PreviewSchema(_AddressesSchema):
    """Signed addresses for staff."""


class PlaybackSchema(_AddressesSchema):
    """`session_id` is null in a review, which nobody monitors. A heartbeat is due every
    `heartbeat_seconds`.
    """

    token = fields.String(required=True)
    title = fields.String(required=True)
    session_id = fields.UUID(required=True, allow_none=True)
    access_mode = fields.String(required=True)
    monitoring_enabled = fields.Boolean(required=True)
    heartbeat_seconds = fields.Integer(required=True)
    policy = fields.Nested(PolicySchema, required=True)
    last_position = fields.Float(required=True)
    duration = fields.Float(required=True)
    watermark = fields.Nested(WatermarkSchema, required=True, allow_none=True)


class CreditSchema(Schema):
    """What was credited: seek back to `position` when `violated`; stop when `session_state` is REVOKED."""

    position = fields.Float(required=True)
    max_watched = fields.Float(required=True)
    progress = fields.Float(required=True)
    completed = fields.Boolean(required=True)
    violated = fields.Boolean(required=True)
    session_state = fields.String(required=True, allow_none=True)


class StoredEventsSchema(Schema):
    """How many were new."""

    stored = fields.Integer(required=True)
    session_state = fields.String(required=True, allow_none=True)
