"""Lectures and sessions (차시) under /api/v1/lectures."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from servicekit.auth import STAFF_ROLES
from servicekit.pagination import fetch_page
from servicekit.problem import Problem
from servicekit.web import Blueprint, tx
from sqlalchemy import RowMapping

from enrollment.schemas.lectures import (
    LectureChanges,
    LectureSchema,
    LecturesQuery,
    LecturesSchema,
    NewLecture,
    NewSession,
    SessionChanges,
    SessionSchema,
    SessionsQuery,
    SessionsSchema,
)
from enrollment.store import lectures as store
from enrollment.usecases import lectures as usecases

lectures = Blueprint("lectures", __name__, url_prefix="/api/v1/lectures/lectures", description="강의")
sessions = Blueprint("sessions", __name__, url_prefix="/api/v1/lectures/sessions", description="차시")


@lectures.route("/", roles=STAFF_ROLES)
@lectures.arguments(LecturesQuery, location="query")
@lectures.response(200, LecturesSchema)
def list_lectures(query: dict[str, Any]) -> dict[str, Any]:
    """Lectures, newest first."""
    with tx() as uow:
        page = fetch_page(
            uow.conn,
            store.lecture_listing(uow.tenant, search=query["search"], is_active=query["is_active"]),
            store.LECTURE_ORDER,
            cursor=query.get("cursor"),
            page_size=query["page_size"],
            descending=True,
        )
    return page.answer(lambda row: row)


@lectures.route("/", roles=STAFF_ROLES, methods=["POST"])
@lectures.arguments(NewLecture)
@lectures.response(201, LectureSchema)
def create_lecture(values: dict[str, Any]) -> RowMapping:
    """Create a lecture; its title is unique in the academy (409 lecture_title_taken)."""
    with tx() as uow:
        return usecases.create_lecture(uow, values)


@lectures.route("/<uuid:lecture_id>/", roles=STAFF_ROLES)
@lectures.response(200, LectureSchema)
def show_lecture(lecture_id: UUID) -> RowMapping:
    """One lecture."""
    with tx() as uow:
        return _found(store.find_lecture(uow.conn, uow.tenant, lecture_id))


@lectures.route("/<uuid:lecture_id>/", roles=STAFF_ROLES, methods=["PATCH"])
@lectures.arguments(LectureChanges)
@lectures.response(200, LectureSchema)
def change_lecture(values: dict[str, Any], lecture_id: UUID) -> RowMapping:
    """Change the given fields of a lecture (409 lecture_title_taken)."""
    with tx() as uow:
        return usecases.change_lecture(uow, lecture_id, values)


@lectures.route("/<uuid:lecture_id>/", roles=STAFF_ROLES, methods=["DELETE"])
@lectures.response(204)
def delete_lecture(lecture_id: UUID) -> None:
    """Delete a lecture without enrollments, with its sessions (409 lecture_not_empty otherwise)."""
    with tx() as uow:
        usecases.remove_lecture(uow, lecture_id)


@sessions.route("/", roles=STAFF_ROLES)
@sessions.arguments(SessionsQuery, location="query")
@sessions.response(200, SessionsSchema)
def list_sessions(query: dict[str, Any]) -> dict[str, Any]:
    """The sessions of a lecture, in their order."""
    with tx() as uow:
        _found(store.find_lecture(uow.conn, uow.tenant, query["lecture"]))
        page = fetch_page(
            uow.conn,
            store.session_listing(uow.tenant, query["lecture"]),
            store.SESSION_ORDER,
            cursor=query.get("cursor"),
            page_size=query["page_size"],
        )
    return page.answer(lambda row: row)


@sessions.route("/", roles=STAFF_ROLES, methods=["POST"])
@sessions.arguments(NewSession)
@sessions.response(201, SessionSchema)
def create_session(values: dict[str, Any]) -> RowMapping:
    """Create a session: the last of its lecture unless it names a free order (409 session_order_taken)."""
    with tx() as uow:
        return usecases.create_session(uow, values.pop("lecture"), values)


@sessions.route("/<uuid:session_id>/", roles=STAFF_ROLES)
@sessions.response(200, SessionSchema)
def show_session(session_id: UUID) -> RowMapping:
    """One session."""
    with tx() as uow:
        return _found(store.find_session(uow.conn, uow.tenant, session_id))


@sessions.route("/<uuid:session_id>/", roles=STAFF_ROLES, methods=["PATCH"])
@sessions.arguments(SessionChanges)
@sessions.response(200, SessionSchema)
def change_session(values: dict[str, Any], session_id: UUID) -> RowMapping:
    """Change the given fields of a session (409 session_order_taken)."""
    with tx() as uow:
        return usecases.change_session(uow, session_id, values)


@sessions.route("/<uuid:session_id>/", roles=STAFF_ROLES, methods=["DELETE"])
@sessions.response(204)
def delete_session(session_id: UUID) -> None:
    """Delete a session in which nothing has been recorded (409 session_has_records otherwise)."""
    with tx() as uow:
        usecases.remove_session(uow, session_id)


def _found(row: RowMapping | None) -> RowMapping:
    if row is None:
        raise Problem("not_found")
    return row
