"""Where a roster goes and who of it is there; the way into a lecture is store.enrollments.enrol."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, RowMapping
from sqlalchemy.dialects.postgresql import insert

from enrollment.store.enrollments import ids
from enrollment.store.tables import NEXT_VERSION, enrollment, session

FIRST_SESSION_TITLE = "1차시"


def first_session(conn: Connection, tenant: str, lecture_id: UUID) -> UUID | None:
    query = sa.select(session.c.id).where(
        session.c.tenant_id == tenant, session.c.lecture_id == lecture_id, session.c.order == 1
    )
    return conn.execute(query).scalar()


def make_first_session(conn: Connection, of: RowMapping) -> RowMapping | None:
    """Session 1 of the lecture `of`; None when it is there: made once by however many imports."""
    made = insert(session).values(
        tenant_id=of["tenant_id"],
        lecture_id=of["id"],
        order=1,
        title=FIRST_SESSION_TITLE,
        date=of["start_date"],
        version=NEXT_VERSION,
    )
    once = made.on_conflict_do_nothing(constraint="session_order_key").returning(session)
    return conn.execute(once).mappings().first()


def active_students(
    conn: Connection, tenant: str, lecture_id: UUID, student_ids: Collection[UUID]
) -> set[UUID]:
    """Which of the students are in the lecture now."""
    query = sa.select(enrollment.c.student_id).where(
        enrollment.c.tenant_id == tenant,
        enrollment.c.lecture_id == lecture_id,
        enrollment.c.student_id == sa.any_(ids(student_ids)),
        enrollment.c.status == "ACTIVE",
    )
    return set(conn.execute(query).scalars())
