"""What the routes of the trash take and give."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from eventkit.clock import SEOUL
from marshmallow import Schema, ValidationError, fields, post_load, validate
from servicekit.fields import Choice, Data, Id, Ids, Password, StrictSchema, Text, Whole

from students.schemas.bulk import read_row
from students.schemas.students import MAX_BULK, NewStudentSchema
from students.usecases import records
from students.usecases.conflicts import IDENTITY_MISMATCH, Resolution

REASONS = records.REASONS | {
    "not_found": "학생을 찾을 수 없습니다.",
    "already_deleted": "이미 삭제된 학생입니다.",
    "not_deleted": "삭제된 학생이 아닙니다.",
    "merged": "다른 학생과 합쳐진 기록입니다. 합치기를 취소해 주세요.",
    "active_student_exists": "이름과 학부모 전화번호가 같은 재원생이 있습니다.",
    "same_identity_in_request": "같은 이름과 학부모 전화번호로 먼저 삭제된 학생을 복구했습니다.",
    "legal_hold": "보존 조치된 학생은 영구 삭제할 수 없습니다.",
    "cross_tenant_reference": "다른 학원의 기록과 연결되어 영구 삭제할 수 없습니다. 운영팀에 문의해 주세요.",
    IDENTITY_MISMATCH: "이름과 학부모 전화번호가 삭제된 학생과 다릅니다.",
}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def reason_of(refused: Any) -> str | None:
    """Why, in the words of the academy; None for what was not refused."""
    if refused.code is None:
        return None
    return getattr(refused, "message", None) or REASONS[refused.code]


class Until(fields.Field[datetime]):
    """A future time with its zone, or a date: the end of that day in Seoul."""

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> datetime:
        try:
            if not isinstance(value, str):
                raise ValueError("not text")
            moment = datetime.fromisoformat(value)
            if _DATE.fullmatch(value):
                moment = moment.replace(tzinfo=SEOUL) + timedelta(days=1)
            if moment.tzinfo is None:
                raise ValueError("no time zone")
            moment = moment.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise ValidationError("날짜(YYYY-MM-DD) 또는 시간대가 있는 시각이어야 합니다.") from error
        if not datetime.now(UTC) < moment < datetime(2200, 1, 1, tzinfo=UTC):
            raise ValidationError("지금 이후의 시각이어야 합니다.")
        return moment


class ChosenSchema(StrictSchema):
    """Students to whom something is to be done."""

    ids = Ids(max=MAX_BULK, required=True)


class NewHoldSchema(StrictSchema):
    """A legal hold; without `until` it lasts until it is lifted."""

    reason = Text(500, required=True, multiline=True)
    until = Until(load_default=None, allow_none=True, metadata={"type": "string", "format": "date-time"})


class SkippedSchema(Schema):
    """A student to whom nothing was done, and why."""

    id = fields.UUID(required=True)
    code = fields.String(required=True)
    reason = fields.Function(reason_of, metadata={"type": "string"})


class NotRestoredSchema(SkippedSchema):
    """`conflict_student_id` is the student in the way, where there is one."""

    conflict_student_id = fields.UUID(required=True, allow_none=True)


class DeletedSchema(Schema):
    """How many went to the trash."""

    deleted = fields.Integer(required=True)
    skipped = fields.List(fields.Nested(SkippedSchema), required=True)


class RestoredSchema(Schema):
    """How many came back."""

    restored = fields.Integer(required=True)
    skipped = fields.List(fields.Nested(NotRestoredSchema), required=True)


class PurgedSchema(DeletedSchema):
    """How many are gone for good; each erasure is about up to 500 of them."""

    erasure_ids = fields.List(fields.UUID(), required=True)


class ResolutionSchema(StrictSchema):
    """What to do about one row that met a deleted student: bring that one back, or replace it.

    `student_data` (NewStudent) is read as a row of bulk_create is: what is wrong in it fails that row alone.
    """

    row = Whole(min=1, required=True)
    student_id = Id(required=True)
    action = Choice("restore", "delete", required=True)
    student_data = fields.Raw(required=True, metadata={"type": "object"})

    @post_load
    def _resolution(self, data: dict[str, Any], **_: Any) -> Resolution:
        row = read_row(NewStudentSchema(), data["student_data"], data["row"])
        return Resolution(data["student_id"], data["action"], replace(row, row=data["row"]))


class ResolutionsSchema(StrictSchema):
    """Decisions about rows of a list; `initial_password` is for the students created anew."""

    initial_password = Password(required=True)
    resolutions = fields.List(
        fields.Nested(ResolutionSchema),
        required=True,
        validate=validate.Length(min=1, max=MAX_BULK, error="1건 이상 500건 이하여야 합니다."),
        metadata={"minItems": 1, "maxItems": MAX_BULK},
    )


class ResolutionFailedSchema(Schema):
    """A row that could not be resolved as asked; nothing of it was done."""

    row = fields.Integer(required=True)
    name = fields.String(required=True)
    code = fields.String(required=True)
    error = fields.Function(reason_of, metadata={"type": "string"})


class ResolutionResultSchema(Schema):
    """What became of a row: created, restored or failed."""

    row = fields.Integer(required=True)
    name = fields.String(required=True)
    outcome = fields.String(required=True, metadata={"enum": ["created", "restored", "failed"]})
    student_id = fields.UUID(required=True, allow_none=True)
    code = fields.String(required=True, allow_none=True)
    error = fields.Function(reason_of, metadata={"type": "string"})
    conflict_student_id = fields.UUID(required=True, allow_none=True)


class ResolvedSchema(Schema):
    """One result per row, in the order of the request."""

    created = fields.Integer(required=True)
    restored = fields.Integer(required=True)
    failed = fields.List(fields.Nested(ResolutionFailedSchema), required=True)
    results = fields.List(fields.Nested(ResolutionResultSchema), required=True)
