"""Enrollments and session enrollments, by sets: no function here runs a query per row.

Rows are locked in one order everywhere (lecture, session, students by id, enrollments by student id),
so that two requests over the same people wait for each other instead of dying in a deadlock.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from eventkit.ids import new_id
from sqlalchemy import Connection, Row, RowMapping
from sqlalchemy.dialects.postgresql import ARRAY, insert

from enrollment.store.tables import (
    NEXT_VERSION,
    attendance,
    enrollment,
    lecture,
    session,
    session_enrollment,
    student_ref,
)

# what an attendance says before anybody has said anything
_UNSET = sa.literal("UNSET")


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An ACTIVE enrollment; `was_active` when it was so before and nothing was written."""

    id: UUID
    student_id: UUID
    version: int
    was_active: bool


def ids(values: Collection[UUID]) -> sa.ColumnElement[Any]:
    """The set as one array parameter, so that a statement's text does not grow with it."""
    return sa.literal(list(values), ARRAY(sa.Uuid))


def known_students(conn: Connection, tenant: str, student_ids: Collection[UUID]) -> set[UUID]:
    """Which of these are students of the academy and not deleted; they stay so until commit."""
    query = (
        sa.select(student_ref.c.student_id)
        .where(
            student_ref.c.tenant_id == tenant,
            student_ref.c.student_id == sa.any_(ids(student_ids)),
            student_ref.c.deleted.is_(False),
        )
        .order_by(student_ref.c.student_id)
        .with_for_update(read=True)
    )
    return set(conn.execute(query).scalars())


def enrol(conn: Connection, tenant: str, lecture_id: UUID, student_ids: Collection[UUID]) -> list[Enrolled]:
    """Make every student's enrollment in the lecture ACTIVE: create it, or bring an ended one back.

    The one way into a lecture, for requests and imports alike (earlier system, failure 7). Two
    statements whatever the number; repeated ids count once. The caller has checked the students and
    holds the lecture; publishes nothing.
    """
    wanted = sorted(set(student_ids))
    given = sa.select(
        sa.func.unnest(ids([new_id() for _ in wanted])).label("id"),
        sa.func.unnest(ids(wanted)).label("student_id"),
    ).subquery("given")
    rows = sa.select(given.c.id, sa.literal(tenant), sa.literal(lecture_id, sa.Uuid), given.c.student_id)
    upsert = (
        insert(enrollment)
        .from_select(
            ["id", "tenant_id", "lecture_id", "student_id"],
            rows.order_by(given.c.student_id),
        )
        .on_conflict_do_update(
            constraint="enrollment_student_key",
            set_={
                "status": "ACTIVE",
                "version": NEXT_VERSION,
                "enrolled_at": sa.func.now(),
                "updated_at": sa.func.now(),
            },
            where=enrollment.c.status != "ACTIVE",
        )
        .returning(enrollment.c.id)
    )
    changed = set(conn.execute(upsert).scalars())
    # A second statement, because it must see what a concurrent request committed while the first waited.
    now = sa.select(enrollment.c.id, enrollment.c.student_id, enrollment.c.version).where(
        enrollment.c.tenant_id == tenant,
        enrollment.c.lecture_id == lecture_id,
        enrollment.c.student_id == sa.any_(ids(wanted)),
    )
    return [Enrolled(row.id, row.student_id, row.version, row.id not in changed) for row in conn.execute(now)]


def session_enrol(
    conn: Connection, tenant: str, session_id: UUID, enrollment_ids: Collection[UUID]
) -> Sequence[RowMapping]:
    """Put enrollments into a session, each with an attendance that says UNSET. Two statements.

    Answers the new ones only: session_id, enrollment_id, lecture_id, student_id, version, attendance. The
    caller has checked that they belong to the session's lecture and holds both.
    """
    members = (
        sa.select(
            enrollment.c.tenant_id, sa.literal(session_id, sa.Uuid).label("session_id"), enrollment.c.id
        )
        .where(enrollment.c.tenant_id == tenant, enrollment.c.id == sa.any_(ids(enrollment_ids)))
        .order_by(enrollment.c.student_id)
    )
    columns = ["tenant_id", "session_id", "enrollment_id"]
    created = (
        insert(session_enrollment)
        .from_select(columns, members)
        .on_conflict_do_nothing(constraint="session_enrollment_key")
        .returning(
            session_enrollment.c.session_id,
            session_enrollment.c.enrollment_id,
            session_enrollment.c.version,
        )
        .cte("created")
    )
    rows = sa.select(
        created, enrollment.c.lecture_id, enrollment.c.student_id, _UNSET.label("attendance")
    ).join(enrollment, sa.and_(enrollment.c.tenant_id == tenant, enrollment.c.id == created.c.enrollment_id))
    new = conn.execute(rows).mappings().all()
    conn.execute(
        insert(attendance).from_select(columns, members).on_conflict_do_nothing(constraint="attendance_key")
    )
    return new


# Hangul in code point order is 가나다 order, whatever the database's own collation thinks of it.
STUDENT_NAME = sa.collate(student_ref.c.name, "C").label("student_name")
ROSTER_ORDER = (STUDENT_NAME, enrollment.c.id)


def listing(
    tenant: str,
    *,
    lecture_id: UUID | None = None,
    student_id: UUID | None = None,
    session_id: UUID | None = None,
    status: str | None = None,
    search: str = "",
) -> sa.Select[Any]:
    """Enrollments with their students; order and paging are the caller's (ROSTER_ORDER).

    `search` is part of a name: "홍 길동" finds 홍길동. Deleted students are hidden.
    """
    query = _with_student(tenant)
    if lecture_id is not None:
        query = query.where(enrollment.c.lecture_id == lecture_id)
    if student_id is not None:
        query = query.where(enrollment.c.student_id == student_id)
    if session_id is not None:
        of_session = sa.select(session_enrollment.c.id).where(
            _ENROLLMENT_OF_MEMBER, session_enrollment.c.session_id == session_id
        )
        query = query.where(of_session.exists())
    if status is not None:
        query = query.where(enrollment.c.status == status)
    if search:
        name = sa.func.replace(student_ref.c.name, " ", "")
        query = query.where(name.icontains(search.replace(" ", ""), autoescape=True))
    return query


def enrollments_of(
    conn: Connection, tenant: str, lecture_id: UUID, student_ids: Collection[UUID]
) -> list[RowMapping]:
    """The enrollments of these students in a lecture, by student name."""
    query = (
        _with_student(tenant)
        .where(enrollment.c.lecture_id == lecture_id, enrollment.c.student_id == sa.any_(ids(student_ids)))
        .order_by(*ROSTER_ORDER)
    )
    return list(conn.execute(query).mappings())


def find_enrollment(conn: Connection, tenant: str, enrollment_id: UUID) -> RowMapping | None:
    query = _with_student(tenant).where(enrollment.c.id == enrollment_id)
    return conn.execute(query).mappings().first()


def lock_enrollment(conn: Connection, tenant: str, enrollment_id: UUID) -> RowMapping | None:
    """The enrollment for one writer at a time; its student cannot be deleted meanwhile."""
    query = _with_student(tenant).where(enrollment.c.id == enrollment_id)
    held = query.with_for_update(read=True, of=student_ref)
    if conn.execute(held).first() is None:
        return None
    return conn.execute(query.with_for_update(of=enrollment)).mappings().first()


def active_flags(
    conn: Connection, tenant: str, lecture_id: UUID, enrollment_ids: Collection[UUID]
) -> dict[UUID, bool]:
    """Which of these belong to the lecture, and whether each is ACTIVE; they stay so until commit."""
    query = (
        sa.select(enrollment.c.id, enrollment.c.status)
        .join(student_ref, _STUDENT_OF_ENROLLMENT)
        .where(
            enrollment.c.tenant_id == tenant,
            enrollment.c.lecture_id == lecture_id,
            enrollment.c.id == sa.any_(ids(enrollment_ids)),
            student_ref.c.deleted.is_(False),
        )
        .order_by(enrollment.c.student_id)
        .with_for_update(read=True, of=enrollment)
    )
    return {row.id: row.status == "ACTIVE" for row in conn.execute(query)}


def set_status(
    conn: Connection, tenant: str, enrollment_ids: Collection[UUID], status: str
) -> Sequence[Row[Any]]:
    """Answers id, student_id, lecture_id and the new version of each. One that becomes ACTIVE begins anew."""
    started = sa.func.now() if status == "ACTIVE" else enrollment.c.enrolled_at
    statement = (
        sa.update(enrollment)
        .where(enrollment.c.tenant_id == tenant, enrollment.c.id == sa.any_(ids(enrollment_ids)))
        .values(status=status, version=NEXT_VERSION, enrolled_at=started, updated_at=sa.func.now())
        .returning(enrollment.c.id, enrollment.c.student_id, enrollment.c.lecture_id, enrollment.c.version)
    )
    return conn.execute(statement).all()


def delete_enrollment(conn: Connection, tenant: str, enrollment_id: UUID) -> Row[Any]:
    """Answers id, student_id and the version of its end. Raises IntegrityError while it has sessions."""
    statement = (
        sa.delete(enrollment)
        .where(enrollment.c.tenant_id == tenant, enrollment.c.id == enrollment_id)
        .returning(enrollment.c.id, enrollment.c.student_id, NEXT_VERSION.label("version"))
    )
    return conn.execute(statement).one()


def list_session_enrollments(
    conn: Connection,
    tenant: str,
    *,
    session_id: UUID | None = None,
    enrollment_id: UUID | None = None,
    only: Collection[UUID] | None = None,
) -> list[RowMapping]:
    """Complete, by session order and student name; `only` keeps those of the given enrollments."""
    query = (
        sa.select(
            session_enrollment.c.id,
            session_enrollment.c.session_id,
            session_enrollment.c.enrollment_id,
            session_enrollment.c.created_at,
            enrollment.c.student_id,
            enrollment.c.status.label("enrollment_status"),
            STUDENT_NAME,
            student_ref.c.school,
            student_ref.c.grade,
        )
        .join(session, _SESSION_OF_MEMBER)
        .join(enrollment, _ENROLLMENT_OF_MEMBER)
        .join(student_ref, _STUDENT_OF_ENROLLMENT)
        .where(session_enrollment.c.tenant_id == tenant, student_ref.c.deleted.is_(False))
        .order_by(session.c.order, session.c.id, *ROSTER_ORDER)
    )
    if session_id is not None:
        query = query.where(session_enrollment.c.session_id == session_id)
    if enrollment_id is not None:
        query = query.where(session_enrollment.c.enrollment_id == enrollment_id)
    if only is not None:
        query = query.where(session_enrollment.c.enrollment_id == sa.any_(ids(only)))
    return list(conn.execute(query).mappings())


def lock_enrollment_of(conn: Connection, tenant: str, table: sa.Table, row_id: UUID) -> bool:
    """Lock the enrollment that a row of `table` belongs to; False where there is no such row."""
    of_row = sa.select(table.c.enrollment_id).where(table.c.tenant_id == tenant, table.c.id == row_id)
    lock = sa.select(enrollment.c.id).where(
        enrollment.c.tenant_id == tenant, enrollment.c.id == of_row.scalar_subquery()
    )
    return conn.execute(lock.with_for_update(key_share=True)).first() is not None


def lock_member(conn: Connection, tenant: str, session_enrollment_id: UUID) -> RowMapping | None:
    """A session enrollment by its id, its enrollment locked (which orders its versions)."""
    if not lock_enrollment_of(conn, tenant, session_enrollment, session_enrollment_id):
        return None
    query = sa.select(session_enrollment.c.session_id, session_enrollment.c.enrollment_id).where(
        session_enrollment.c.tenant_id == tenant, session_enrollment.c.id == session_enrollment_id
    )
    return conn.execute(query).mappings().first()


def leave_sessions(
    conn: Connection, tenant: str, *, session_id: UUID | None = None, enrollment_id: UUID | None = None
) -> Sequence[RowMapping]:
    """Remove session enrollments with their attendance: of a session, of an enrollment, or of both.

    Answers the removed ones: session_id, enrollment_id, lecture_id, student_id, version of their end,
    attendance (UNSET: the marks are gone with them).
    """
    if session_id is None and enrollment_id is None:
        raise TypeError("a session, an enrollment, or both")
    wanted = {"session_id": session_id, "enrollment_id": enrollment_id}
    given = {name: value for name, value in wanted.items() if value is not None}
    conn.execute(
        sa.delete(attendance).where(
            attendance.c.tenant_id == tenant, *(attendance.c[name] == value for name, value in given.items())
        )
    )
    statement = (
        sa.delete(session_enrollment)
        .where(
            session_enrollment.c.tenant_id == tenant,
            *(session_enrollment.c[name] == value for name, value in given.items()),
            _ENROLLMENT_OF_MEMBER,
        )
        .returning(
            session_enrollment.c.session_id,
            session_enrollment.c.enrollment_id,
            enrollment.c.lecture_id,
            enrollment.c.student_id,
            NEXT_VERSION.label("version"),
            _UNSET.label("attendance"),
        )
    )
    return conn.execute(statement).mappings().all()


_LECTURE_OF_ENROLLMENT = sa.and_(
    lecture.c.tenant_id == enrollment.c.tenant_id, lecture.c.id == enrollment.c.lecture_id
)
_STUDENT_OF_ENROLLMENT = sa.and_(
    student_ref.c.tenant_id == enrollment.c.tenant_id, student_ref.c.student_id == enrollment.c.student_id
)
_ENROLLMENT_OF_MEMBER = sa.and_(
    enrollment.c.tenant_id == session_enrollment.c.tenant_id,
    enrollment.c.id == session_enrollment.c.enrollment_id,
)
_SESSION_OF_MEMBER = sa.and_(
    session.c.tenant_id == session_enrollment.c.tenant_id, session.c.id == session_enrollment.c.session_id
)


def _with_student(tenant: str) -> sa.Select[Any]:
    return (
        sa.select(
            enrollment.c.id,
            enrollment.c.lecture_id,
            lecture.c.title.label("lecture_title"),
            enrollment.c.student_id,
            enrollment.c.status,
            enrollment.c.enrolled_at,
            STUDENT_NAME,
            student_ref.c.student_phone,
            student_ref.c.parent_phone,
            student_ref.c.school,
            student_ref.c.grade,
        )
        .join(lecture, _LECTURE_OF_ENROLLMENT)
        .join(student_ref, _STUDENT_OF_ENROLLMENT)
        .where(enrollment.c.tenant_id == tenant, student_ref.c.deleted.is_(False))
    )
