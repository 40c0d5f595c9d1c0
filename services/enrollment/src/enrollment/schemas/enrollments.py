"""What the enrollment and session enrollment routes take and give."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema
from servicekit.fields import Choice, Id, Ids, StrictSchema, Text, Whole
from servicekit.pagination import MAX_PAGE_SIZE, PageSchema

from enrollment.store.tables import ENROLLMENT_STATUSES

_STATUS = {"enum": list(ENROLLMENT_STATUSES)}


class EnrollmentsQuery(PageSchema):
    """Filters of the roster; `search` finds a part of the student's name.

    A page is as large as it may be unless asked otherwise: a roster must not look complete at 20 or 50
    students (earlier system, failure 9).
    """

    lecture = Id(load_default=None)
    session = Id(load_default=None)
    student = Id(load_default=None)
    status = Choice(*ENROLLMENT_STATUSES, load_default=None)
    search = Text(100, blank=True, load_default="")
    page_size = Whole(min=1, max=MAX_PAGE_SIZE, load_default=MAX_PAGE_SIZE)


class NewEnrollments(StrictSchema):
    """Students to enrol in one lecture, all or none."""

    lecture = Id(required=True)
    students = Ids(required=True)


class EnrollmentChanges(StrictSchema):
    """Student and lecture of an enrollment never change."""

    status = Choice(*ENROLLMENT_STATUSES, required=True)


class EnrollmentSchema(Schema):
    """`enrolled_at` is when the present enrollment began."""

    id = fields.UUID(required=True)
    lecture_id = fields.UUID(required=True)
    lecture_title = fields.String(required=True)
    student_id = fields.UUID(required=True)
    student_name = fields.String(required=True)
    student_phone = fields.String(required=True, allow_none=True)
    parent_phone = fields.String(required=True)
    school = fields.String(required=True, allow_none=True)
    grade = fields.Integer(required=True, allow_none=True)
    status = fields.String(required=True, metadata=_STATUS)
    enrolled_at = fields.AwareDateTime(required=True)


class EnrollmentsSchema(Schema):
    """A page of enrollments by student name; `next` is the cursor of the following one."""

    results = fields.List(fields.Nested(EnrollmentSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class EnrolledSchema(EnrollmentSchema):
    """`already_enrolled`: the student was active in the lecture before, nothing was changed."""

    already_enrolled = fields.Boolean(required=True)


class EnrolledListSchema(Schema):
    """Everybody asked for, by name; complete, so `next` is null."""

    results = fields.List(fields.Nested(EnrolledSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class SessionEnrollmentsQuery(StrictSchema):
    """Complete and unpaginated, therefore of one session, of one enrollment, or of both."""

    session = Id(load_default=None)
    enrollment = Id(load_default=None)

    @validates_schema
    def _bounded(self, data: dict[str, Any], **_: Any) -> None:
        if data["session"] is None and data["enrollment"] is None:
            raise ValidationError("session 또는 enrollment 중 하나는 지정해야 합니다.", "session")


class NewSessionEnrollments(StrictSchema):
    """Active enrollments of the session's lecture to put into the session, all or none."""

    session = Id(required=True)
    enrollments = Ids(required=True)


class SessionEnrollmentSchema(Schema):
    id = fields.UUID(required=True)
    session_id = fields.UUID(required=True)
    enrollment_id = fields.UUID(required=True)
    enrollment_status = fields.String(required=True, metadata=_STATUS)
    student_id = fields.UUID(required=True)
    student_name = fields.String(required=True)
    school = fields.String(required=True, allow_none=True)
    grade = fields.Integer(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)


class SessionEnrollmentsSchema(Schema):
    """By session and student name; complete, so `next` is null."""

    results = fields.List(fields.Nested(SessionEnrollmentSchema), required=True)
    next = fields.String(required=True, allow_none=True)
