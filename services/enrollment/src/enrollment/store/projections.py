"""What this context remembers of other contexts' facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

# One version below the student's own event, which therefore wins, before or after this.
_REMEMBER = text("""
    INSERT INTO student_ref
        (tenant_id, student_id, name, parent_phone, student_phone, school, grade, version)
    SELECT DISTINCT ON (r.student_id)
        r.tenant_id, r.student_id, r.name, r.parent_phone, r.student_phone, r.school, r.grade,
        greatest(a.version - 1, 0)
    FROM unnest(CAST(:rows AS int[]), CAST(:versions AS bigint[])) AS a (n, version)
    JOIN import_row r ON r.job_id = :job AND r."row" = a.n
    WHERE r.student_id IS NOT NULL
    ORDER BY r.student_id, r."row"
    ON CONFLICT (tenant_id, student_id) DO UPDATE SET deleted = false, version = excluded.version
    WHERE student_ref.deleted AND student_ref.version <= excluded.version
""")


def remember_students(conn: Connection, job_id: UUID, versions: Mapping[int, int]) -> None:
    """Know the students of settled rows before their own event comes: a roster is complete at DONE.

    `versions`: row → version of its student as just written, 0 for one that was only matched.
    """
    given = {"job": job_id, "rows": list(versions), "versions": list(versions.values())}
    conn.execute(_REMEMBER, given)


# Begun before the deletion: a student who was restored and enrolled again stays, however late this comes.
_END_ENROLLMENTS = text("""
    WITH ended AS (
        SELECT e.id FROM enrollment e
        JOIN unnest(CAST(:students AS uuid[]), CAST(:deleted_at AS timestamptz[])) AS d (student_id, at)
            ON e.student_id = d.student_id AND e.enrolled_at < d.at
        WHERE e.tenant_id = :tenant AND e.status <> 'INACTIVE'
        ORDER BY e.student_id, e.id
        FOR UPDATE OF e)
    UPDATE enrollment e SET status = 'INACTIVE', version = nextval('change_seq'), updated_at = now()
    FROM ended WHERE e.id = ended.id
    RETURNING e.id, e.lecture_id, e.student_id, e.version
""")


def end_enrollments(
    conn: Connection, tenant: str, students: Sequence[UUID], deleted_at: Sequence[datetime]
) -> Sequence[Row[Any]]:
    """Deleting a student ends the enrollments begun before: their id, lecture_id, student_id, version."""
    given = {"tenant": tenant, "students": list(students), "deleted_at": list(deleted_at)}
    return conn.execute(_END_ENROLLMENTS, given).all()
