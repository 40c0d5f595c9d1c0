"""An import is taken back where nobody has changed what it did; what somebody has changed stays, and is told.

Students first: whoever the import created or restored is their service's to take back, and only then the
enrollment. Each step is one transaction and can be done again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from contracts.columns import rows
from eventkit.envelope import Event
from eventkit.trace import Cause
from eventkit.uow import UnitOfWork
from servicekit.problem import Problem
from sqlalchemy import Row

from enrollment.domain.imports import CHUNK_ROWS
from enrollment.store import imports, lectures
from enrollment.store import undo as store
from enrollment.usecases.enrollments import announce_enrollments, announce_session_enrollments
from enrollment.usecases.lectures import remove_unused_session

UNDONE, KEPT = "undone", "kept"


def request_undo(uow: UnitOfWork, job_id: UUID, by: str) -> None:
    """Begin to take an import back, or try again what was kept; one that is under way goes on by itself.

    Raises Problem 404, 409 import_not_ended, is_preview.
    """
    job = store.lock_job(uow.conn, job_id)
    if job is None:
        raise Problem("not_found")
    if job.dry_run:
        raise Problem("is_preview", "미리 보기는 아무것도 바꾸지 않았습니다.", status=409)
    if job.ended_at is None:
        raise Problem("import_not_ended", "가져오기가 끝난 뒤에 되돌릴 수 있습니다.", status=409)
    if job.undo_status == "UNDOING":
        return
    store.begin(uow.conn, job_id, by)
    uow.publish("enrollment.undo.requested", subject=str(job_id), data={"job_id": str(job_id)})


def undo_import(uow: UnitOfWork, requested: Event) -> None:
    """Rows of known students are taken back here at once, the others when their students are."""
    job = store.lock_job(uow.conn, UUID(requested.data["job_id"]))
    if job is None or job.undo_status != "UNDOING":
        return
    _hold(uow, job)
    open_rows = store.open_rows(uow.conn, uow.tenant, job.id)
    touched = [row for row in open_rows if row.touched]
    known = [row for row in open_rows if not row.touched and row.student_outcome == "matched"]
    others = [row for row in open_rows if not row.touched and row.student_outcome != "matched"]
    _reverse(uow, job, [row.enrollment_id for row in known])
    _settle(uow, job, touched, KEPT, "enrollment_changed")
    _settle(uow, job, known, UNDONE, None)
    for number, start in enumerate(range(0, len(others), CHUNK_ROWS)):
        batch = others[start : start + CHUNK_ROWS]
        columns = {"row": [row.row for row in batch], "student_id": [str(row.student_id) for row in batch]}
        data = {"job_id": str(job.id), "chunk": number, "rows": columns}
        uow.publish("enrollment.roster.withdrawn", subject=str(job.id), data=data)
    if not others:
        _finish(uow, job)


def undo_answered(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """The students of these rows are as before, or stay: their enrollments follow."""
    for event in events:
        job = store.lock_job(uow.conn, UUID(event.data["job_id"]))
        if job is None or job.undo_status != "UNDOING":
            continue
        uow.cause = Cause.of(event)
        _hold(uow, job)
        answers = rows(event.data["rows"], "row", "outcome", "code")
        undone = [row for row, outcome, _ in answers if outcome == UNDONE]
        _reverse(uow, job, store.enrollments_of_rows(uow.conn, uow.tenant, job.id, undone))
        columns = [list(column) for column in zip(*answers, strict=True)]
        store.settle(uow.conn, job.id, *columns)
        if not store.open_rows(uow.conn, uow.tenant, job.id):
            _finish(uow, job)
        uow.progress()


def _hold(uow: UnitOfWork, job: imports.Job) -> None:
    """In the order of every other command: the lecture before its enrollments."""
    if job.lecture_id is not None:
        lectures.hold_lecture(uow.conn, uow.tenant, job.lecture_id)


def _settle(uow: UnitOfWork, job: imports.Job, of: Sequence[Row[Any]], end: str, code: str | None) -> None:
    if of:
        store.settle(uow.conn, job.id, [row.row for row in of], [end] * len(of), [code] * len(of))


def _reverse(uow: UnitOfWork, job: imports.Job, enrollment_ids: Sequence[UUID]) -> None:
    if not enrollment_ids:
        return
    left, ended, deleted = store.reverse(uow.conn, uow.tenant, job.id, enrollment_ids)
    announce_session_enrollments(uow, left, deleted=True)
    by_status: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in ended:
        by_status[row.status].append(row)
    for status, group in by_status.items():
        announce_enrollments(uow, job.lecture_id, group, status=status)
    announce_enrollments(uow, job.lecture_id, deleted, status="ACTIVE", deleted=True)


def _finish(uow: UnitOfWork, job: imports.Job) -> None:
    if job.session_made and job.target_session_id is not None:
        remove_unused_session(uow, job.target_session_id)
    store.finish(uow.conn, job.id)
    ends = store.count(uow.conn, job.id)
    data = {"job_id": str(job.id), "undone_count": ends.get(UNDONE, 0), "kept_count": ends.get(KEPT, 0)}
    uow.publish("enrollment.import.undone", subject=str(job.id), data=data)
