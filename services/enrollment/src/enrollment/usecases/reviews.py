"""Rows that could be several students: a person says which, a new one or none, and the import goes on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from contracts.enrollment import ROSTER_ROW
from eventkit.envelope import Event
from eventkit.uow import UnitOfWork
from servicekit.problem import Problem

from enrollment.domain.imports import REASONS, JobStatus, Outcome
from enrollment.store import imports as store
from enrollment.store import plans, undo
from enrollment.usecases.chunks import Columns, send_rows
from enrollment.usecases.endings import complete_import

PICK, CREATE, SKIP = "pick", "create", "skip"
Decision = Mapping[str, Any]
"""row, action (PICK | CREATE | SKIP), student_id (of a PICK)."""


def review(uow: UnitOfWork, job_id: UUID, decisions: Sequence[Decision]) -> None:
    """The import is RUNNING until these rows have ended; its counts are then told anew.

    Raises Problem 404, 409 not_waiting_for_review, 422 unknown_rows, not_a_candidate.
    """
    job = undo.lock_job(uow.conn, job_id)
    if job is None:
        raise Problem("not_found")
    if job.status != JobStatus.DONE or job.dry_run or job.undo_status is not None:
        raise Problem("not_waiting_for_review", "확인을 기다리는 가져오기가 아닙니다.", status=409)
    waiting = plans.waiting_for_review(uow.conn, job_id, [one["row"] for one in decisions])
    _check(decisions, waiting)
    skipped = [one["row"] for one in decisions if one["action"] == SKIP]
    if skipped:
        code = "skipped_by_person"
        plans.end_rows(uow.conn, job_id, skipped, Outcome.SKIPPED, code, REASONS[code])
    decided = [one for one in decisions if one["action"] != SKIP]
    plans.reopen_rows(uow.conn, job_id, [one["row"] for one in decided])
    again = plans.go_on(uow.conn, job_id, rows=len(decided))
    if not decided:
        complete_import(uow, again)
        return
    columns = {
        "row": [one["row"] for one in decided],
        "decision": [one["action"] for one in decided],
        "decided_id": [str(one["student_id"]) if one["action"] == PICK else None for one in decided],
    }
    data = {"job_id": str(job_id), "decisions": columns}
    uow.publish("enrollment.rows.reviewed", subject=str(job_id), data=data)


def _check(decisions: Iterable[Decision], waiting: Mapping[int, set[UUID]]) -> None:
    strangers = [one["row"] for one in decisions if one["row"] not in waiting]
    if strangers:
        raise Problem(
            "unknown_rows",
            f"확인을 기다리는 행이 아닌 행 {len(strangers)}개가 있어 아무것도 바꾸지 않았습니다.",
            status=422,
            errors={"decisions": {str(row): ["확인을 기다리는 행이 아닙니다."] for row in strangers}},
        )
    wrong = [
        one["row"]
        for one in decisions
        if one["action"] == PICK and one["student_id"] not in waiting[one["row"]]
    ]
    if wrong:
        raise Problem(
            "not_a_candidate",
            "고를 수 있는 학생이 아닌 학생이 있어 아무것도 바꾸지 않았습니다.",
            status=422,
            errors={"decisions": {str(row): ["이 행의 후보가 아닙니다."] for row in wrong}},
        )


def send_reviewed(uow: UnitOfWork, reviewed: Event) -> None:
    """Send the rows again as they were read, each with its decision; rows that are kept no more fail."""
    job = store.enrolling_job(uow.conn, UUID(reviewed.data["job_id"]))
    if job is None:
        return
    decisions = reviewed.data["decisions"]
    wanted = {row: at for at, row in enumerate(decisions["row"])}
    hash_, columns = _as_sent(uow, job, set(wanted))
    lost = sorted(wanted.keys() - set(columns["row"]))
    if lost:
        code = "review_expired"
        plans.end_rows(uow.conn, job.id, lost, Outcome.FAILED, code, REASONS[code])
    for name in ("decision", "decided_id"):
        columns[name] = [decisions[name][wanted[row]] for row in columns["row"]]
    first = job.chunks_total
    chunks = send_rows(uow, job, hash_, columns, first, at_once=True) - first if columns["row"] else 0
    now = plans.expect_chunks(uow.conn, job.id, chunks - 1)
    if lost:
        counted = store.count_progress(uow.conn, job.id, rows=len(lost), chunks=0)
        if counted is not None and now.chunks_total == counted.chunks_done:
            complete_import(uow, counted)


def _as_sent(uow: UnitOfWork, job: store.Job, rows: set[int]) -> tuple[str, Columns]:
    """The password's hash, and these rows as they left for the students service the first time."""
    hash_ = ""
    columns: Columns = {name: [] for name in ROSTER_ROW}
    for data in plans.sent_chunks(uow, job):
        hash_ = data["initial_password_hash"]
        mine = [at for at, row in enumerate(data["rows"]["row"]) if row in rows]
        for name, cells in columns.items():
            cells += [data["rows"][name][at] for at in mine]
    return hash_, columns
