"""What an import did to enrollments, and taking it back by sets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row, RowMapping, text

from enrollment.store.enrollments import Enrolled, ids
from enrollment.store.imports import Job
from enrollment.store.tables import enrollment, import_job, import_row

_CLOCK = sa.func.clock_timestamp()
Before = Mapping[UUID, tuple[str, datetime]]
"""Enrollment → status and enrolled_at that it had."""


def ended_before(conn: Connection, tenant: str, lecture_id: UUID, students: Collection[UUID]) -> Before:
    """The enrollments of these students that enrolling will bring back, as they are; locked."""
    query = (
        sa.select(enrollment.c.id, enrollment.c.status, enrollment.c.enrolled_at)
        .where(
            enrollment.c.tenant_id == tenant,
            enrollment.c.lecture_id == lecture_id,
            enrollment.c.student_id == sa.any_(ids(students)),
            enrollment.c.status != "ACTIVE",
        )
        .order_by(enrollment.c.student_id)
        .with_for_update(key_share=True)
    )
    return {row.id: (row.status, row.enrolled_at) for row in conn.execute(query)}


_REMEMBER = text("""
    INSERT INTO import_effect
        (tenant_id, job_id, enrollment_id, kind, version, status, enrolled_at, seat_version)
    SELECT :tenant, :job, g.* FROM unnest(CAST(:enrollments AS uuid[]), CAST(:kinds AS text[]),
        CAST(:versions AS bigint[]), CAST(:statuses AS text[]), CAST(:times AS timestamptz[]),
        CAST(:seats AS bigint[])) AS g
    ON CONFLICT DO NOTHING
""")


def remember(
    conn: Connection,
    tenant: str,
    job_id: UUID,
    members: Sequence[Enrolled],
    before: Before,
    placed: Sequence[RowMapping],
) -> None:
    """Keep what enrolling these members changed: who is new, back, or only in the session now."""
    seats = {row["enrollment_id"]: row["version"] for row in placed}
    changed = [one for one in members if not one.was_active or one.id in seats]
    kinds = ["placed" if m.was_active else "reactivated" if m.id in before else "created" for m in changed]
    was = [before.get(member.id, (None, None)) for member in changed]
    given = {
        "tenant": tenant,
        "job": job_id,
        "enrollments": [member.id for member in changed],
        "kinds": kinds,
        "versions": [member.version for member in changed],
        "statuses": [status for status, _ in was],
        "times": [enrolled_at for _, enrolled_at in was],
        "seats": [seats.get(member.id) for member in changed],
    }
    conn.execute(_REMEMBER, given)


# --- the job --------------------------------------------------------------------------------------


def lock_job(conn: Connection, job_id: UUID) -> Job | None:
    return conn.execute(sa.select(import_job).where(import_job.c.id == job_id).with_for_update()).first()


def begin(conn: Connection, job_id: UUID, by: str) -> None:
    """UNDOING; rows that were kept the last time are tried again."""
    conn.execute(
        sa.update(import_job)
        .where(import_job.c.id == job_id)
        .values(undo_status="UNDOING", undo_by=by, undo_at=_CLOCK, undone_at=None, moved_at=_CLOCK)
    )
    conn.execute(
        sa.update(import_row)
        .where(import_row.c.job_id == job_id, import_row.c.undo == "kept")
        .values(undo=None, undo_code=None)
    )


def finish(conn: Connection, job_id: UUID) -> None:
    conn.execute(
        sa.update(import_job)
        .where(import_job.c.id == job_id)
        .values(undo_status="UNDONE", undone_at=_CLOCK, moved_at=_CLOCK)
    )


# --- rows -----------------------------------------------------------------------------------------

# A row did something if its student is new or back, or if its enrollment has an effect.
_OPEN_ROWS = text("""
    SELECT r."row", r.student_id, r.student_outcome, f.enrollment_id,
        f.enrollment_id IS NOT NULL AND (
            e.version <> f.version
            OR f.seat_version IS NOT NULL AND (
                s.version IS DISTINCT FROM f.seat_version OR a.status <> 'UNSET' OR a.memo <> '')
            OR f.kind = 'created' AND EXISTS (SELECT FROM session_enrollment o WHERE o.tenant_id = :tenant
                AND o.enrollment_id = e.id AND o.session_id <> j.target_session_id))
        OR r.student_outcome = 'created' AND EXISTS (SELECT FROM enrollment o
            WHERE o.tenant_id = :tenant AND o.student_id = r.student_id
                AND o.lecture_id IS DISTINCT FROM j.lecture_id) AS touched
    FROM import_row r
    JOIN import_job j ON j.id = r.job_id
    LEFT JOIN enrollment e ON e.tenant_id = :tenant AND e.lecture_id = j.lecture_id
        AND e.student_id = r.student_id
    LEFT JOIN import_effect f ON f.tenant_id = :tenant AND f.job_id = j.id AND f.enrollment_id = e.id
    LEFT JOIN session_enrollment s ON s.tenant_id = :tenant AND s.enrollment_id = e.id
        AND s.session_id = j.target_session_id
    LEFT JOIN attendance a ON a.tenant_id = :tenant AND a.enrollment_id = e.id
        AND a.session_id = j.target_session_id
    WHERE r.job_id = :job AND r.undo IS NULL AND r.student_id IS NOT NULL
        AND (r.student_outcome IN ('created', 'restored') OR f.enrollment_id IS NOT NULL)
        AND r.outcome IN ('enrolled', 'already_enrolled', 'registered')
    ORDER BY r."row"
""")
_LOCK_ENROLLMENTS = text("""
    SELECT 1 FROM enrollment e JOIN import_effect f ON f.tenant_id = :tenant AND f.enrollment_id = e.id
    WHERE e.tenant_id = :tenant AND f.job_id = :job ORDER BY e.student_id FOR NO KEY UPDATE OF e
""")
_SETTLE = text("""
    UPDATE import_row r SET undo = g.undo, undo_code = g.code
    FROM unnest(CAST(:rows AS int[]), CAST(:ends AS text[]), CAST(:codes AS text[])) AS g (n, undo, code)
    WHERE r.job_id = :job AND r."row" = g.n AND r.undo IS NULL
""")


def open_rows(conn: Connection, tenant: str, job_id: UUID) -> Sequence[Row[Any]]:
    """Rows still to be taken back: row, student_id, student_outcome, enrollment_id, touched. Locks those."""
    given = {"tenant": tenant, "job": job_id}
    conn.execute(_LOCK_ENROLLMENTS, given)
    return conn.execute(_OPEN_ROWS, given).all()


def settle(
    conn: Connection, job_id: UUID, rows: Sequence[int], ends: Sequence[str], codes: Sequence[str | None]
) -> None:
    """These rows are undone or kept."""
    conn.execute(_SETTLE, {"job": job_id, "rows": list(rows), "ends": list(ends), "codes": list(codes)})


def enrollments_of_rows(conn: Connection, tenant: str, job_id: UUID, rows: Sequence[int]) -> list[UUID]:
    """What the import did to the enrollments of these rows' students, where it still is."""
    query = text("""
        SELECT f.enrollment_id FROM import_row r JOIN import_job j ON j.id = r.job_id
        JOIN enrollment e ON e.tenant_id = :tenant AND e.lecture_id = j.lecture_id
            AND e.student_id = r.student_id
        JOIN import_effect f ON f.tenant_id = :tenant AND f.job_id = j.id AND f.enrollment_id = e.id
        WHERE r.job_id = :job AND r."row" = ANY(CAST(:rows AS int[]))
    """)
    return list(conn.execute(query, {"tenant": tenant, "job": job_id, "rows": list(rows)}).scalars())


def count(conn: Connection, job_id: UUID) -> dict[str | None, int]:
    """Rows by how their undo ended."""
    c = import_row.c
    found = conn.execute(sa.select(c.undo, sa.func.count()).where(c.job_id == job_id).group_by(c.undo))
    return dict(found.tuples().all())


# --- enrollments ----------------------------------------------------------------------------------

_LEAVE_SEATS = text("""
    WITH mine AS (
        SELECT s.id, s.session_id, s.enrollment_id FROM import_effect f JOIN import_job j ON j.id = f.job_id
        JOIN session_enrollment s ON s.tenant_id = :tenant AND s.enrollment_id = f.enrollment_id
        WHERE f.tenant_id = :tenant AND f.job_id = :job AND f.enrollment_id = ANY(CAST(:ids AS uuid[]))
            AND (f.kind = 'created' OR f.seat_version IS NOT NULL AND s.session_id = j.target_session_id)),
    marks AS (
        DELETE FROM attendance a USING mine
        WHERE a.tenant_id = :tenant AND a.enrollment_id = mine.enrollment_id
            AND a.session_id = mine.session_id)
    DELETE FROM session_enrollment s USING mine, enrollment e
    WHERE s.tenant_id = :tenant AND s.id = mine.id
        AND e.tenant_id = :tenant AND e.id = s.enrollment_id
    RETURNING s.session_id, s.enrollment_id, e.lecture_id, e.student_id,
        nextval('change_seq') AS version, 'UNSET' AS attendance
""")
_END_AGAIN = text("""
    UPDATE enrollment e SET status = f.status, enrolled_at = f.enrolled_at, version = nextval('change_seq'),
        updated_at = now()
    FROM import_effect f
    WHERE f.tenant_id = :tenant AND f.job_id = :job AND f.enrollment_id = ANY(CAST(:ids AS uuid[]))
        AND f.kind = 'reactivated' AND e.tenant_id = :tenant AND e.id = f.enrollment_id
    RETURNING e.id, e.student_id, e.status, e.version
""")
_DELETE_CREATED = text("""
    DELETE FROM enrollment e USING import_effect f
    WHERE f.tenant_id = :tenant AND f.job_id = :job AND f.enrollment_id = ANY(CAST(:ids AS uuid[]))
        AND f.kind = 'created' AND e.tenant_id = :tenant AND e.id = f.enrollment_id
    RETURNING e.id, e.student_id, e.status, nextval('change_seq') AS version
""")
_FORGET = text("""
    DELETE FROM import_effect
    WHERE tenant_id = :tenant AND job_id = :job AND enrollment_id = ANY(CAST(:ids AS uuid[]))
""")


def reverse(
    conn: Connection, tenant: str, job_id: UUID, enrollment_ids: Sequence[UUID]
) -> tuple[Sequence[RowMapping], Sequence[Row[Any]], Sequence[Row[Any]]]:
    """Exactly what the import did to these, the other way round: left seats, ended and deleted enrollments.

    Only versions go on: whoever was told of the import is told of this.
    """
    given = {"tenant": tenant, "job": job_id, "ids": list(enrollment_ids)}
    left = conn.execute(_LEAVE_SEATS, given).mappings().all()
    ended = conn.execute(_END_AGAIN, given).all()
    deleted = conn.execute(_DELETE_CREATED, given).all()
    conn.execute(_FORGET, given)
    return left, ended, deleted
