"""A preview is a plan: it is carried out row by row as it was shown, or not at all."""

from __future__ import annotations

from itertools import islice
from uuid import UUID

from eventkit.envelope import Event
from eventkit.ids import new_id
from eventkit.uow import UnitOfWork
from servicekit.problem import Problem

from enrollment.domain.imports import FAILURES, PLAN_LIFETIME, JobStatus
from enrollment.domain.plans import changes
from enrollment.store import imports as store
from enrollment.store import plans, rosters
from enrollment.usecases.chunks import Columns, send_rows
from enrollment.usecases.endings import complete_import, fail_import
from enrollment.usecases.imports import GoneError, target_session
from enrollment.usecases.uploads import Accepted

_CHANGES_SHOWN = 100


def accept_plan(uow: UnitOfWork, plan_id: UUID, by: str) -> Accepted:
    """The import that carries a preview out; the one it has already.

    Raises Problem 404, 409 not_a_preview, plan_not_ready, plan_expired, plan_changed (`errors`: row → what).
    """
    plan = store.job_now(uow.conn, plan_id)
    if plan is None:
        raise Problem("not_found")
    _check_ready(plan)
    there = plans.carried_out(uow.conn, plan_id)
    if there is not None:
        return Accepted(there.id, JobStatus(there.status))
    _check_unchanged(uow, plan)
    job = store.NewJob(
        id=new_id(),
        lecture_id=plan.lecture_id,
        session_id=plan.session_id,
        object_key=plan.object_key,
        file_sha256=plan.file_sha256,
        file_name=plan.file_name,
        dry_run=False,
        forced=True,
        requested_by=by,
        correlation_id=uow.cause.correlationid,
        plan_id=plan_id,
    )
    if not store.add_job(uow.conn, uow.tenant, job):
        raise Problem("plan_just_accepted", "다른 사람이 방금 등록을 시작했습니다.", status=409)
    data = {"job_id": str(job.id), "plan_id": str(plan_id)}
    uow.publish("enrollment.plan.accepted", subject=str(job.id), data=data)
    return Accepted(job.id, JobStatus.PENDING)


def _check_ready(plan: store.Job) -> None:
    if not plan.dry_run:
        raise Problem("not_a_preview", "미리 보기가 아닙니다.", status=409)
    if plan.status != JobStatus.DONE:
        raise Problem("plan_not_ready", "미리 보기가 끝난 뒤에 등록할 수 있습니다.", status=409)
    if plan.asked_at - plan.ended_at > PLAN_LIFETIME:
        raise Problem("plan_expired", FAILURES["plan_expired"], status=409)


def _check_unchanged(uow: UnitOfWork, plan: store.Job) -> None:
    planned = plans.planned_rows(uow.conn, plan.id)
    students = [row.student_id for row in planned if row.student_id is not None]
    active = (
        rosters.active_students(uow.conn, uow.tenant, plan.lecture_id, students) if plan.lecture_id else set()
    )
    found = changes(planned, plans.students_of(uow.conn, uow.tenant, plan.id), active)
    shown = {str(row): [change] for row, change in islice(found, _CHANGES_SHOWN)}
    if shown:
        detail = "미리 보기 뒤에 학생이나 수강 등록이 바뀌었습니다. 미리 보기를 다시 해 주세요."
        raise Problem("plan_changed", detail, status=409, errors=shown)


def carry_out(uow: UnitOfWork, accepted: Event) -> None:
    """Send the plan's chunks again, each row with how it has to end.

    What changes between the check and a row's turn fails that row (plan_changed) and no other.
    """
    job = store.start_attempt(uow.conn, UUID(accepted.data["job_id"]))
    plan = store.job_now(uow.conn, UUID(accepted.data["plan_id"]))
    if job is None or plan is None:
        return
    try:
        with uow.conn.begin_nested():
            session_id, made = target_session(uow, job, plan.rows_usable)
            plans.copy_rows(uow.conn, plan.id, job.id)
            sent, chunks = _send_again(uow, plan, job)
            if sent != plan.rows_usable:
                raise GoneError("plan_expired")
    except GoneError as error:
        fail_import(uow, job.id, error.code)
        return
    started = store.start_enrolling(
        uow.conn,
        job.id,
        rows_total=plan.rows_total,
        rows_usable=plan.rows_usable,
        chunks=chunks,
        session_id=session_id,
        session_made=made,
    )
    if started is not None and chunks == 0:
        complete_import(uow, started)


def _send_again(uow: UnitOfWork, plan: store.Job, job: store.Job) -> tuple[int, int]:
    """How many rows and chunks were sent."""
    sent = number = 0
    for data in plans.sent_chunks(uow, plan):
        columns: Columns = dict(data["rows"])
        rows = columns["row"]
        expected = plans.expected(uow.conn, plan.id, rows)
        columns["expected"] = [expected[row].expected for row in rows]
        columns["expected_id"] = [expected[row].expected_id for row in rows]
        sent += plans.reopen_rows(uow.conn, job.id, rows)
        number = send_rows(uow, job, data["initial_password_hash"], columns, number)
        uow.progress()
    return sent, number
