"""The second half of an import: students have been found for a chunk of rows, now they are enrolled.

An import without a lecture ends here too: its students are registered, and nobody is enrolled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from contracts.columns import rows
from eventkit.envelope import Event
from eventkit.errors import PermanentError, TransientError
from eventkit.trace import Cause
from eventkit.uow import UnitOfWork

from enrollment.domain.imports import Answer, Settled, has_student, register, settle, without
from enrollment.store import enrollments, lectures, projections, undo
from enrollment.store import imports as store
from enrollment.store.erasure import erased_among
from enrollment.store.rosters import active_students
from enrollment.usecases.chunks import send_next
from enrollment.usecases.endings import complete_import, fail_import
from enrollment.usecases.enrollments import announce_enrollments, announce_session_enrollments


def enroll_resolved(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Enroll the students of answered chunks (students.roster.resolved), job by job.

    A constant number of statements per job, however many rows and chunks are answered at once. Raises
    TransientError when another transaction settled the same rows first, PermanentError for an answer
    that no students service may give.
    """
    by_job: dict[UUID, list[Event]] = {}
    for event in events:
        by_job.setdefault(UUID(event.data["job_id"]), []).append(event)
    for job_id in sorted(by_job):
        job = store.enrolling_job(uow.conn, job_id)
        if job is not None:  # else it has ended: a late answer changes nothing
            uow.cause = Cause.of(by_job[job_id][-1])
            _enroll_job(uow, job, by_job[job_id])
            uow.progress()


def _enroll_job(uow: UnitOfWork, job: store.Job, events: Sequence[Event]) -> None:
    answers, chunks = _waiting_answers(uow, job, events)
    if not answers:
        return
    gone = None if job.dry_run or job.lecture_id is None else _gone(uow, job)
    if gone is not None:
        fail_import(uow, job.id, gone)
        return
    answers = _still_here(uow, job, answers)
    settled = list(_settled(uow, job, answers))
    if store.settle_rows(uow.conn, job.id, settled) != len(settled):
        raise TransientError("rows were settled by another transaction")
    if not job.dry_run:
        projections.remember_students(uow.conn, job.id, {a.row: a.version or 0 for a in answers})
    _move_on(uow, job, rows_now=len(settled), chunks_now=chunks)


def _still_here(uow: UnitOfWork, job: store.Job, answers: Sequence[Answer]) -> list[Answer]:
    """A student purged since the service answered is not brought back: the row fails and names nobody."""
    erased = erased_among(uow.conn, uow.tenant, _students(answers))
    if erased:
        store.forget_people(uow.conn, job.id, [a.row for a in answers if a.student_id in erased])
    return without(answers, erased)


def _settled(uow: UnitOfWork, job: store.Job, answers: Sequence[Answer]) -> Iterator[Settled]:
    if job.lecture_id is None:
        return register(answers)
    students = _students(answers)
    if job.dry_run:
        return settle(answers, active_students(uow.conn, uow.tenant, job.lecture_id, students))
    return settle(answers, _enroll(uow, job, students))


def _students(answers: Sequence[Answer]) -> set[UUID]:
    return {a.student_id for a in answers if has_student(a) and a.student_id is not None}


def _waiting_answers(uow: UnitOfWork, job: store.Job, events: Sequence[Event]) -> tuple[list[Answer], int]:
    """Answers to rows that still wait, in the order of the sheet, and how many chunks they are of."""
    chunks = [list(_answers(event.data["rows"], job.dry_run)) for event in events]
    waiting = store.waiting_rows(uow.conn, job.id, [answer.row for chunk in chunks for answer in chunk])
    answers: dict[int, Answer] = {}
    counted = 0
    for chunk in chunks:
        fresh = {answer.row: answer for answer in chunk if answer.row in waiting}
        counted += not fresh.keys() <= answers.keys()
        answers |= fresh
    return [answers[row] for row in sorted(answers)], counted


def _answers(columns: dict[str, list[Any]], dry_run: bool) -> Iterator[Answer]:
    named = rows(columns, "row", "outcome", "student_id", "code", "version", "candidates")
    for row, outcome, student_id, *rest in named:
        try:
            answer = Answer(row, outcome, UUID(student_id) if student_id else None, *rest)
        except ValueError:
            raise PermanentError("malformed_student_id") from None
        if has_student(answer) and answer.student_id is None and not dry_run:
            raise PermanentError("student_id_missing")
        yield answer


def _gone(uow: UnitOfWork, job: store.Job) -> str | None:
    """What was deleted since the sheet was read; what is there is kept there until this commits."""
    if lectures.hold_lecture(uow.conn, uow.tenant, job.lecture_id) is None:
        return "lecture_gone"
    if lectures.hold_session(uow.conn, uow.tenant, job.target_session_id) is None:
        return "session_gone"
    return None


def _enroll(uow: UnitOfWork, job: store.Job, students: set[UUID]) -> set[UUID]:
    """Students who were in the lecture already; the others are now. All of them are in the session."""
    before = undo.ended_before(uow.conn, uow.tenant, job.lecture_id, students)
    members = enrollments.enrol(uow.conn, uow.tenant, job.lecture_id, students)
    placed = enrollments.session_enrol(
        uow.conn, uow.tenant, job.target_session_id, [member.id for member in members]
    )
    fresh = [member for member in members if not member.was_active]
    undo.remember(uow.conn, uow.tenant, job.id, members, before, placed)
    announce_enrollments(uow, job.lecture_id, fresh, status="ACTIVE")
    announce_session_enrollments(uow, placed)
    return {member.student_id for member in members if member.was_active}


def _move_on(uow: UnitOfWork, job: store.Job, *, rows_now: int, chunks_now: int) -> None:
    """Counters last: other chunks of the job wait here only, and the last one in finds all rows settled."""
    counted = store.count_progress(uow.conn, job.id, rows=rows_now, chunks=chunks_now)
    if counted is None:
        raise TransientError("the import ended meanwhile")
    send_next(uow, job.id, chunks_now)
    if counted.chunks_done == counted.chunks_total:
        complete_import(uow, counted)
