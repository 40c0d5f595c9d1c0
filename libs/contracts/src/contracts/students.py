"""Events of the students context."""

from __future__ import annotations

from marshmallow import Schema, fields

from contracts.columns import BOOLEAN, INTEGER, INTEGER_OR_NONE, TEXT, TEXT_OR_NONE, Columns
from contracts.registry import EventType
from contracts.services import SERVICES


class RosterResolved(Schema):
    """A chunk of a roster was resolved: the outcome of each row, one event per chunk.

    `outcome` is created | matched | restored | needs_review | failed; `student_id` is null where
    there is none (review, failure, or a dry run that would create); `code` says why; `version` is the
    student's own for those just written, whose students.student.changed follows; `candidates` are the ids,
    comma separated, between which a person has to decide.
    """

    job_id = fields.UUID(required=True)
    chunk = fields.Integer(required=True)
    rows = Columns(
        {"row": INTEGER, "outcome": TEXT, "student_id": TEXT_OR_NONE, "code": TEXT_OR_NONE},
        optional={"version": INTEGER_OR_NONE, "candidates": TEXT_OR_NONE},
    )


class RosterWithdrawn(Schema):
    """What became of the students of an import that is taken back: undone | kept, with a code."""

    job_id = fields.UUID(required=True)
    chunk = fields.Integer(required=True)
    rows = Columns({"row": INTEGER, "outcome": TEXT, "code": TEXT_OR_NONE})


STUDENT = {
    "student_id": TEXT,
    "version": INTEGER,
    "name": TEXT,
    "parent_phone": TEXT,
    "student_phone": TEXT_OR_NONE,
    "school": TEXT_OR_NONE,
    "grade": INTEGER_OR_NONE,
    "deleted": BOOLEAN,
}


class StudentChanged(Schema):
    """Students were created, changed, deleted or restored: as they now are, at most 1,000 rows and 200 KB.

    A lower `version` than one already seen is stale.
    """

    students = Columns(STUDENT)


class StudentPurged(Schema):
    """People were removed for good, at most 500 per event.

    Every service erases what it holds of them and answers with its erasure.completed; names and phones are
    here because rows without a student id are found by them.
    """

    erasure_id = fields.UUID(required=True)
    students = Columns(
        {"student_id": TEXT, "name": TEXT, "parent_phone": TEXT, "student_phone": TEXT_OR_NONE}
    )


class _Merge(Schema):
    """`students` are winner and loser as they now are."""

    merge_id = fields.UUID(required=True)
    winner_id = fields.UUID(required=True)
    loser_id = fields.UUID(required=True)
    students = Columns(STUDENT)


class StudentMerged(_Merge):
    """Two records became one: what the loser had is the winner's now; the loser reads as deleted."""


class StudentUnmerged(_Merge):
    """A merge was taken back: the loser is active again and gets back what the merge moved."""


EVENTS = (
    EventType("students.roster.resolved", RosterResolved, ("enrollment",)),
    EventType("students.roster.withdrawn", RosterWithdrawn, ("enrollment",)),
    EventType("students.student.changed", StudentChanged, ("enrollment", "messaging")),
    EventType("students.student.merged", StudentMerged, ("enrollment", "messaging")),
    EventType("students.student.unmerged", StudentUnmerged, ("enrollment", "messaging")),
    EventType("students.student.purged", StudentPurged, SERVICES),
)
