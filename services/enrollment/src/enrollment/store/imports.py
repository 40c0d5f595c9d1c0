"""Import jobs and the rows of their sheets, by sets; times are the database's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row, Select, text
from sqlalchemy.dialects.postgresql import ARRAY, insert

from enrollment.domain.imports import (
    COUNTED_STUDENTS,
    FAILED_SHOWN,
    READING,
    JobStatus,
    Outcome,
    Settled,
    Step,
    Tally,
)
from enrollment.domain.roster import RosterRow
from enrollment.store.tables import IMPORT_STANDS, import_job, import_row

Job = Row[Any]

_CLOCK = sa.func.clock_timestamp()
_OPEN = (JobStatus.PENDING, JobStatus.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """Without a lecture it registers students, and has no session either."""

    id: UUID
    lecture_id: UUID | None
    session_id: UUID | None
    object_key: str
    file_sha256: str
    file_name: str
    dry_run: bool
    forced: bool
    requested_by: str
    correlation_id: str
    plan_id: UUID | None = None


def add_job(conn: Connection, tenant: str, job: NewJob) -> bool:
    """False when a job for the same file is there already (unique index import_job_same_file)."""
    values = {name: getattr(job, name) for name in NewJob.__slots__}
    statement = insert(import_job).values(tenant_id=tenant, **values).on_conflict_do_nothing()
    return conn.execute(statement.returning(import_job.c.id)).first() is not None


def same_file(
    conn: Connection, *, lecture_id: UUID | None, session_id: UUID | None, file_sha256: str, dry_run: bool
) -> Job | None:
    """The newest job of the same file for the same target, unless doing it again is something else by now."""
    c = import_job.c
    return conn.execute(
        sa.select(import_job)
        .where(
            c.lecture_id.is_not_distinct_from(lecture_id),
            c.session_id.is_not_distinct_from(session_id),
            c.file_sha256 == file_sha256,
            c.dry_run == dry_run,
            sa.text(IMPORT_STANDS),
        )
        .order_by(c.id.desc())
        .limit(1)
    ).first()


def job_now(conn: Connection, job_id: UUID) -> Job | None:
    """The job and `asked_at`, the database's time."""
    return conn.execute(
        sa.select(import_job, _CLOCK.label("asked_at")).where(import_job.c.id == job_id)
    ).first()


def job_exists(conn: Connection, job_id: UUID) -> bool:
    return conn.execute(sa.select(import_job.c.id).where(import_job.c.id == job_id)).first() is not None


SHEET_ORDER = (import_row.c.row,)


def settled_rows(job_id: UUID, outcome: Outcome | None, undo: str | None = None) -> Select[Any]:
    """Rows that have ended, in one way or in any; a page of them is in SHEET_ORDER. `undo`: undone | kept."""
    c = import_row.c
    shown = (c.row, c.name, c.parent_phone, c.outcome, c.student_outcome, c.student_id, c.code, c.reason)
    chosen = c.outcome.is_not(None) if outcome is None else c.outcome == outcome
    query = sa.select(*shown, c.candidates, c.undo, c.undo_code).where(c.job_id == job_id, chosen)
    return query if undo is None else query.where(c.undo == undo)


def start_attempt(conn: Connection, job_id: UUID) -> Job | None:
    """RUNNING, one attempt more; None when there is nothing (left) to read."""
    c = import_job.c
    return conn.execute(
        sa.update(import_job)
        .where(c.id == job_id, c.status.in_(_OPEN), c.step.in_(READING))
        .values(
            status=JobStatus.RUNNING,
            step=sa.case((c.step == Step.WAITING, Step.DOWNLOADING), else_=c.step),
            attempts=c.attempts + 1,
            started_at=sa.func.coalesce(c.started_at, _CLOCK),
            moved_at=_CLOCK,
        )
        .returning(import_job)
    ).first()


def excuse_attempt(conn: Connection, job_id: UUID) -> None:
    """The attempt came back alive, so it is no sign of a file that kills its reader."""
    c = import_job.c
    conn.execute(sa.update(import_job).where(c.id == job_id).values(attempts=c.attempts - 1))


def report_reading(conn: Connection, job_id: UUID, rows_read: int) -> None:
    """The sheet is being read. A later attempt starts over but never shows less than an earlier one."""
    c = import_job.c
    conn.execute(
        sa.update(import_job)
        .where(c.id == job_id, c.step.in_(READING))
        .values(step=Step.PARSING, rows_total=sa.func.greatest(c.rows_total, rows_read), moved_at=_CLOCK)
    )


_ROW_OUTCOMES = {"skipped": Outcome.SKIPPED, "failed": Outcome.FAILED, "duplicate": Outcome.DUPLICATE}
_STAGED = 'tenant_id, job_id, "row", name, parent_phone, student_phone, school, grade, outcome, code, reason'


def stage_rows(conn: Connection) -> None:
    """Room for rows on their way to import_row: PostgreSQL refuses COPY into a table with row security."""
    empty = f"SELECT {_STAGED} FROM import_row WHERE false"  # noqa: S608 - a constant
    conn.execute(text(f"CREATE TEMPORARY TABLE staged_row ON COMMIT DROP AS {empty}"))


def copy_rows(conn: Connection, tenant: str, job_id: UUID, rows: Iterable[RosterRow]) -> None:
    """Stage rows as they were read; usable ones have no outcome yet."""
    job = str(job_id)
    driver = conn.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(f"COPY staged_row ({_STAGED}) FROM STDIN") as copy:
        for r in rows:
            outcome = _ROW_OUTCOMES.get(r.verdict)
            person = (r.name, r.parent_phone, r.student_phone, r.school, r.grade)
            end = (outcome, r.code, r.reason) if outcome else (None, None, None)
            copy.write_row((tenant, job, r.row, *person, *end))


def keep_rows(conn: Connection) -> None:
    """Store what was staged."""
    conn.execute(text(f"INSERT INTO import_row ({_STAGED}) SELECT {_STAGED} FROM staged_row"))  # noqa: S608 - as above
    conn.execute(text("DROP TABLE staged_row"))


def start_enrolling(
    conn: Connection,
    job_id: UUID,
    *,
    rows_total: int,
    rows_usable: int,
    chunks: int,
    session_id: UUID | None,
    session_made: bool,
) -> Job | None:
    """The sheet has been read: rows that are not usable have ended, the others wait for their students.

    None when the job has ended meanwhile.
    """
    return conn.execute(
        sa.update(import_job)
        .where(import_job.c.id == job_id, import_job.c.status == JobStatus.RUNNING)
        .values(
            step=Step.ENROLLING,
            rows_total=rows_total,
            rows_done=rows_total - rows_usable,
            rows_usable=rows_usable,
            chunks_total=chunks,
            target_session_id=session_id,
            session_made=session_made,
            parsed_at=_CLOCK,
            moved_at=_CLOCK,
        )
        .returning(import_job)
    ).first()


def enrolling_job(conn: Connection, job_id: UUID) -> Job | None:
    """The job while its rows may be answered; not locked, so that chunks go on side by side."""
    c = import_job.c
    query = sa.select(import_job).where(
        c.id == job_id, c.status == JobStatus.RUNNING, c.step == Step.ENROLLING
    )
    return conn.execute(query).first()


_WAITING_ROWS = text("""
    SELECT r."row" FROM unnest(CAST(:rows AS int[])) AS a (n)
    JOIN import_row r ON r.job_id = :job AND r."row" = a.n
    WHERE r.outcome IS NULL
""")


def waiting_rows(conn: Connection, job_id: UUID, rows: Sequence[int]) -> set[int]:
    """Which of the rows have not ended."""
    return set(conn.execute(_WAITING_ROWS, {"job": job_id, "rows": list(rows)}).scalars())


_SETTLE_ROWS = text("""
    UPDATE import_row r SET outcome = a.outcome, student_outcome = a.student_outcome,
        student_id = a.student_id, code = a.code, reason = a.reason,
        candidates = CAST(string_to_array(a.candidates, ',') AS uuid[])
    FROM unnest(CAST(:row AS int[]), CAST(:outcome AS text[]), CAST(:student_outcome AS text[]),
        CAST(:student_id AS uuid[]), CAST(:code AS text[]), CAST(:reason AS text[]),
        CAST(:candidates AS text[])) AS a (n, outcome, student_outcome, student_id, code, reason, candidates)
    WHERE r.job_id = :job AND r."row" = a.n AND r.outcome IS NULL
""")


def settle_rows(conn: Connection, job_id: UUID, settled: Sequence[Settled]) -> int:
    """How many rows ended now; fewer than given when another transaction has ended some."""
    columns = {name: [getattr(row, name) for row in settled] for name in Settled.__slots__}
    return conn.execute(_SETTLE_ROWS, {"job": job_id, **columns}).rowcount


def forget_people(conn: Connection, job_id: UUID, rows: Sequence[int]) -> None:
    """Rows of people who were erased keep their number and their end only."""
    c = import_row.c
    conn.execute(
        sa.update(import_row)
        .where(c.job_id == job_id, c.row == sa.any_(sa.cast(list(rows), ARRAY(sa.Integer))))
        .values(name=None, parent_phone=None, student_phone=None, school=None, grade=None)
    )


def count_progress(conn: Connection, job_id: UUID, *, rows: int, chunks: int) -> Job | None:
    """Locks the job until the end of the transaction; None when it has ended meanwhile."""
    c = import_job.c
    return conn.execute(
        sa.update(import_job)
        .where(c.id == job_id, c.status == JobStatus.RUNNING)
        .values(rows_done=c.rows_done + rows, chunks_done=c.chunks_done + chunks, moved_at=_CLOCK)
        .returning(import_job)
    ).first()


def tally(conn: Connection, job_id: UUID) -> Tally:
    """Raises AssertionError when a row of the job has not ended."""
    c = import_row.c
    counts = conn.execute(
        sa.select(c.outcome, c.student_outcome, sa.func.count())
        .where(c.job_id == job_id)
        .group_by(c.outcome, c.student_outcome)
    ).all()
    by_outcome: dict[str, int] = {}
    for outcome, _, count in counts:
        by_outcome[outcome] = by_outcome.get(outcome, 0) + count
    if None in by_outcome:
        raise AssertionError("rows without outcome")
    by_student: dict[str, int] = {}
    for outcome, kind, count in counts:
        if outcome in COUNTED_STUDENTS:
            by_student[kind] = by_student.get(kind, 0) + count
    return Tally(by_outcome, by_student)


def count_rows(conn: Connection, job_ids: Sequence[UUID]) -> dict[str, int]:
    """Rows of jobs that are done, by outcome."""
    c = import_row.c
    mine = c.job_id == sa.any_(sa.cast(list(job_ids), ARRAY(sa.Uuid)))
    counts = conn.execute(sa.select(c.outcome, sa.func.count()).where(mine).group_by(c.outcome))
    return dict(counts.tuples().all())


def first_failed(conn: Connection, job_id: UUID) -> list[dict[str, Any]]:
    """The first rows that failed, as a job's result lists them."""
    c = import_row.c
    query = (
        sa.select(c.row, c.name, c.code, c.reason)
        .where(c.job_id == job_id, c.outcome == Outcome.FAILED)
        .order_by(c.row)
        .limit(FAILED_SHOWN)
    )
    return [dict(row._mapping) for row in conn.execute(query)]


def cancelled(conn: Connection, job_id: UUID, by: str) -> None:
    conn.execute(sa.update(import_job).where(import_job.c.id == job_id).values(cancelled_by=by))


def complete(conn: Connection, job_id: UUID, result: dict[str, Any]) -> None:
    conn.execute(
        sa.update(import_job)
        .where(import_job.c.id == job_id, import_job.c.status == JobStatus.RUNNING)
        .values(status=JobStatus.DONE, step=Step.DONE, result=result, ended_at=_CLOCK)
    )


def fail(conn: Connection, job_id: UUID, code: str, message: str) -> Job | None:
    """FAILED; None when the job has ended already."""
    return conn.execute(
        sa.update(import_job)
        .where(import_job.c.id == job_id, import_job.c.status.in_(_OPEN))
        .values(status=JobStatus.FAILED, error_code=code, error_message=message, ended_at=_CLOCK)
        .returning(import_job)
    ).first()


def fail_waiting_rows(conn: Connection, job_id: UUID, code: str, reason: str) -> None:
    """The rows of a failed job that had not ended share its end."""
    conn.execute(
        sa.update(import_row)
        .where(import_row.c.job_id == job_id, import_row.c.outcome.is_(None))
        .values(outcome=Outcome.FAILED, code=code, reason=reason)
    )


def standing_still(
    conn: Connection, reading: timedelta, waiting: timedelta, limit: int
) -> list[tuple[str, UUID]]:
    """(tenant_id, id) of open jobs, of all tenants, that have not moved for too long.

    `reading` bounds a job whose sheet somebody began to read, `waiting` any other.
    """
    c = import_job.c
    patience = sa.case((sa.and_(c.step.in_(READING), c.attempts > 0), reading), else_=waiting)
    query = (
        sa.select(c.tenant_id, c.id)
        .where(c.ended_at.is_(None), c.moved_at < _CLOCK - patience)
        .order_by(c.moved_at)
        .limit(limit)
    )
    return [(tenant, job_id) for tenant, job_id in conn.execute(query)]
