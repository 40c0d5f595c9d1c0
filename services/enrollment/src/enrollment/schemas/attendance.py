"""What the attendance routes take and give."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from servicekit.fields import Choice, Id, Ids, StrictBoolean, StrictSchema, Text

from enrollment.domain.attendance import AttendanceStatus
from enrollment.schemas.lectures import LectureSchema, SessionSchema
from enrollment.store.tables import ENROLLMENT_STATUSES

_STATUS = {"enum": list(AttendanceStatus)}


class AttendanceQuery(StrictSchema):
    session = Id(required=True)


class MatrixQuery(StrictSchema):
    lecture = Id(required=True)


class NewAttendance(StrictSchema):
    """Students to enrol in the session's lecture and put into the session, all or none."""

    session = Id(required=True)
    students = Ids(required=True)


class AttendanceChanges(StrictSchema):
    """What is left out stays as it is. SECESSION (퇴원) ends the enrollment and needs the confirmation."""

    status = Choice(*AttendanceStatus)
    memo = Text(1000, blank=True, multiline=True)
    confirm_secession = StrictBoolean(load_default=False)


class AttendanceSchema(Schema):
    """`recorded_at` is when the status was set, null while UNSET."""

    id = fields.UUID(required=True)
    session_id = fields.UUID(required=True)
    enrollment_id = fields.UUID(required=True)
    student_id = fields.UUID(required=True)
    student_name = fields.String(required=True)
    status = fields.String(required=True, metadata=_STATUS)
    status_label = fields.Function(
        lambda row: AttendanceStatus(row["status"]).label, metadata={"type": "string"}
    )
    memo = fields.String(required=True)
    recorded_at = fields.AwareDateTime(required=True, allow_none=True)


class AttendanceListSchema(Schema):
    """By student name; complete, so `next` is null."""

    results = fields.List(fields.Nested(AttendanceSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class BulkChanges(StrictSchema):
    """Without `attendances` everybody in the session; `only_unset` leaves alone what has been recorded."""

    session = Id(required=True)
    status = Choice(*AttendanceStatus, required=True)
    attendances = Ids(load_default=None)
    only_unset = StrictBoolean(load_default=False)
    confirm_secession = StrictBoolean(load_default=False)


class BulkChangeSchema(Schema):
    """`terminal` marks are SECESSION and stay; `undo_token` is null where nothing changed, or for good."""

    changed = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    terminal = fields.Integer(required=True)
    undo_token = fields.String(required=True, allow_none=True)
    results = fields.List(fields.Nested(AttendanceSchema), required=True)


class BulkUndo(StrictSchema):
    """What a bulk change answered, within 10 minutes."""

    undo_token = Text(500_000, required=True)


class MarkSchema(Schema):
    """One cell of the matrix."""

    attendance_id = fields.UUID(required=True)
    status = fields.String(required=True, metadata=_STATUS)
    memo = fields.String(required=True)


class Marks(fields.Dict):
    """{session id: mark} as the database folded it; 30,000 cells one by one would take a second."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return value


class MatrixStudentSchema(Schema):
    """A row of the matrix; a session that the student is not in has no key in `attendance`."""

    student_id = fields.UUID(required=True)
    enrollment_id = fields.UUID(required=True)
    enrollment_status = fields.String(required=True, metadata={"enum": list(ENROLLMENT_STATUSES)})
    name = fields.String(required=True, attribute="student_name")
    student_phone = fields.String(required=True, allow_none=True)
    parent_phone = fields.String(required=True)
    attendance = Marks(keys=fields.UUID(), values=fields.Nested(MarkSchema), required=True)


class MatrixSchema(Schema):
    """Sessions in their order, students by name; complete."""

    lecture = fields.Nested(LectureSchema, required=True)
    sessions = fields.List(fields.Nested(SessionSchema), required=True)
    students = fields.List(fields.Nested(MatrixStudentSchema), required=True)
