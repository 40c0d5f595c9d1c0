"""Events of the enrollment context."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from contracts.columns import BOOLEAN, INTEGER, INTEGER_OR_NONE, TEXT, TEXT_OR_NONE, Columns
from contracts.registry import EventType


class ImportAccepted(Schema):
    """A roster was uploaded and waits under `object_key`.

    `initial_password_hash` is an Argon2id PHC string.
    """

    job_id = fields.UUID(required=True)
    job_type = fields.String(required=True, validate=validate.Equal("excel_parsing"))
    object_key = fields.String(required=True)
    initial_password_hash = fields.String(required=True, validate=validate.Regexp(r"^\$argon2id\$"))


ROSTER_ROW = {
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


class RosterParsed(Schema):
    """A chunk of a roster's usable rows was read, at most 1,000 rows and 200 KB.

    `dry_run` asks what would happen without writing.
    """

    job_id = fields.UUID(required=True)
    chunk = fields.Integer(required=True)
    dry_run = fields.Boolean(required=True)
    initial_password_hash = fields.String(required=True)
    rows = Columns(ROSTER_ROW)


class _ImportEnded(Schema):
    """What both ends of an import say.

    `lecture_id` is null for an import that registers students and enrolls nobody.
    """

    job_id = fields.UUID(required=True)
    lecture_id = fields.UUID(required=True, allow_none=True)
    dry_run = fields.Boolean(required=True)
    object_key = fields.String(required=True)


class ImportCompleted(_ImportEnded):
    """Every row of an import has ended; `object_key` is needed no more."""

    enrolled_count = fields.Integer(required=True)
    rows_total = fields.Integer(required=True)


class ImportFailed(_ImportEnded):
    """An import ended without a result; `error_code` says why."""

    error_code = fields.String(required=True)


class EnrollmentChanged(Schema):
    """Enrollments of one lecture began, changed or ended: as they now are, at most 500 per event.

    A lower `version` than one already seen is stale.
    """

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
    """Students of one lecture joined, left or were marked in sessions: as it now is, at most 500 rows each.

    `attendance` is the mark (AttendanceStatus). A lower `version` than one already seen is stale.
    """

    session_enrollments = Columns(
        {
            "session_id": TEXT,
            "enrollment_id": TEXT,
            "lecture_id": TEXT,
            "student_id": TEXT,
            "version": INTEGER,
            "deleted": BOOLEAN,
        },
        optional={"attendance": TEXT},
    )


class SessionChanged(Schema):
    """Sessions of one lecture were made, changed (also its title) or deleted: as they now are.

    A lower `version` than one already seen is stale.
    """

    sessions = Columns(
        {
            "session_id": TEXT,
            "lecture_id": TEXT,
            "lecture_title": TEXT,
            "title": TEXT,
            "position": INTEGER,
            "version": INTEGER,
            "deleted": BOOLEAN,
        }
    )


class ExportRequested(Schema):
    """Somebody wants a workbook of what there is now; `kind` is attendance | roster | import_results."""

    export_id = fields.UUID(required=True)
    kind = fields.String(required=True)
    target_id = fields.UUID(required=True)


class ExportCompleted(Schema):
    """A workbook waits under `object_key` until it expires."""

    export_id = fields.UUID(required=True)
    kind = fields.String(required=True)
    object_key = fields.String(required=True)
    expires_at = fields.AwareDateTime(required=True)


EVENTS = (
    EventType("enrollment.import.accepted", ImportAccepted, ("enrollment",)),
    EventType("enrollment.roster.parsed", RosterParsed, ("students",)),
    EventType("enrollment.import.completed", ImportCompleted, ("enrollment", "storage-janitor")),
    EventType("enrollment.import.failed", ImportFailed, ("enrollment", "storage-janitor")),
    EventType("enrollment.enrollment.changed", EnrollmentChanged, ("media",)),
    EventType("enrollment.session_enrollment.changed", SessionEnrollmentChanged, ("media",)),
    EventType("enrollment.session.changed", SessionChanged, ("media",)),
    EventType("enrollment.export.requested", ExportRequested, ("enrollment",)),
    EventType("enrollment.export.completed", ExportCompleted, ()),
)
