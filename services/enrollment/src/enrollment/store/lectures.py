"""Lectures and their sessions (차시). Every query names the tenant; row-level security is the second lock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from eventkit.ids import new_id
from sqlalchemy import Connection, RowMapping
from sqlalchemy.dialects.postgresql import insert

from enrollment.store.tables import (
    NEXT_VERSION,
    attendance,
    enrollment,
    lecture,
    session,
    session_enrollment,
)

Values = Mapping[str, Any]


# Newest first: read with descending=True.
LECTURE_ORDER = (lecture.c.created_at, lecture.c.id)
SESSION_ORDER = (session.c.order, session.c.id)


def lecture_listing(tenant: str, *, search: str, is_active: bool | None) -> sa.Select[Any]:
    """Lectures, `search` in their titles; order and paging are the caller's (LECTURE_ORDER)."""
    query = sa.select(lecture).where(lecture.c.tenant_id == tenant)
    if search:
        query = query.where(lecture.c.title.icontains(search, autoescape=True))
    return query if is_active is None else query.where(lecture.c.is_active == is_active)


def find_lecture(conn: Connection, tenant: str, lecture_id: UUID) -> RowMapping | None:
    query = sa.select(lecture).where(lecture.c.tenant_id == tenant, lecture.c.id == lecture_id)
    return conn.execute(query).mappings().first()


def hold_lecture(conn: Connection, tenant: str, lecture_id: UUID) -> RowMapping | None:
    """The lecture, which cannot be deleted until this transaction ends. Many may hold it at once."""
    return _locked(conn, lecture, tenant, lecture_id, read=True, key_share=True)


def lock_lecture(conn: Connection, tenant: str, lecture_id: UUID) -> RowMapping | None:
    """The lecture, for one writer at a time; those who hold it are not waited for."""
    return _locked(conn, lecture, tenant, lecture_id, key_share=True)


def seize_lecture(conn: Connection, tenant: str, lecture_id: UUID) -> RowMapping | None:
    """The lecture, when nobody holds it any more: what its deletion starts with."""
    return _locked(conn, lecture, tenant, lecture_id)


def insert_lecture(conn: Connection, tenant: str, values: Values) -> RowMapping:
    """Raises IntegrityError lecture_title_key."""
    return _inserted(conn, lecture, tenant, values)


def update_lecture(conn: Connection, tenant: str, lecture_id: UUID, values: Values) -> RowMapping:
    """Raises IntegrityError lecture_title_key."""
    return _updated(conn, lecture, tenant, lecture_id, values)


def count_enrollments(conn: Connection, tenant: str, lecture_id: UUID) -> int:
    """Of any status, those of students in the trash included."""
    query = sa.select(sa.func.count()).where(
        enrollment.c.tenant_id == tenant, enrollment.c.lecture_id == lecture_id
    )
    return conn.execute(query).scalar_one()


def delete_lecture(conn: Connection, tenant: str, lecture_id: UUID) -> list[RowMapping]:
    """The lecture with its sessions; those, with the version of their end. Raises IntegrityError when
    somebody is enrolled.
    """
    gone = _deleted_sessions(conn, session.c.tenant_id == tenant, session.c.lecture_id == lecture_id)
    conn.execute(sa.delete(lecture).where(lecture.c.tenant_id == tenant, lecture.c.id == lecture_id))
    return gone


def renew_sessions(conn: Connection, tenant: str, lecture_id: UUID) -> list[RowMapping]:
    """Every session of a lecture, with a new version, because something of the lecture has changed."""
    statement = (
        sa.update(session)
        .where(session.c.tenant_id == tenant, session.c.lecture_id == lecture_id)
        .values(version=NEXT_VERSION)
        .returning(session)
    )
    return list(conn.execute(statement).mappings())


def untold_lectures(conn: Connection, limit: int) -> list[tuple[str, UUID]]:
    """(tenant, id) of lectures with sessions that no other service was told of; in a system transaction."""
    query = sa.select(session.c.tenant_id, session.c.lecture_id).where(session.c.version == 0)
    return [(row.tenant_id, row.lecture_id) for row in conn.execute(query.distinct().limit(limit))]


def session_listing(tenant: str, lecture_id: UUID) -> sa.Select[Any]:
    """Sessions of a lecture; order and paging are the caller's (SESSION_ORDER)."""
    return sa.select(session).where(session.c.tenant_id == tenant, session.c.lecture_id == lecture_id)


def list_sessions(conn: Connection, tenant: str, lecture_id: UUID) -> list[RowMapping]:
    """All sessions of a lecture in their order."""
    return list(conn.execute(session_listing(tenant, lecture_id).order_by(*SESSION_ORDER)).mappings())


def find_session(conn: Connection, tenant: str, session_id: UUID) -> RowMapping | None:
    query = sa.select(session).where(session.c.tenant_id == tenant, session.c.id == session_id)
    return conn.execute(query).mappings().first()


def hold_session(conn: Connection, tenant: str, session_id: UUID) -> RowMapping | None:
    """The session, which cannot be deleted until this transaction ends. Many may hold it at once."""
    return _locked(conn, session, tenant, session_id, read=True, key_share=True)


def seize_session(conn: Connection, tenant: str, session_id: UUID) -> RowMapping | None:
    """The session, when nobody holds it any more: what its deletion starts with."""
    return _locked(conn, session, tenant, session_id)


def next_order(conn: Connection, tenant: str, lecture_id: UUID) -> int:
    """One more than the highest; only true while the lecture is locked."""
    query = sa.select(sa.func.coalesce(sa.func.max(session.c.order), 0)).where(
        session.c.tenant_id == tenant, session.c.lecture_id == lecture_id
    )
    highest: int = conn.execute(query).scalar_one()
    return highest + 1


def insert_session(conn: Connection, tenant: str, values: Values) -> RowMapping:
    """Raises IntegrityError session_order_key."""
    return _inserted(conn, session, tenant, {**values, "version": NEXT_VERSION})


def update_session(conn: Connection, tenant: str, session_id: UUID, values: Values) -> RowMapping:
    """Raises IntegrityError session_order_key."""
    return _updated(conn, session, tenant, session_id, {**values, "version": NEXT_VERSION})


def delete_session(conn: Connection, tenant: str, session_id: UUID) -> list[RowMapping]:
    """Answers it with the version of its end. Raises IntegrityError while somebody is enrolled in it."""
    return _deleted_sessions(conn, session.c.tenant_id == tenant, session.c.id == session_id)


def is_unused(conn: Connection, tenant: str, session_id: UUID) -> bool:
    """Whether no session enrollment and no attendance is in the session."""
    used = [
        sa.exists().where(table.c.tenant_id == tenant, table.c.session_id == session_id)
        for table in (session_enrollment, attendance)
    ]
    return not conn.execute(sa.select(sa.or_(*used))).scalar_one()


def _deleted_sessions(conn: Connection, *which: sa.ColumnElement[bool]) -> list[RowMapping]:
    left = [column for column in session.c if column is not session.c.version]
    statement = sa.delete(session).where(*which).returning(*left, NEXT_VERSION.label("version"))
    return list(conn.execute(statement).mappings())


def _locked(
    conn: Connection,
    table: sa.Table,
    tenant: str,
    row_id: UUID,
    *,
    read: bool = False,
    key_share: bool = False,
) -> RowMapping | None:
    query = sa.select(table).where(table.c.tenant_id == tenant, table.c.id == row_id)
    return conn.execute(query.with_for_update(read=read, key_share=key_share)).mappings().first()


def _inserted(conn: Connection, table: sa.Table, tenant: str, values: Values) -> RowMapping:
    statement = insert(table).values(**values, id=new_id(), tenant_id=tenant).returning(table)
    return conn.execute(statement).mappings().one()


def _updated(conn: Connection, table: sa.Table, tenant: str, row_id: UUID, values: Values) -> RowMapping:
    statement = (
        sa.update(table)
        .where(table.c.tenant_id == tenant, table.c.id == row_id)
        .values(**values, updated_at=sa.func.now())
        .returning(table)
    )
    return conn.execute(statement).mappings().one()
