"""Exports: asked for, made by the worker in one pass, kept for 24 hours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from eventkit.clock import Clock
from eventkit.envelope import Event
from eventkit.ids import new_id
from eventkit.ports import Database
from eventkit.uow import UnitOfWork
from servicekit.problem import Problem
from servicekit.storage import ObjectMissingError, ObjectStore

from enrollment.domain.attendance import AttendanceStatus
from enrollment.domain.exports import (
    ABANDONED_AFTER,
    ATTENDANCE_LABELS,
    ENROLLMENT_LABELS,
    FAILURES,
    LIFETIME,
    OF_LECTURES,
    RESULTS_SHEET,
    ROSTER_SHEET,
    WORDS,
    ExportKind,
    Sheet,
    attendance_sheet,
    file_name,
    object_key,
)
from enrollment.domain.imports import Outcome
from enrollment.domain.results import told
from enrollment.domain.roster import SheetError
from enrollment.ports import Annotate, WriteSheet
from enrollment.store import exports as store
from enrollment.store import imports, lectures

Cells = Sequence[str | int | None]
REPORT_EVERY = 1.0
_EXPIRED_AT_ONCE = 1000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LABELS = {str(status): label for status, label in ATTENDANCE_LABELS.items()}


@dataclass(frozen=True, slots=True)
class ExportPorts:
    """What the worker needs to make an export."""

    db: Database
    objects: ObjectStore
    write_sheet: WriteSheet
    annotate: Annotate
    clock: Clock


@dataclass(frozen=True, slots=True)
class Content:
    """What goes into a workbook; `rows_total` is for the progress."""

    sheet: Sheet
    rows_total: int
    rows: Iterable[Cells]


# --- asking ---------------------------------------------------------------------------------------


def request_export(uow: UnitOfWork, kind: ExportKind, target_id: UUID, by: str) -> store.Job:
    """The export of what there is now: a new one, or the one that has this very content already.

    Raises Problem 422 unknown_lecture, unknown_import, 409 import_not_ended.
    """
    revision, name = (_of_lecture if kind in OF_LECTURES else _of_import)(uow, kind, target_id)
    export = store.NewExport(
        id=new_id(),
        kind=kind,
        target_id=target_id,
        revision=revision,
        file_name=name,
        requested_by=by,
        correlation_id=uow.cause.correlationid,
    )
    made = store.add(uow.conn, uow.tenant, export)
    if made is None:
        found = store.same(uow.conn, uow.tenant, kind, target_id, revision)
        if found is None:  # it ended in this very moment
            raise Problem("export_just_ended", "다시 시도해 주세요.", status=409)
        return found
    data = {"export_id": str(export.id), "kind": str(kind), "target_id": str(target_id)}
    uow.publish("enrollment.export.requested", subject=str(export.id), data=data)
    return made


def _of_lecture(uow: UnitOfWork, kind: ExportKind, lecture_id: UUID) -> tuple[str, str]:
    lecture = lectures.find_lecture(uow.conn, uow.tenant, lecture_id)
    revision = store.lecture_revision(uow.conn, uow.tenant, lecture_id)
    if lecture is None or revision is None:
        raise _unknown("unknown_lecture", "이 학원의 강의가 아닙니다.")
    return revision, file_name(WORDS[kind], lecture["title"], lecture_id)


def _of_import(uow: UnitOfWork, kind: ExportKind, job_id: UUID) -> tuple[str, str]:
    job = imports.job_now(uow.conn, job_id)
    if job is None:
        raise _unknown("unknown_import", "이 학원의 가져오기가 아닙니다.")
    if job.ended_at is None:
        raise Problem("import_not_ended", "가져오기가 끝난 뒤에 내보낼 수 있습니다.", status=409)
    if kind is ExportKind.FAILED_ROWS and store.live_workbook(uow.conn, uow.tenant, job_id) is None:
        raise Problem("workbook_unavailable", FAILURES["workbook_unavailable"], status=409)
    return import_revision(job), file_name(WORDS[kind], Path(job.file_name).stem)


def import_revision(job: imports.Job) -> str:
    """Moves whenever rows of the import end anew."""
    return f"{job.ended_at}.{job.moved_at}"


def _unknown(code: str, message: str) -> Problem:
    return Problem(code, message, status=422, errors={"target_id": [message]})


# --- making ---------------------------------------------------------------------------------------


def make_export(uow: UnitOfWork, ports: ExportPorts, requested: Event) -> None:
    """Write the workbook of a requested export, store it, say so. Doing it again replaces the same object.

    The progress is written in transactions of its own, so that a poll sees it. Raises TransientError while
    storage is away.
    """
    export_id = UUID(requested.data["export_id"])
    with ports.db.tenant(uow.tenant) as conn:
        job = store.begin(conn, export_id)
    if job is None:
        return
    with TemporaryDirectory(prefix="export-") as folder:
        path = Path(folder) / "export.xlsx"
        try:
            write = _write_failed if job.kind == ExportKind.FAILED_ROWS else _write_content
            rows = write(uow, ports, job, path)
        except _ImpossibleError as error:
            store.fail(uow.conn, export_id, error.code)
            return
        key = object_key(uow.tenant, export_id, job.file_name)
        ports.objects.put_file(key, path, XLSX)
        _finish(uow, ports, job, key, rows, path.stat().st_size)


class _ImpossibleError(Exception):
    """What it should be of is gone; `code` as in FAILURES."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _write_content(uow: UnitOfWork, ports: ExportPorts, job: store.Job, path: Path) -> int:
    content = _CONTENT[ExportKind(job.kind)](uow, job.target_id)
    if content is None:
        raise _ImpossibleError("target_gone")
    counted = _Counted(uow, ports, job, content)
    ports.write_sheet(path, content.sheet, counted)
    return counted.rows_done


def _write_failed(uow: UnitOfWork, ports: ExportPorts, job: store.Job, path: Path) -> int:
    """The failed rows of an import in the sender's own sheet, to be corrected and uploaded again."""
    workbook = store.live_workbook(uow.conn, uow.tenant, job.target_id)
    if workbook is None:
        raise _ImpossibleError("workbook_unavailable")
    failed = {
        row: told(outcome, *end)
        for row, _, _, outcome, *end in store.result_rows(uow.conn, job.target_id)
        if outcome == Outcome.FAILED
    }
    source = path.with_name("source.xlsx")
    try:
        ports.objects.download_to(workbook.object_key, source)
        ports.annotate(source, path, failed.items(), only_told=True)
    except (ObjectMissingError, SheetError):
        raise _ImpossibleError("workbook_unavailable") from None
    return len(failed)


def _finish(uow: UnitOfWork, ports: ExportPorts, job: store.Job, key: str, rows: int, size: int) -> None:
    done = store.finish(uow.conn, job.id, object_key=key, rows=rows, size=size, lifetime=LIFETIME)
    if done is None:
        ports.objects.delete([key])
        return
    data = {
        "export_id": str(job.id),
        "kind": job.kind,
        "object_key": key,
        "expires_at": done.expires_at.isoformat(),
    }
    uow.publish("enrollment.export.completed", subject=str(job.id), data=data)


class _Counted:
    """The rows as they go into the file; says once a second how many."""

    def __init__(self, uow: UnitOfWork, ports: ExportPorts, job: store.Job, content: Content) -> None:
        self.rows_done = 0
        self._uow, self._ports, self._job, self._content = uow, ports, job, content
        self._reported = ports.clock.monotonic()

    def __iter__(self) -> Iterator[Cells]:
        for number, cells in enumerate(self._content.rows, 1):
            self.rows_done = number
            if number % store.BATCH == 0:
                self._report()
            yield cells

    def _report(self) -> None:
        self._uow.progress()
        if self._ports.clock.monotonic() - self._reported < REPORT_EVERY:
            return
        self._reported = self._ports.clock.monotonic()
        with self._ports.db.tenant(self._uow.tenant) as conn:
            store.report(conn, self._job.id, rows_done=self.rows_done, rows_total=self._content.rows_total)


def _attendance(uow: UnitOfWork, lecture_id: UUID) -> Content | None:
    if lectures.find_lecture(uow.conn, uow.tenant, lecture_id) is None:
        return None
    sessions = lectures.list_sessions(uow.conn, uow.tenant, lecture_id)
    ids = [str(session["id"]) for session in sessions]
    titles = tuple(
        f"{session['order']}차시 ({session['date']})" if session["date"] else f"{session['order']}차시"
        for session in sessions
    )
    rows = (
        [name, phone, parent, *(_LABELS.get((marks or {}).get(one, AttendanceStatus.UNSET)) for one in ids)]
        for name, phone, parent, marks in store.attendance_rows(uow.conn, uow.tenant, lecture_id)
    )
    return Content(attendance_sheet(titles), store.count_enrolled(uow.conn, uow.tenant, lecture_id), rows)


def _roster(uow: UnitOfWork, lecture_id: UUID) -> Content | None:
    if lectures.find_lecture(uow.conn, uow.tenant, lecture_id) is None:
        return None
    rows = store.roster_rows(uow.conn, uow.tenant, lecture_id, ENROLLMENT_LABELS)
    return Content(ROSTER_SHEET, store.count_enrolled(uow.conn, uow.tenant, lecture_id), rows)


def _results(uow: UnitOfWork, job_id: UUID) -> Content | None:
    job = imports.job_now(uow.conn, job_id)
    if job is None:
        return None
    rows = (
        [row, name, phone, *told(*end, planned=job.dry_run)]
        for row, name, phone, *end in store.result_rows(uow.conn, job_id)
    )
    return Content(RESULTS_SHEET, job.rows_total, rows)


_CONTENT: dict[ExportKind, Callable[[UnitOfWork, UUID], Content | None]] = {
    ExportKind.ATTENDANCE: _attendance,
    ExportKind.ROSTER: _roster,
    ExportKind.IMPORT_RESULTS: _results,
}


# --- ending ---------------------------------------------------------------------------------------


def expire_exports(db: Database, _now: datetime, *, objects: ObjectStore) -> None:
    """Periodic task: after 24 hours a workbook is gone. An object first, then what is known of it."""
    with db.system() as conn:
        lapsed = store.lapsed(conn, _EXPIRED_AT_ONCE)
    if lapsed:
        objects.delete([key for _, key in lapsed])
        with db.system() as conn:
            store.forget_objects(conn, [one for one, _ in lapsed])


def fail_abandoned_exports(db: Database, _now: datetime) -> None:
    """Periodic task: fail exports that nobody has moved for 30 minutes."""
    with db.system() as conn:
        store.fail_abandoned(conn, ABANDONED_AFTER, "export_abandoned")
