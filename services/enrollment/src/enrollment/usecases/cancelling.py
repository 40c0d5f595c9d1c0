"""A running import stops at its next chunk; what was done stays, is reported, and can be undone."""

from __future__ import annotations

from uuid import UUID

from eventkit.uow import UnitOfWork
from servicekit.problem import Problem

from enrollment.domain.imports import READING, REASONS
from enrollment.store import chunks, undo
from enrollment.store import imports as store
from enrollment.usecases.endings import complete_import, fail_import

_CODE = "cancelled"


def cancel_import(uow: UnitOfWork, job_id: UUID, by: str) -> None:
    """While the sheet is read nothing is done yet, and the import fails; later its waiting rows do.

    Chunks that are with the students service are finished, and the import is then DONE. Raises Problem 404,
    409 import_ended.
    """
    job = undo.lock_job(uow.conn, job_id)
    if job is None:
        raise Problem("not_found")
    if job.ended_at is not None:
        raise Problem("import_ended", "이미 끝난 가져오기입니다.", status=409)
    store.cancelled(uow.conn, job_id, by)
    if job.step in READING:
        fail_import(uow, job_id, "import_cancelled")
        return
    waiting = chunks.take(uow.conn, job_id)
    rows = [row for chunk in waiting for row in chunk["rows"]["row"]]
    ended = chunks.end_rows(uow.conn, job_id, rows, _CODE, REASONS[_CODE])
    counted = store.count_progress(uow.conn, job_id, rows=ended, chunks=len(waiting))
    if counted is not None and counted.chunks_done == counted.chunks_total:
        complete_import(uow, counted)
