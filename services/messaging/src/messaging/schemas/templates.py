"""What the template routes take and give."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from servicekit.fields import Choice, Id, StrictSchema, Text
from servicekit.pagination import PageSchema

from messaging.domain.content import Kind
from messaging.domain.messages import Category

CATEGORIES = (
    "default", "signup", "attendance", "lecture", "exam", "assignment", "grades", "clinic", "payment",
    "notice", "community", "staff",
)  # fmt: skip
MAX_TEXT = 2000
MAX_SUBJECT = 40
MAX_VALUE = 500
_PURPOSES = tuple(Category)
_REVIEWS = ["", "PENDING", "APPROVED", "REJECTED"]


class TemplatesQuery(PageSchema):
    category = Choice(*CATEGORIES, load_default=None)


class TemplateChanges(StrictSchema):
    """What a PATCH may set. `purpose`: AD is advertising, and needs consent wherever it is sent."""

    category = Choice(*CATEGORIES)
    name = Text(100)
    purpose = Choice(*_PURPOSES)
    content = Text(MAX_TEXT, multiline=True)
    subject = Text(MAX_SUBJECT, blank=True, allow_none=True)


class NewTemplate(TemplateChanges):
    """The name is unique in the academy."""

    category = Choice(*CATEGORIES, load_default="default")
    name = Text(100, required=True)
    purpose = Choice(*_PURPOSES, load_default=Category.INFO.value)
    content = Text(MAX_TEXT, multiline=True, required=True)
    subject = Text(MAX_SUBJECT, blank=True, allow_none=True, load_default=None)


class TemplateSchema(Schema):
    """`review` is where the Alimtalk template stands at Kakao: not handed in, or as they say."""

    id = fields.UUID(required=True)
    category = fields.String(required=True, metadata={"enum": list(CATEGORIES)})
    name = fields.String(required=True)
    purpose = fields.String(required=True, metadata={"enum": list(_PURPOSES)})
    content = fields.String(required=True)
    subject = fields.String(required=True, allow_none=True)
    review = fields.String(required=True, metadata={"enum": _REVIEWS})
    review_comment = fields.String(required=True, allow_none=True)
    submitted_at = fields.AwareDateTime(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class TemplatesSchema(Schema):
    """Templates by name; `next` is the cursor of the following page."""

    results = fields.List(fields.Nested(TemplateSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class Values(fields.Dict):
    """Up to 50 variables with their values."""

    default_error_messages = {"invalid": "JSON 객체여야 합니다."}  # noqa: RUF012 - declared so by marshmallow

    def __init__(self, **kwargs: Any) -> None:
        few = validate.Length(max=50, error="50개 이하여야 합니다.")
        value = Text(MAX_VALUE, blank=True, multiline=True)
        super().__init__(keys=Text(50), values=value, validate=few, load_default=dict, **kwargs)


class PreviewQuery(StrictSchema):
    """A template, or a text that is none yet."""

    template_id = Id(load_default=None)
    content = Text(MAX_TEXT, multiline=True, load_default=None)
    subject = Text(MAX_SUBJECT, blank=True, load_default="")
    purpose = Choice(*_PURPOSES, load_default=Category.INFO.value)
    variables = Values()
    student_id = Id(load_default=None)

    @validates_schema
    def _one_source(self, data: dict[str, Any], **_: Any) -> None:
        if (data.get("template_id") is None) == (data.get("content") is None):
            raise ValidationError("template_id 또는 content 중 하나만 지정해 주세요.", "content")


class UnsendableSchema(Schema):
    """A character that no phone shows; `position` counts from 0."""

    field = fields.String(required=True)
    position = fields.Integer(required=True)
    character = fields.String(required=True)


class PreviewSchema(Schema):
    """As it leaves. `bytes` in cp949; `kind` is null for what is too long for a text message."""

    text = fields.String(required=True)
    subject = fields.String(required=True, allow_none=True)
    kind = fields.String(required=True, allow_none=True, metadata={"enum": [Kind.SMS, Kind.LMS, None]})
    bytes = fields.Integer(required=True)
    limit = fields.Integer(required=True)
    characters = fields.Integer(required=True)
    variables = fields.List(fields.String(), required=True)
    missing_variables = fields.List(fields.String(), required=True)
    unsendable = fields.List(fields.Nested(UnsendableSchema), required=True)
