"""Events of the students context."""

from __future__ import annotations

from marshmallow import Schema, fields

from contracts.columns import BOOLEAN, INTEGER, INTEGER_OR_NONE, TEXT, TEXT_OR_NONE, Columns
from contracts.registry import EventType


class RosterResolved(Schema):
    """What became of each row of a parsed chunk.

    `outcome` is created | matched | restored | needs_review | failed; `student_id` is null where
    there is none (review, failure, or a dry run that would create); `code` says why; `version` is the
    student's own for those just written, whose students.student.changed follows.
    """

    job_id = fields.UUID(required=True)
    chunk = fields.Integer(required=True)
    rows = Columns(
        {"row": INTEGER, "outcome": TEXT, "student_id": TEXT_OR_NONE, "code": TEXT_OR_NONE},
        optional={"version": INTEGER_OR_NONE},
    )


class StudentChanged(Schema):
    """A batch of students as they now are; a lower `version` than one already seen is stale."""

    students = Columns(
        {
            "student_id": TEXT,
            "version": INTEGER,
            "name": TEXT,
            "parent_phone": TEXT,
            "student_phone": TEXT_OR_NONE,
            "school": TEXT_OR_NONE,
            "grade": INTEGER_OR_NONE,
            "deleted": BOOLEAN,
        }
    )


EVENTS = (
    EventType("students.roster.resolved", RosterResolved, ("enrollment",)),
    EventType("students.student.changed", StudentChanged, ("enrollment", "messaging")),
)
