"""Events of the enrollment context."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from contracts.columns import BOOLEAN, INTEGER, INTEGER_OR_NONE, TEXT, TEXT_OR_NONE, Columns
from contracts.registry import EventType


class ImportAccepted(Schema):
    """An uploaded roster waits under `object_key`; `initial_password_hash` is an Argon2id PHC string."""

    job_id = fields.UUID(required=True)
    job_type = fields.String(required=True, validate=validate.Equal("excel_parsing"))
    object_key = fields.String(required=True)
    initial_password_hash = fields.String(required=True, validate=validate.Regexp(r"^\$argon2id\$"))


class RosterParsed(Schema):
    """A chunk of usable roster rows; `dry_run` asks what would happen without writing."""

    job_id = fields.UUID(required=True)
    chunk = fields.Integer(required=True)
    dry_run = fields.Boolean(required=True)
    initial_password_hash = fields.String(required=True)
    rows = Columns(
        {
            "row": INTEGER,
            "name": TEXT,
            "parent_phone": TEXT,
            "student_phone": TEXT_OR_NONE,
            "school": TEXT_OR_NONE,
            "school_type": TEXT_OR_NONE,
            "grade": INTEGER_OR_NONE,
            "gender": TEXT_OR_NONE,
            "school_class": TEXT_OR_NONE,
            "major": TEXT_OR_NONE,
            "memo": TEXT_OR_NONE,
        }
    )


class _ImportEnded(Schema):
    """`lecture_id` is null for an import that registers students and enrolls nobody."""

    job_id = fields.UUID(required=True)
    lecture_id = fields.UUID(required=True, allow_none=True)
    dry_run = fields.Boolean(required=True)
    object_key = fields.String(required=True)


class ImportCompleted(_ImportEnded):
    enrolled_count = fields.Integer(required=True)
    rows_total = fields.Integer(required=True)


class ImportFailed(_ImportEnded):
    error_code = fields.String(required=True)


class EnrollmentChanged(Schema):
    """A batch of enrollments as they now are; a lower `version` than one already seen is stale."""

    enrollments = Columns(
        {
            "enrollment_id": TEXT,
            "lecture_id": TEXT,
            "student_id": TEXT,
            "status": TEXT,
            "version": INTEGER,
            "deleted": BOOLEAN,
        }
    )


class SessionEnrollmentChanged(Schema):
    session_enrollments = Columns(
        {
            "session_id": TEXT,
            "enrollment_id": TEXT,
            "lecture_id": TEXT,
            "student_id": TEXT,
            "version": INTEGER,
            "deleted": BOOLEAN,
        }
    )


EVENTS = (
    EventType("enrollment.import.accepted", ImportAccepted, ("enrollment",)),
    EventType("enrollment.roster.parsed", RosterParsed, ("students",)),
    EventType("enrollment.import.completed", ImportCompleted, ("enrollment", "storage-janitor")),
    EventType("enrollment.import.failed", ImportFailed, ("enrollment", "storage-janitor")),
    EventType("enrollment.enrollment.changed", EnrollmentChanged, ("media",)),
    EventType("enrollment.session_enrollment.changed", SessionEnrollmentChanged, ("media",)),
)
