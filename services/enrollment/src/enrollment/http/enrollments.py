"""Enrollments and session enrollments under /api/v1/enrollments."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from servicekit.auth import STAFF_ROLES
from servicekit.pagination import fetch_page
from servicekit.problem import Problem
from servicekit.web import Blueprint, tx
from sqlalchemy import RowMapping

from enrollment.schemas.enrollments import (
    EnrolledListSchema,
    EnrollmentChanges,
    EnrollmentSchema,
    EnrollmentsQuery,
    EnrollmentsSchema,
    NewEnrollments,
    NewSessionEnrollments,
    SessionEnrollmentsQuery,
    SessionEnrollmentsSchema,
)
from enrollment.store import enrollments as store
from enrollment.usecases import enrollments as usecases

enrollments = Blueprint("enrollments", __name__, url_prefix="/api/v1/enrollments", description="수강 등록")
session_enrollments = Blueprint(
    "session_enrollments",
    __name__,
    url_prefix="/api/v1/enrollments/session-enrollments",
    description="차시별 수강생",
)


@enrollments.route("/", roles=STAFF_ROLES)
@enrollments.arguments(EnrollmentsQuery, location="query")
@enrollments.response(200, EnrollmentsSchema)
def list_enrollments(query: dict[str, Any]) -> dict[str, Any]:
    """Enrollments by student name, those of deleted students left out."""
    with tx() as uow:
        listing = store.listing(
            uow.tenant,
            lecture_id=query["lecture"],
            student_id=query["student"],
            session_id=query["session"],
            status=query["status"],
            search=query["search"],
        )
        page = fetch_page(
            uow.conn,
            listing,
            store.ROSTER_ORDER,
            cursor=query.get("cursor"),
            page_size=query["page_size"],
        )
    return page.answer(lambda row: row)


@enrollments.route("/bulk_create/", roles=STAFF_ROLES, methods=["POST"])
@enrollments.arguments(NewEnrollments)
@enrollments.response(201, EnrolledListSchema)
def enrol_students(body: dict[str, Any]) -> dict[str, Any]:
    """Enrol up to 500 students in a lecture, all or none; ended enrollments begin anew. Tells no guardian."""
    with tx() as uow:
        rows = usecases.enrol_students(uow, body["lecture"], body["students"])
    return {"results": rows, "next": None}


@enrollments.route("/<uuid:enrollment_id>/", roles=STAFF_ROLES)
@enrollments.response(200, EnrollmentSchema)
def show_enrollment(enrollment_id: UUID) -> RowMapping:
    """One enrollment."""
    with tx() as uow:
        found = store.find_enrollment(uow.conn, uow.tenant, enrollment_id)
    if found is None:
        raise Problem("not_found")
    return found


@enrollments.route("/<uuid:enrollment_id>/", roles=STAFF_ROLES, methods=["PATCH"])
@enrollments.arguments(EnrollmentChanges)
@enrollments.response(200, EnrollmentSchema)
def change_enrollment(body: dict[str, Any], enrollment_id: UUID) -> RowMapping:
    """Change the status of an enrollment."""
    with tx() as uow:
        return usecases.change_status(uow, enrollment_id, body["status"])


@enrollments.route("/<uuid:enrollment_id>/", roles=STAFF_ROLES, methods=["DELETE"])
@enrollments.response(204)
def delete_enrollment(enrollment_id: UUID) -> None:
    """Delete an enrollment with its session enrollments and attendance."""
    with tx() as uow:
        usecases.remove_enrollment(uow, enrollment_id)


@session_enrollments.route("/", roles=STAFF_ROLES)
@session_enrollments.arguments(SessionEnrollmentsQuery, location="query")
@session_enrollments.response(200, SessionEnrollmentsSchema)
def list_session_enrollments(query: dict[str, Any]) -> dict[str, Any]:
    """Who is in a session, or in which sessions an enrollment is; complete."""
    with tx() as uow:
        rows = store.list_session_enrollments(
            uow.conn, uow.tenant, session_id=query["session"], enrollment_id=query["enrollment"]
        )
    return {"results": rows, "next": None}


@session_enrollments.route("/bulk_create/", roles=STAFF_ROLES, methods=["POST"])
@session_enrollments.arguments(NewSessionEnrollments)
@session_enrollments.response(201, SessionEnrollmentsSchema)
def enrol_in_session(body: dict[str, Any]) -> dict[str, Any]:
    """Put up to 500 active enrollments of its lecture into a session, all or none; attendance is UNSET."""
    with tx() as uow:
        rows = usecases.enrol_in_session(uow, body["session"], body["enrollments"])
    return {"results": rows, "next": None}


@session_enrollments.route("/<uuid:session_enrollment_id>/", roles=STAFF_ROLES, methods=["DELETE"])
@session_enrollments.response(204)
def delete_session_enrollment(session_enrollment_id: UUID) -> None:
    """Take a student out of a session, attendance included."""
    with tx() as uow:
        usecases.remove_session_enrollment(uow, session_enrollment_id)
