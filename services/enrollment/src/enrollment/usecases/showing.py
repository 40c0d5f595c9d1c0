"""An import as a poll and a stream of events see it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from eventkit.uow import UnitOfWork

from enrollment.domain.imports import JobState, JobStatus, Step, progress
from enrollment.store import exports, plans
from enrollment.store import imports as store


def show(uow: UnitOfWork, job_id: UUID) -> dict[str, Any] | None:
    """As JobSchema has it; None where there is no such import."""
    job = store.job_now(uow.conn, job_id)
    if job is None:
        return None
    workbook = exports.live_workbook(uow.conn, uow.tenant, job_id) if job.ended_at else None
    state = JobState(
        JobStatus(job.status), Step(job.step), job.rows_total, job.rows_done, job.rows_usable, job.parsed_at
    )
    return {
        **job._mapping,
        "job_id": job.id,
        "job_type": "excel_parsing",
        "progress": progress(state, job.asked_at),
        "cancelled": job.cancelled_by is not None,
        "undo": _undo(uow, job) if job.undo_status else None,
        "workbook": workbook.id if workbook else None,
    }


def _undo(uow: UnitOfWork, job: store.Job) -> dict[str, Any]:
    counts = plans.undo_counts(uow.conn, job.id)
    return {
        "status": job.undo_status,
        "undone": counts.undone,
        "kept": counts.kept,
        "requested_by": job.undo_by,
        "requested_at": job.undo_at,
        "ended_at": job.undone_at,
    }
