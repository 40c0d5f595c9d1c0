"""What estimating and sending take and give."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema
from servicekit.fields import Choice, Id, Ids, Moment, StrictSchema, Text

from messaging.domain.content import Kind
from messaging.domain.messages import Category, Mode
from messaging.schemas.money import Won
from messaging.schemas.templates import MAX_SUBJECT, MAX_TEXT, Values
from messaging.usecases.composing import Ask

MAX_STUDENTS = 10_000
SEND_TO = ("parent", "student")
_CONFIRM = r"[0-9a-f]{96}\Z"


class AskSchema(StrictSchema):
    """A template or a text of its own; `at` null: now; after `not_after` nothing of it leaves any more."""

    student_ids = Ids(required=True, max=MAX_STUDENTS)
    send_to = Choice(*SEND_TO, load_default="parent")
    message_mode = Choice(*Mode, load_default=Mode.SMS.value)
    template_id = Id(load_default=None, allow_none=True)
    raw_body = Text(MAX_TEXT, blank=True, multiline=True, load_default="")
    raw_subject = Text(MAX_SUBJECT, blank=True, load_default="")
    category = Choice("info", "ad", load_default="info")
    variables = Values()
    at = Moment(load_default=None, allow_none=True)
    not_after = Moment(load_default=None, allow_none=True)

    @validates_schema
    def _one_source(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("template_id") and (data.get("raw_body") or data.get("raw_subject")):
            raise ValidationError("template_id와 함께 쓸 수 없습니다.", "raw_body")

    @post_load
    def _ask(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        mode, category = Mode(data.pop("message_mode")), Category(data.pop("category").upper())
        confirm = {"confirm": data.pop("confirm")} if "confirm" in data else {}
        return {"ask": Ask(mode=mode, category=category, **data), **confirm}


class SendSchema(AskSchema):
    """What the estimate was asked for, and its `confirm`."""

    confirm = Text(
        96, required=True, validate=validate.Regexp(_CONFIRM, error="미리보기의 confirm 값이어야 합니다.")
    )


class SkippedSchema(Schema):
    """Who gets nothing, and why; at most 100 of the `students` are named."""

    code = fields.String(required=True)
    reason = fields.String(required=True)
    count = fields.Integer(required=True)
    students = fields.List(fields.UUID(), required=True)


class DeferredSchema(Schema):
    """Who gets it later, and when."""

    code = fields.String(required=True)
    reason = fields.String(required=True)
    count = fields.Integer(required=True)
    until = fields.AwareDateTime(required=True)


class CountsSchema(Schema):
    """`students` were asked for, `messages` leave; `shared`: whose number another student's reaches."""

    students = fields.Integer(required=True)
    messages = fields.Integer(required=True)
    shared = fields.Integer(required=True)
    skipped = fields.List(fields.Nested(SkippedSchema), required=True)
    deferred = fields.List(fields.Nested(DeferredSchema), required=True)


class KindSchema(Schema):
    """Messages of one kind; `fallback_price` of the text message that a failed Alimtalk becomes."""

    kind = fields.String(required=True, metadata={"enum": list(Kind)})
    count = fields.Integer(required=True)
    price = Won(required=True)
    fallback_price = Won(required=True, allow_none=True)
    amount = Won(required=True)
    amount_at_most = Won(required=True)


class PausedSchema(Schema):
    code = fields.String(required=True)
    reason = fields.String(required=True)


class SampleSchema(Schema):
    """One of the messages, as it leaves."""

    text = fields.String(required=True)
    subject = fields.String(required=True, allow_none=True)


class EstimatedSchema(Schema):
    """`price_at_most` is what is reserved; `paused`: what is queued waits for the academy's own switch."""

    counts = fields.Nested(CountsSchema, required=True)
    kinds = fields.List(fields.Nested(KindSchema), required=True)
    price = Won(required=True)
    price_at_most = Won(required=True)
    balance = Won(required=True)
    balance_after = Won(required=True)
    sufficient = fields.Boolean(required=True)
    paused = fields.Nested(PausedSchema, required=True, allow_none=True)
    sample = fields.Nested(SampleSchema, required=True, allow_none=True)


class EstimateSchema(EstimatedSchema):
    """`confirm` sends exactly this, once."""

    confirm = fields.String(required=True)


class SentSchema(EstimatedSchema):
    """Queued as estimated; what becomes of it is in the batch."""

    batch_id = fields.UUID(required=True)
