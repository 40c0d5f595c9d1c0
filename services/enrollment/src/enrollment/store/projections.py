"""What this context remembers of other contexts' facts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

# Version 0: any students.student.changed is newer.
_REMEMBER = text("""
    INSERT INTO student_ref
        (tenant_id, student_id, name, parent_phone, student_phone, school, grade, version)
    SELECT DISTINCT ON (r.student_id)
        r.tenant_id, r.student_id, r.name, r.parent_phone, r.student_phone, r.school, r.grade, 0
    FROM unnest(CAST(:rows AS int[])) AS a (n)
    JOIN import_row r ON r.job_id = :job AND r."row" = a.n
    WHERE r.student_id IS NOT NULL
    ORDER BY r.student_id, r."row"
    ON CONFLICT DO NOTHING
""")


def remember_students(conn: Connection, job_id: UUID, rows: Sequence[int]) -> None:
    """Know the students of settled rows before their own event comes: a roster is complete at DONE."""
    conn.execute(_REMEMBER, {"job": job_id, "rows": list(rows)})


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
