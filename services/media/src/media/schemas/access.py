"""What the routes of access settings take and give."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from marshmallow import Schema, fields
from servicekit.fields import Choice, Data, StrictBoolean, StrictSchema, messages

from media.domain.access import AccessMode

_SLOWEST, _FASTEST, _STEP = Decimal("0.25"), Decimal("4"), Decimal("0.01")


class Speed(fields.Field[Decimal]):
    """A playback rate: a JSON number from 0.25 to 4 with at most two decimals."""

    default_error_messages = messages(invalid="0.25 이상 4 이하, 소수점 아래 두 자리까지의 숫자여야 합니다.")

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | float) or not _SLOWEST <= value <= _FASTEST:
            raise self.make_error("invalid")
        speed = Decimal(str(value)).quantize(_STEP)
        if speed != Decimal(str(value)):
            raise self.make_error("invalid")
        return speed


class AccessChanges(StrictSchema):
    """What is set for one student in place of the rule; null or absent: as the rule and the video say."""

    mode = Choice(*AccessMode, allow_none=True)
    allow_skip = StrictBoolean(allow_none=True)
    max_speed = Speed(allow_none=True)
    show_watermark = StrictBoolean(allow_none=True)


class OverrideSchema(Schema):
    """What is set; null: as the rule and the video say."""

    mode = fields.String(required=True, allow_none=True)
    allow_skip = fields.Boolean(required=True, allow_none=True)
    max_speed = fields.Float(required=True, allow_none=True)
    show_watermark = fields.Boolean(required=True, allow_none=True)


class AccessSchema(Schema):
    """One student: the mode that follows or the reason of none, and how far the student is."""

    enrollment_id = fields.UUID(required=True)
    student_id = fields.UUID(required=True)
    attendance = fields.String(required=True, allow_none=True)
    access_mode = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    override = fields.Nested(OverrideSchema, required=True, allow_none=True)
    progress = fields.Float(required=True)
    last_position = fields.Float(required=True)
    watched_seconds = fields.Float(required=True)
    completed_at = fields.AwareDateTime(required=True, allow_none=True)
    proctored_completed_at = fields.AwareDateTime(required=True, allow_none=True)


class AccessListSchema(Schema):
    """A page of students."""

    results = fields.List(fields.Nested(AccessSchema), required=True)
    next = fields.String(required=True, allow_none=True)
