"""What bulk_create takes and gives: rows are read one by one, so that a bad one fails alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.identity import MAX_NAME
from marshmallow import Schema, ValidationError, fields
from servicekit.fields import Data, Password, StrictSchema, Whole, messages

from students.domain.records import GivenRow
from students.schemas.students import MAX_BULK, NewStudentSchema


class BulkRowSchema(NewStudentSchema):
    """A row of bulk_create; `row` is the number that the answer names it by, else its place from 1."""

    row = Whole(min=1)


class BulkRows(fields.Field[list[GivenRow]]):
    """1 to 500 rows, each a GivenRow whatever it holds."""

    default_error_messages = messages(
        invalid="목록이어야 합니다.", length="1명 이상 {max}명 이하여야 합니다."
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"type": "array", "minItems": 1, "maxItems": MAX_BULK}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> list[GivenRow]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        if not 1 <= len(value) <= MAX_BULK:
            raise self.make_error("length", max=MAX_BULK)
        schema = BulkRowSchema()
        return [read_row(schema, item, at) for at, item in enumerate(value, start=1)]


def read_row(schema: Schema, item: Any, at: int) -> GivenRow:
    """The item at place `at`, or what is wrong with it: code invalid_<field> and a Korean message."""
    given = item if isinstance(item, dict) else {}
    name = given.get("name")
    try:
        values = schema.load(item)
    except ValidationError as error:
        number = at if "row" in error.messages_dict else given.get("row", at)
        shown = name.strip()[:MAX_NAME] if isinstance(name, str) else ""
        return GivenRow(number, shown, None, *_first(schema, error.messages_dict))
    return GivenRow(values.pop("row", at), values["name"], values, None, None)


def _first(schema: Schema, messages: Mapping[str, Any]) -> tuple[str, str]:
    for field in (*schema.fields, *messages):
        if field in messages:
            found = messages[field]
            code = f"invalid_{field}" if field in schema.fields else "invalid_request"
            return code, _text(found)
    return "invalid_request", ""


def _text(message: Any) -> str:
    """The first message, also of a list's item."""
    while not isinstance(message, str):
        message = next(iter(message.values() if isinstance(message, Mapping) else message))
    return message


class BulkSchema(StrictSchema):
    initial_password = Password(required=True)
    students = BulkRows(required=True)


class FailedSchema(Schema):
    """A row that was not stored: why, and who is in its way."""

    row = fields.Integer(required=True)
    name = fields.String(required=True)
    code = fields.String(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)
    conflict_student_id = fields.UUID(required=True, allow_none=True)


class ResultSchema(FailedSchema):
    """What became of one row."""

    outcome = fields.String(required=True, metadata={"enum": ["created", "failed"]})
    student_id = fields.UUID(required=True, allow_none=True)


class BulkResultSchema(Schema):
    """`results` has one item per given row, in order; `failed` those of them that were not stored."""

    created = fields.Integer(required=True)
    failed = fields.List(fields.Nested(FailedSchema), required=True)
    total = fields.Integer(required=True)
    results = fields.List(fields.Nested(ResultSchema), required=True)
