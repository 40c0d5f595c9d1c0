"""Previews, which are plans, and the chunks that were sent for them: kept where they were published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from eventkit.uow import UnitOfWork
from sqlalchemy import Connection, Row, text

from enrollment.domain.imports import JobStatus, Outcome, Step
from enrollment.domain.plans import Known, Planned
from enrollment.store.imports import Job
from enrollment.store.tables import import_job, import_row

_CLOCK = sa.func.clock_timestamp()
_SENT = text("""
    SELECT DISTINCT ON (seq) seq FROM outbox
    WHERE tenant_id = :tenant AND correlation_id = :correlation AND type = 'enrollment.roster.parsed'
        AND subject = :job
    ORDER BY seq
""")
_BODY = text("SELECT body FROM outbox WHERE seq = :seq")


def sent_chunks(uow: UnitOfWork, job: Job) -> Iterator[dict[str, Any]]:
    """`data` of each chunk that was sent for the job, one at a time: for 30 days, without erased people."""
    given = {"tenant": uow.tenant, "correlation": job.correlation_id, "job": str(job.id)}
    with uow.as_system():  # the app's own role may only add to the outbox
        seqs = list(uow.conn.execute(_SENT, given).scalars())
    for seq in seqs:
        with uow.as_system():
            body = uow.conn.execute(_BODY, {"seq": seq}).scalar_one()
        yield orjson.loads(body)["data"]


def carried_out(conn: Connection, plan_id: UUID) -> Job | None:
    """The import of this plan that has not failed."""
    c = import_job.c
    return conn.execute(
        sa.select(import_job).where(c.plan_id == plan_id, c.status != JobStatus.FAILED)
    ).first()


def planned_rows(conn: Connection, job_id: UUID) -> list[Planned]:
    """Rows with a student to be."""
    c = import_row.c
    shown = (c.row, c.name, c.parent_phone, c.outcome, c.student_outcome, c.student_id)
    found = conn.execute(
        sa.select(*shown).where(c.job_id == job_id, c.student_outcome.is_not(None), c.name.is_not(None))
    )
    return [Planned(*row) for row in found]


_STUDENTS = text("""
    SELECT s.student_id, s.name, s.parent_phone, s.deleted FROM student_ref s
    WHERE s.tenant_id = :tenant AND (
        s.parent_phone IN (SELECT r.parent_phone FROM import_row r WHERE r.job_id = :job)
        OR s.student_id IN (SELECT r.student_id FROM import_row r WHERE r.job_id = :job))
""")


def students_of(conn: Connection, tenant: str, job_id: UUID) -> Iterator[Known]:
    """Whom the plan's rows may mean, as they now are."""
    return (Known(*row) for row in conn.execute(_STUDENTS, {"tenant": tenant, "job": job_id}))


_COPY = text("""
    INSERT INTO import_row (tenant_id, job_id, "row", name, parent_phone, student_phone, school, grade,
        outcome, code, reason)
    SELECT tenant_id, :job, "row", name, parent_phone, student_phone, school, grade, outcome, code, reason
    FROM import_row WHERE job_id = :plan
""")
_REOPEN = text("""
    UPDATE import_row SET outcome = NULL, student_outcome = NULL, code = NULL, reason = NULL,
        candidates = NULL
    WHERE job_id = :job AND "row" = ANY(CAST(:rows AS int[]))
""")


def copy_rows(conn: Connection, plan_id: UUID, job_id: UUID) -> None:
    """The plan's rows are the job's, ended as the plan says."""
    conn.execute(_COPY, {"plan": plan_id, "job": job_id})


def reopen_rows(conn: Connection, job_id: UUID, rows: Sequence[int]) -> int:
    """These rows wait for their students (again); how many they are."""
    return conn.execute(_REOPEN, {"job": job_id, "rows": list(rows)}).rowcount


_EXPECTED = text("""
    SELECT "row", coalesce(student_outcome, outcome) AS expected, CAST(student_id AS text) AS expected_id
    FROM import_row WHERE job_id = :plan AND "row" = ANY(CAST(:rows AS int[]))
""")


def expected(conn: Connection, plan_id: UUID, rows: Sequence[int]) -> dict[int, Row[Any]]:
    """How the plan says that these rows end, and with whom."""
    found = conn.execute(_EXPECTED, {"plan": plan_id, "rows": list(rows)})
    return {row.row: row for row in found}


# --- rows that a person decides -------------------------------------------------------------------


def waiting_for_review(conn: Connection, job_id: UUID, rows: Sequence[int]) -> dict[int, set[UUID]]:
    """Of these rows those that a person has to decide: row → candidates."""
    c = import_row.c
    query = sa.select(c.row, c.candidates).where(
        c.job_id == job_id, c.outcome == Outcome.NEEDS_REVIEW, c.row.in_(rows)
    )
    return {row: set(candidates or ()) for row, candidates in conn.execute(query)}


def end_rows(
    conn: Connection, job_id: UUID, rows: Sequence[int], outcome: Outcome, code: str, reason: str
) -> None:
    c = import_row.c
    conn.execute(
        sa.update(import_row)
        .where(c.job_id == job_id, c.row.in_(rows))
        .values(outcome=outcome, student_outcome=None, code=code, reason=reason, candidates=None)
    )


def go_on(conn: Connection, job_id: UUID, *, rows: int) -> Job:
    """An import that was DONE is RUNNING again, with so many rows to end."""
    c = import_job.c
    return conn.execute(
        sa.update(import_job)
        .where(c.id == job_id)
        .values(
            status=JobStatus.RUNNING,
            step=Step.ENROLLING,
            result=None,
            ended_at=None,
            moved_at=_CLOCK,
            rows_done=c.rows_done - rows,
            chunks_total=c.chunks_total + (1 if rows else 0),
        )
        .returning(import_job)
    ).one()


def expect_chunks(conn: Connection, job_id: UUID, more: int) -> Job:
    """The rows left in more chunks than was thought."""
    c = import_job.c
    return conn.execute(
        sa.update(import_job)
        .where(c.id == job_id)
        .values(chunks_total=c.chunks_total + more, moved_at=_CLOCK)
        .returning(import_job)
    ).one()


# --- history --------------------------------------------------------------------------------------

# Newest first: read with descending=True.
NEWEST = (import_job.c.id,)


def history(tenant: str, *, lecture_id: UUID | None, dry_run: bool | None) -> sa.Select[Any]:
    """Imports; order and paging are the caller's (NEWEST)."""
    c = import_job.c
    query = sa.select(import_job).where(c.tenant_id == tenant)
    if lecture_id is not None:
        query = query.where(c.lecture_id == lecture_id)
    return query if dry_run is None else query.where(c.dry_run == dry_run)


_UNDO_COUNTS = text("""
    SELECT count(*) FILTER (WHERE undo = 'undone') AS undone, count(*) FILTER (WHERE undo = 'kept') AS kept
    FROM import_row WHERE job_id = :job
""")


def undo_counts(conn: Connection, job_id: UUID) -> Row[Any]:
    """undone and kept rows."""
    return conn.execute(_UNDO_COUNTS, {"job": job_id}).one()
