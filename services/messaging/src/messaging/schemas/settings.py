"""What the routes of an academy's settings take and give."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema
from servicekit.fields import StrictBoolean, StrictSchema, Text, Whole
from servicekit.pagination import PageSchema

from messaging.schemas.inputs import WORD, ServiceNumber, some_given
from messaging.schemas.money import Won

_MOST_A_DAY = 1_000_000


class InfoChanges(StrictSchema):
    """What a PATCH may set. Prices are the operators' to set."""

    display_name = Text(20, allow_none=True)
    sender = ServiceNumber(allow_none=True)
    kakao_pfid = Text(64, validate=WORD, allow_none=True)
    opt_out_number = ServiceNumber(r"080[0-9]{7,8}", allow_none=True)
    is_active = StrictBoolean()
    daily_cap = Whole(max=_MOST_A_DAY)
    hourly_cap = Whole(max=_MOST_A_DAY)
    low_balance = Whole(max=1_000_000_000)

    @validates_schema
    def _some(self, data: dict[str, Any], **_: Any) -> None:
        some_given(data)


class InfoSchema(Schema):
    """An academy's settings; money in KRW as text."""

    display_name = fields.String(required=True, allow_none=True)
    sender = fields.String(required=True, allow_none=True)
    kakao_pfid = fields.String(required=True, allow_none=True)
    opt_out_number = fields.String(required=True, allow_none=True)
    is_active = fields.Boolean(required=True)
    hold = fields.Boolean(required=True)
    daily_cap = fields.Integer(required=True)
    hourly_cap = fields.Integer(required=True)
    sms_price = Won(required=True)
    lms_price = Won(required=True)
    alimtalk_price = Won(required=True)
    low_balance = Won(required=True)
    credit_balance = Won(required=True)
    updated_at = fields.AwareDateTime(required=True)


class SenderQuery(StrictSchema):
    phone = ServiceNumber(required=True)


class SenderSchema(Schema):
    """A number that the provider knows as one that may be sent from."""

    phone = fields.String(required=True)
    verified_at = fields.AwareDateTime(required=True)


class ChannelSchema(Schema):
    """`shared` is always false: another academy's channel is never used. `message` is Korean."""

    shared = fields.Boolean(required=True)
    ready = fields.Boolean(required=True)
    kakao_pfid = fields.String(required=True, allow_none=True)
    approved_templates = fields.Integer(required=True)
    message = fields.String(required=True)


class HoldSwitch(StrictSchema):
    """`reason` is required to switch it on."""

    hold = StrictBoolean(required=True)
    reason = Text(500, allow_none=True, load_default=None)

    @validates_schema
    def _reasoned(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("hold") and not data.get("reason"):
            raise ValidationError("필수 항목입니다.", "reason")


class HoldSchema(Schema):
    """`held_by` and `held_at` are of the last switch, whichever way."""

    hold = fields.Boolean(required=True)
    reason = fields.String(required=True, allow_none=True, attribute="hold_reason")
    held_by = fields.String(required=True, allow_none=True)
    held_at = fields.AwareDateTime(required=True, allow_none=True)


class TrailQuery(PageSchema):
    """`action` is one word of the trail."""

    action = Text(50, load_default=None)


class TrailEntrySchema(Schema):
    """`subject` is a recipient's fingerprint, a trigger's name, or what was set."""

    at = fields.AwareDateTime(required=True)
    actor = fields.String(required=True)
    action = fields.String(required=True)
    subject = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    details = fields.Dict(required=True)


class TrailSchema(Schema):
    """Newest first; `next` is the cursor of the following page."""

    results = fields.List(fields.Nested(TrailEntrySchema), required=True)
    next = fields.String(required=True, allow_none=True)
