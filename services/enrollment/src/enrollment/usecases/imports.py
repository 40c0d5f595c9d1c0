"""The first half of an import: one worker at a time reads the sheet and asks who its students are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from eventkit import lease
from eventkit.clock import Clock
from eventkit.envelope import Event
from eventkit.errors import TransientError
from eventkit.failures import DATABASE_ERRORS
from eventkit.ports import Database
from eventkit.trace import Cause
from eventkit.uow import UnitOfWork, unit_of_work
from servicekit.storage import ObjectMissingError, ObjectStore

from enrollment.domain.imports import MAX_ATTEMPTS, READING_LIMIT, WAITING_LIMIT
from enrollment.domain.roster import SheetError
from enrollment.events import SERVICE
from enrollment.ports import ReadRoster
from enrollment.store import imports as store
from enrollment.store import lectures, rosters
from enrollment.usecases.chunks import Chunks
from enrollment.usecases.endings import complete_import, fail_import
from enrollment.usecases.lectures import ensure_first_session

# Work goes on in steps of seconds, each of which extends it; the queue hides the message for longer.
LEASE = timedelta(seconds=20)
REPORT_EVERY = 1.0
ABANDONED_BATCH = 100


@dataclass(frozen=True, slots=True)
class ReadingPorts:
    """What reading a sheet needs; `owner` names this worker process."""

    db: Database
    objects: ObjectStore
    read_roster: ReadRoster
    clock: Clock
    owner: str


@dataclass(frozen=True, slots=True)
class _Attempt:
    job: store.Job
    fence: lease.Fence


class GoneError(Exception):
    """What the rows should go to was deleted; `code` as in FAILURES."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_import(uow: UnitOfWork, ports: ReadingPorts, accepted: Event) -> None:
    """Read the sheet of an accepted import, store its rows, publish them in chunks: all in `uow`.

    RUNNING and the progress are written in transactions of their own, so that a poll sees them. A job that
    somebody else reads raises LeaseBusyError; one that has been read, or has ended, is left alone. What is
    wrong with the file ends the job; a storage that is away raises TransientError.
    """
    job_id = UUID(accepted.data["job_id"])
    # the savepoint ends first: its locks must be gone when a failed attempt is given back
    with _attempt(uow.tenant, ports, job_id) as attempt, uow.conn.begin_nested():
        if attempt is None:
            return
        if attempt.job.attempts > MAX_ATTEMPTS:
            _fail(uow, attempt, "import_crashed")
            return
        with TemporaryDirectory(prefix="import-") as folder:
            path = Path(folder) / "roster.xlsx"
            try:
                ports.objects.download_to(attempt.job.object_key, path)
            except ObjectMissingError:
                _fail(uow, attempt, "source_missing")
                return
            _read(uow, ports, attempt, path, accepted.data["initial_password_hash"])


@contextmanager
def _attempt(tenant: str, ports: ReadingPorts, job_id: UUID) -> Iterator[_Attempt | None]:
    """Claims the job; gives it back if the block fails, so that the next delivery need not wait.

    Only an attempt that never comes back stays counted: the process died of this file.
    """
    attempt = _claim(tenant, ports, job_id)
    survived = excused = False
    try:
        yield attempt
        survived = True
    except (TransientError, *DATABASE_ERRORS):
        excused = True
        raise
    finally:
        if attempt is not None and not survived:
            _give_back(tenant, ports, attempt, excused)


def _claim(tenant: str, ports: ReadingPorts, job_id: UUID) -> _Attempt | None:
    with ports.db.tenant(tenant) as conn:
        fence = lease.claim(conn, f"import:{job_id}", ports.owner, LEASE, ports.clock)
        job = store.start_attempt(conn, job_id)
        if job is None:
            lease.release(conn, fence)
            return None
        return _Attempt(job, fence)


def _give_back(tenant: str, ports: ReadingPorts, attempt: _Attempt, excused: bool) -> None:
    with ports.db.tenant(tenant) as conn:
        if excused:
            store.excuse_attempt(conn, attempt.job.id)
        try:
            with conn.begin_nested():
                lease.release(conn, attempt.fence)
        except lease.LeaseLostError:
            pass  # somebody else works on it now


def _read(uow: UnitOfWork, ports: ReadingPorts, attempt: _Attempt, path: Path, password_hash: str) -> None:
    try:
        # what was written before the sheet turned out to be bad goes with the savepoint
        with uow.conn.begin_nested():
            chunks = Chunks(uow, attempt.job, password_hash)
            _load(uow, ports, attempt, chunks, path)
            session_id, made = target_session(uow, attempt.job, chunks.rows_usable)
    except SheetError as error:
        _fail(uow, attempt, error.code, error.detail)
        return
    except GoneError as error:
        _fail(uow, attempt, error.code)
        return
    lease.check(uow.conn, attempt.fence)
    job = store.start_enrolling(
        uow.conn,
        attempt.job.id,
        rows_total=chunks.rows_total,
        rows_usable=chunks.rows_usable,
        chunks=chunks.published,
        session_id=session_id,
        session_made=made,
    )
    if job is None:
        raise TransientError("the import ended meanwhile")
    if chunks.published == 0:
        complete_import(uow, job)
    lease.release(uow.conn, attempt.fence)


def _load(uow: UnitOfWork, ports: ReadingPorts, attempt: _Attempt, chunks: Chunks, path: Path) -> None:
    _report(uow.tenant, ports, attempt, 0)
    reported = ports.clock.monotonic()
    for batch in ports.read_roster(path):
        chunks.add(batch)
        uow.progress()
        if ports.clock.monotonic() - reported >= REPORT_EVERY:
            _report(uow.tenant, ports, attempt, chunks.rows_total)
            reported = ports.clock.monotonic()
    chunks.close()


def _report(tenant: str, ports: ReadingPorts, attempt: _Attempt, rows_read: int) -> None:
    with ports.db.tenant(tenant) as conn:
        lease.extend(conn, attempt.fence, LEASE, ports.clock)
        store.report_reading(conn, attempt.job.id, rows_read)


def target_session(uow: UnitOfWork, job: store.Job, rows_usable: int) -> tuple[UUID | None, bool]:
    """The session asked for, else the first, and whether it was made; a dry run, or a sheet without
    students, makes none.

    None too for an import that registers students only. Raises GoneError.
    """
    if job.lecture_id is None:
        return None, False
    makes_one = job.session_id is None and not job.dry_run and rows_usable > 0
    # locked, not held: nobody changes the title that the new session is told with
    keep = lectures.lock_lecture if makes_one else lectures.hold_lecture
    lecture = keep(uow.conn, uow.tenant, job.lecture_id)
    if lecture is None:
        raise GoneError("lecture_gone")
    if job.session_id is not None:
        if lectures.hold_session(uow.conn, uow.tenant, job.session_id) is None:
            raise GoneError("session_gone")
        return job.session_id, False
    if makes_one:
        return ensure_first_session(uow, lecture)
    return rosters.first_session(uow.conn, uow.tenant, job.lecture_id), False


def _fail(uow: UnitOfWork, attempt: _Attempt, code: str, message: str = "") -> None:
    lease.check(uow.conn, attempt.fence)
    fail_import(uow, attempt.job.id, code, message)
    lease.release(uow.conn, attempt.fence)


def fail_abandoned_imports(db: Database, _now: datetime, *, clock: Clock, started: float) -> None:
    """Periodic task: fail imports that nobody moved for 30 minutes while reading, 6 hours while waiting.

    Their message is among the dead letters. `started` is when this worker did (clock.monotonic()): after a
    long outage the queue first gets its chance to deliver what it has kept.
    """
    if clock.monotonic() - started < READING_LIMIT.total_seconds():
        return
    with db.system() as conn:
        found = store.standing_still(conn, READING_LIMIT, WAITING_LIMIT, ABANDONED_BATCH)
    for tenant, job_id in found:
        with unit_of_work(db, tenant, Cause.start(), source=SERVICE) as uow:
            fail_import(uow, job_id, "import_abandoned")
