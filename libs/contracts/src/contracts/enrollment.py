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


INSTRUCTIONS = ("decision", "decided_id", "expected", "expected_id")


class RosterParsed(Schema):
    """A chunk of a roster's usable rows was read, at most 1,000 rows and 200 KB.

    `dry_run` asks what would happen without writing. `decision` is what a person said of a row of several
    candidates: pick (`decided_id`) or create. `expected` is how a plan said that the row ends, with whom.
    """

    job_id = fields.UUID(required=True)
    chunk = fields.Integer(required=True)
    dry_run = fields.Boolean(required=True)
    initial_password_hash = fields.String(required=True)
    rows = Columns(ROSTER_ROW, optional=dict.fromkeys(INSTRUCTIONS, TEXT_OR_NONE))


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


class PlanAccepted(Schema):
    """A preview is to be carried out as the import `job_id`, row by row as it was planned."""

    job_id = fields.UUID(required=True)
    plan_id = fields.UUID(required=True)


class RowsReviewed(Schema):
    """A person has decided about rows of an import that ended with several candidates."""

    job_id = fields.UUID(required=True)
    decisions = Columns({"row": INTEGER, "decision": TEXT, "decided_id": TEXT_OR_NONE})


class UndoRequested(Schema):
    """An import is to be taken back."""

    job_id = fields.UUID(required=True)


class RosterWithdrawn(Schema):
    """Students of an import that is taken back: those it created or restored, at most 1,000 per event."""

    job_id = fields.UUID(required=True)
    chunk = fields.Integer(required=True)
    rows = Columns({"row": INTEGER, "student_id": TEXT})


class ImportUndone(Schema):
    """An import was taken back, but for the rows that somebody had changed since."""

    job_id = fields.UUID(required=True)
    undone_count = fields.Integer(required=True)
    kept_count = fields.Integer(required=True)


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
    EventType("enrollment.enrollment.changed", EnrollmentChanged, ("media", "messaging")),
    EventType("enrollment.session_enrollment.changed", SessionEnrollmentChanged, ("media",)),
    EventType("enrollment.session.changed", SessionChanged, ("media",)),
    EventType("enrollment.plan.accepted", PlanAccepted, ("enrollment",)),
    EventType("enrollment.rows.reviewed", RowsReviewed, ("enrollment",)),
    EventType("enrollment.undo.requested", UndoRequested, ("enrollment",)),
    EventType("enrollment.roster.withdrawn", RosterWithdrawn, ("students",)),
    EventType("enrollment.import.undone", ImportUndone, ()),
    EventType("enrollment.export.requested", ExportRequested, ("enrollment",)),
    EventType("enrollment.export.completed", ExportCompleted, ()),
)
