"""How an import ends: DONE with a result or FAILED with a reason, in one transaction with its event."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from uuid import UUID

from eventkit.envelope import Event
from eventkit.metrics import Metrics
from eventkit.uow import UnitOfWork

from enrollment.domain.imports import FAILURES
from enrollment.metrics import IMPORT_ROWS, IMPORTS
from enrollment.store import chunks, lectures
from enrollment.store import imports as store

log = logging.getLogger(__name__)

_FIGURES = ("enrolled_count", "rows_total")


def complete_import(uow: UnitOfWork, job: store.Job) -> None:
    """All rows have ended: count them, store the result, say so. Raises AssertionError for a wrong sum."""
    counts = store.tally(uow.conn, job.id).fields()
    if not counts["rows_total"] == job.rows_total == job.rows_done:
        raise AssertionError(f"{counts['rows_total']} rows have ended, {job.rows_total} were read")
    lecture = job.lecture_id and lectures.find_lecture(uow.conn, uow.tenant, job.lecture_id)
    result = {
        **counts,
        "session_id": str(job.target_session_id) if job.target_session_id else None,
        "lecture_title": lecture["title"] if lecture else None,
        "failed": store.first_failed(uow.conn, job.id),
        "rows_url": f"/api/v1/{'enrollments' if job.lecture_id else 'students'}/excel_job_rows/{job.id}/",
    }
    store.complete(uow.conn, job.id, result)
    figures = {name: counts[name] for name in _FIGURES}
    uow.publish("enrollment.import.completed", subject=str(job.id), data={**_ended(job), **figures})


def fail_import(uow: UnitOfWork, job_id: UUID, code: str, message: str = "") -> None:
    """`message` is Korean and by default the one of FAILURES. A job that has ended stays as it is."""
    message = message or FAILURES[code]
    job = store.fail(uow.conn, job_id, code, message)
    if job is None:
        return
    store.fail_waiting_rows(uow.conn, job_id, code, message)
    chunks.take(uow.conn, job_id)
    uow.publish("enrollment.import.failed", subject=str(job_id), data={**_ended(job), "error_code": code})


def report_completed(uow: UnitOfWork, events: Sequence[Event], metrics: Metrics) -> None:
    """One log line each, and the figures. Last in its transaction: only a failed commit counts again."""
    rows = store.count_rows(uow.conn, [UUID(e.data["job_id"]) for e in events if not e.data["dry_run"]])
    for outcome, count in rows.items():
        metrics.count(IMPORT_ROWS, count, outcome=outcome)
    metrics.count(IMPORTS, len(events), outcome="done")
    for event in events:
        log.info("import done", extra={name: event.data[name] for name in ("job_id", *_FIGURES)})


def report_failed(events: Sequence[Event], metrics: Metrics) -> None:
    """As report_completed."""
    for event in events:
        metrics.count(IMPORTS, outcome=event.data["error_code"])
        log.info("import failed", extra={name: event.data[name] for name in ("job_id", "error_code")})


def _ended(job: store.Job) -> dict[str, object]:
    return {
        "job_id": str(job.id),
        "lecture_id": str(job.lecture_id) if job.lecture_id else None,
        "dry_run": job.dry_run,
        "object_key": job.object_key,
    }
