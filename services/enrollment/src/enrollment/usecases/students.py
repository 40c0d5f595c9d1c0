"""Students are another context's: here is what their changes mean for enrollments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from contracts.columns import concat, rows
from eventkit.envelope import Event
from eventkit.projection import project
from eventkit.uow import UnitOfWork

from enrollment.store import projections
from enrollment.store.tables import student_ref
from enrollment.usecases.enrollments import EnrollmentRow, announce_enrollments


def follow_students(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Remember the newest version of each student; a deleted one's enrollments end and stay so.

    Restoring a student never enrolls again (earlier system, failure 6).
    """
    project(uow, student_ref, concat(event.data["students"] for event in events))
    deleted_at = {
        UUID(student_id): event.time
        for event in sorted(events, key=lambda event: event.time)
        for student_id, deleted in rows(event.data["students"], "student_id", "deleted")
        if deleted
    }
    if not deleted_at:
        return
    ended = projections.end_enrollments(uow.conn, uow.tenant, list(deleted_at), list(deleted_at.values()))
    by_lecture: dict[UUID, list[EnrollmentRow]] = defaultdict(list)
    for row in ended:
        by_lecture[row.lecture_id].append(row)
    for lecture_id, left in by_lecture.items():
        announce_enrollments(uow, lecture_id, left, status="INACTIVE")
