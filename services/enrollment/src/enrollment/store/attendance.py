"""Attendance: one session's list, one lecture's matrix, marks by sets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, RowMapping, text

from enrollment.store.enrollments import ROSTER_ORDER, STUDENT_NAME, ids, lock_enrollment_of
from enrollment.store.lectures import SESSION_ORDER, session_listing
from enrollment.store.tables import (
    NEXT_VERSION,
    attendance,
    enrollment,
    lecture,
    session,
    session_enrollment,
    student_ref,
)

_ENROLLMENT = sa.and_(
    enrollment.c.tenant_id == attendance.c.tenant_id, enrollment.c.id == attendance.c.enrollment_id
)
_STUDENT = sa.and_(
    student_ref.c.tenant_id == enrollment.c.tenant_id, student_ref.c.student_id == enrollment.c.student_id
)

_MEMBER = sa.and_(
    session_enrollment.c.tenant_id == attendance.c.tenant_id,
    session_enrollment.c.enrollment_id == attendance.c.enrollment_id,
    session_enrollment.c.session_id == attendance.c.session_id,
)


def list_attendance(
    conn: Connection, tenant: str, session_id: UUID, *, only: Collection[UUID] | None = None
) -> list[RowMapping]:
    """One session's attendance, complete, by student name; `only` keeps the given students."""
    query = _with_student(tenant).where(attendance.c.session_id == session_id).order_by(*ROSTER_ORDER)
    if only is not None:
        query = query.where(enrollment.c.student_id == sa.any_(ids(only)))
    return list(conn.execute(query).mappings())


def find_attendance(conn: Connection, tenant: str, attendance_id: UUID) -> RowMapping | None:
    query = _with_student(tenant).where(attendance.c.id == attendance_id)
    return conn.execute(query).mappings().first()


def lock_attendance(conn: Connection, tenant: str, attendance_id: UUID) -> RowMapping | None:
    """One mark, for one writer at a time.

    Its enrollment is locked first: a withdrawal writes all marks of an enrollment, and two of them over
    the same student must wait for each other, not deadlock.
    """
    if not lock_enrollment_of(conn, tenant, attendance, attendance_id):
        return None
    return find_attendance(conn, tenant, attendance_id)


def update_attendance(conn: Connection, tenant: str, attendance_id: UUID, values: Mapping[str, Any]) -> None:
    conn.execute(
        sa.update(attendance)
        .where(attendance.c.tenant_id == tenant, attendance.c.id == attendance_id)
        .values(**values)
    )


def lock_session_marks(
    conn: Connection, tenant: str, session_id: UUID, only: Collection[UUID] | None = None
) -> list[RowMapping]:
    """Marks of a session (those of `only`, or all), by student name, for one writer at a time.

    Enrollments are locked first, in the order of store.enrollments, as in `lock_attendance`. Answers as
    `list_attendance`, and `version`: the one that was told last.
    """
    of_session = sa.select(attendance.c.enrollment_id).where(
        attendance.c.tenant_id == tenant, attendance.c.session_id == session_id
    )
    if only is not None:
        of_session = of_session.where(attendance.c.id == sa.any_(ids(only)))
    lock = (
        sa.select(enrollment.c.id)
        .where(enrollment.c.tenant_id == tenant, enrollment.c.id.in_(of_session))
        .order_by(enrollment.c.student_id)
        .with_for_update(key_share=True)
    )
    conn.execute(lock)
    query = (
        _with_student(tenant)
        .add_columns(session_enrollment.c.version)
        .join(session_enrollment, _MEMBER)
        .where(attendance.c.session_id == session_id)
        .order_by(*ROSTER_ORDER)
    )
    if only is not None:
        query = query.where(attendance.c.id == sa.any_(ids(only)))
    return list(conn.execute(query).mappings())


def set_marks(conn: Connection, tenant: str, attendance_ids: Collection[UUID], status: str) -> None:
    """One status for all of these."""
    recorded_at = sa.null() if status == "UNSET" else sa.func.now()
    conn.execute(
        sa.update(attendance)
        .where(attendance.c.tenant_id == tenant, attendance.c.id == sa.any_(ids(attendance_ids)))
        .values(status=status, recorded_at=recorded_at)
    )


_RESTORE_MARKS = text("""
    UPDATE attendance a SET status = g.status, recorded_at = g.recorded_at
    FROM unnest(CAST(:ids AS uuid[]), CAST(:statuses AS text[]), CAST(:times AS timestamptz[]))
        AS g (id, status, recorded_at)
    WHERE a.tenant_id = :tenant AND a.id = g.id
""")


def restore_marks(
    conn: Connection,
    tenant: str,
    attendance_ids: Sequence[UUID],
    statuses: Sequence[str],
    times: Sequence[str | None],
) -> None:
    """Give each its own status and time of recording (ISO) back."""
    given = {"tenant": tenant, "ids": list(attendance_ids), "statuses": list(statuses), "times": list(times)}
    conn.execute(_RESTORE_MARKS, given)


def withdraw(conn: Connection, tenant: str, enrollment_ids: Collection[UUID]) -> None:
    """Every mark of the enrollments becomes SECESSION."""
    conn.execute(
        sa.update(attendance)
        .where(
            attendance.c.tenant_id == tenant,
            attendance.c.enrollment_id == sa.any_(ids(enrollment_ids)),
            attendance.c.status != "SECESSION",
        )
        .values(status="SECESSION", recorded_at=sa.func.now())
    )


def marked(
    conn: Connection, tenant: str, enrollment_ids: Collection[UUID], session_id: UUID | None = None
) -> Sequence[RowMapping]:
    """Marks of the enrollments, in one session or in all, have changed: they get new versions.

    Answers as `store.enrollments.session_enrol`. The caller holds the enrollments, which orders the versions.
    """
    of_session = [] if session_id is None else [session_enrollment.c.session_id == session_id]
    statement = (
        sa.update(session_enrollment)
        .where(
            session_enrollment.c.tenant_id == tenant,
            session_enrollment.c.enrollment_id == sa.any_(ids(enrollment_ids)),
            *of_session,
            enrollment.c.tenant_id == session_enrollment.c.tenant_id,
            enrollment.c.id == session_enrollment.c.enrollment_id,
            _MEMBER,
        )
        .values(version=NEXT_VERSION)
        .returning(
            session_enrollment.c.session_id,
            session_enrollment.c.enrollment_id,
            enrollment.c.lecture_id,
            enrollment.c.student_id,
            session_enrollment.c.version,
            attendance.c.status.label("attendance"),
        )
    )
    return conn.execute(statement).mappings().all()


def lock_marks(conn: Connection, tenant: str, session_id: UUID) -> list[RowMapping]:
    """Status and memo of everybody in a session, deleted students included; nobody writes them meanwhile."""
    query = sa.select(attendance.c.status, attendance.c.memo).where(
        attendance.c.tenant_id == tenant, attendance.c.session_id == session_id
    )
    return list(conn.execute(query.with_for_update()).mappings())


def matrix(conn: Connection, tenant: str, lecture_id: UUID) -> dict[str, Any] | None:
    """In one query: `lecture`, its `sessions` in their order, and `students` by name, each with its marks as
    {session id: mark} in `attendance`. None where there is no such lecture.

    PostgreSQL folds them: 30,000 marks as rows would cost ten times as much to carry over.
    """
    sessions = session_listing(tenant, lecture_id).order_by(*SESSION_ORDER).subquery("sessions")
    students = _marked_students(tenant, lecture_id).order_by(*ROSTER_ORDER).subquery("students")
    query = sa.select(lecture, _folded(sessions), _folded(students)).where(
        lecture.c.tenant_id == tenant, lecture.c.id == lecture_id
    )
    found = conn.execute(query).mappings().first()
    if found is None:
        return None
    return {
        "lecture": found,
        "sessions": [_with_times(one) for one in found["sessions"]],
        "students": found["students"],
    }


def _folded(rows: sa.Subquery) -> sa.Label[Any]:
    """[{column: value}], in the order of the rows."""
    folded = sa.func.coalesce(sa.func.json_agg(sa.func.row_to_json(rows.table_valued())), sa.text("'[]'"))
    return sa.select(folded).select_from(rows).scalar_subquery().label(rows.name)


def _with_times(folded: dict[str, Any]) -> dict[str, Any]:
    """A session with its times as a row has them."""
    day = folded["date"] and date.fromisoformat(folded["date"])
    times = {name: datetime.fromisoformat(folded[name]) for name in ("created_at", "updated_at")}
    return {**folded, **times, "date": day}


def _marked_students(tenant: str, lecture_id: UUID) -> sa.Select[Any]:
    mark = sa.func.json_build_object(
        "attendance_id", attendance.c.id, "status", attendance.c.status, "memo", attendance.c.memo
    )
    marks = (
        sa.select(
            attendance.c.enrollment_id,
            sa.func.json_object_agg(attendance.c.session_id, mark).label("marks"),
        )
        .join(enrollment, _ENROLLMENT)
        .where(attendance.c.tenant_id == tenant, enrollment.c.lecture_id == lecture_id)
        .group_by(attendance.c.enrollment_id)
        .subquery("marks")
    )
    return (
        sa.select(
            enrollment.c.student_id,
            enrollment.c.id.label("enrollment_id"),
            enrollment.c.status.label("enrollment_status"),
            STUDENT_NAME,
            student_ref.c.student_phone,
            student_ref.c.parent_phone,
            sa.func.coalesce(marks.c.marks, sa.text("'{}'::json")).label("attendance"),
        )
        .join(student_ref, _STUDENT)
        .outerjoin(marks, marks.c.enrollment_id == enrollment.c.id)
        .where(
            enrollment.c.tenant_id == tenant,
            enrollment.c.lecture_id == lecture_id,
            student_ref.c.deleted.is_(False),
        )
    )


def _with_student(tenant: str) -> sa.Select[Any]:
    return (
        sa.select(
            attendance.c.id,
            attendance.c.session_id,
            attendance.c.enrollment_id,
            attendance.c.status,
            attendance.c.memo,
            attendance.c.recorded_at,
            session.c.lecture_id,
            enrollment.c.student_id,
            STUDENT_NAME,
        )
        .join(session, sa.and_(session.c.tenant_id == tenant, session.c.id == attendance.c.session_id))
        .join(enrollment, _ENROLLMENT)
        .join(student_ref, _STUDENT)
        .where(attendance.c.tenant_id == tenant, student_ref.c.deleted.is_(False))
    )
