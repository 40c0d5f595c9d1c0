"""An uploaded sheet becomes a job: checked, stored, then job and event in one transaction."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from eventkit.errors import PermanentError, TransientError
from eventkit.ids import new_id
from eventkit.uow import Transaction, UnitOfWork
from servicekit.problem import Problem

from enrollment.domain.imports import JobStatus
from enrollment.domain.roster import SheetError
from enrollment.ports import ApiPorts
from enrollment.store import imports as store
from enrollment.store import lectures


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterUpload:
    """A sheet on disk and what is to be done with it; without a lecture its students are registered only."""

    path: Path
    sha256: str
    file_name: str
    lecture_id: UUID | None = None
    session_id: UUID | None = None
    initial_password: str = field(repr=False)
    dry_run: bool
    force: bool
    requested_by: str


@dataclass(frozen=True, slots=True)
class Accepted:
    job_id: UUID
    status: JobStatus


def accept_upload(transaction: Transaction, ports: ApiPorts, upload: RosterUpload) -> Accepted:
    """The job of this upload: a new one, or the one that the same file has already (unless forced).

    The password is hashed here, once, and goes no further. Raises Problem 422 for a target that the
    academy does not have and for a file that is no roster, TransientError while storage is away.
    """
    with transaction() as uow:
        _check_target(uow, upload)
        same = None if upload.force else _same_file(uow, upload)
    if same is not None:
        return same
    try:
        ports.sniff(upload.path)
    except SheetError as error:
        raise Problem(error.code, error.detail, status=422) from None
    password_hash = ports.hash_password(upload.initial_password)
    job_id = new_id()
    key = f"excel/{uow.tenant}/{job_id}.xlsx"
    ports.objects.put_file(key, upload.path)
    # at the commit itself the outcome may be unknown: then the object stays, for the job or the janitor
    needless = True
    try:
        with transaction() as uow:
            accepted = _record(uow, upload, job_id, key, password_hash)
            needless = accepted.job_id != job_id
    finally:
        if needless:
            with suppress(TransientError, PermanentError):
                ports.objects.delete([key])
    return accepted


def _check_target(uow: UnitOfWork, upload: RosterUpload) -> None:
    if upload.lecture_id is None:
        return
    if lectures.find_lecture(uow.conn, uow.tenant, upload.lecture_id) is None:
        raise _refused("unknown_lecture", "lecture_id", "이 학원의 강의가 아닙니다.")
    if upload.session_id is None:
        return
    session = lectures.find_session(uow.conn, uow.tenant, upload.session_id)
    if session is None or session["lecture_id"] != upload.lecture_id:
        raise _refused("unknown_session", "session_id", "이 강의의 차시가 아닙니다.")


def _refused(code: str, field: str, message: str) -> Problem:
    return Problem(code, message, status=422, errors={field: [message]})


def _same_file(uow: UnitOfWork, upload: RosterUpload) -> Accepted | None:
    same = store.same_file(
        uow.conn,
        lecture_id=upload.lecture_id,
        session_id=upload.session_id,
        file_sha256=upload.sha256,
        dry_run=upload.dry_run,
    )
    return Accepted(same.id, JobStatus(same.status)) if same else None


def _record(uow: UnitOfWork, upload: RosterUpload, job_id: UUID, key: str, password_hash: str) -> Accepted:
    job = store.NewJob(
        id=job_id,
        lecture_id=upload.lecture_id,
        session_id=upload.session_id,
        object_key=key,
        file_sha256=upload.sha256,
        file_name=upload.file_name,
        dry_run=upload.dry_run,
        forced=upload.force,
        requested_by=upload.requested_by,
        correlation_id=uow.cause.correlationid,
    )
    if not store.add_job(uow.conn, uow.tenant, job):
        first = _same_file(uow, upload)
        if first is None:  # it failed in this very moment: the same request succeeds now
            raise TransientError("a job for the same file just ended")
        return first
    uow.publish(
        "enrollment.import.accepted",
        subject=str(job_id),
        data={
            "job_id": str(job_id),
            "job_type": "excel_parsing",
            "object_key": key,
            "initial_password_hash": password_hash,
        },
    )
    return Accepted(job_id, JobStatus.PENDING)
