"""Attendance under /api/v1/lectures/attendance. Nothing here tells a guardian anything."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from servicekit.auth import STAFF_ROLES
from servicekit.problem import Problem
from servicekit.web import Blueprint, deps, tx
from sqlalchemy import RowMapping

from enrollment.domain.attendance import AttendanceStatus
from enrollment.ports import ApiPorts
from enrollment.schemas.attendance import (
    AttendanceChanges,
    AttendanceListSchema,
    AttendanceQuery,
    AttendanceSchema,
    BulkChanges,
    BulkChangeSchema,
    BulkUndo,
    MatrixQuery,
    MatrixSchema,
    NewAttendance,
)
from enrollment.store import attendance as store
from enrollment.store import lectures
from enrollment.usecases import attendance as usecases

attendance = Blueprint("attendance", __name__, url_prefix="/api/v1/lectures/attendance", description="출결")


@attendance.route("/", roles=STAFF_ROLES)
@attendance.arguments(AttendanceQuery, location="query")
@attendance.response(200, AttendanceListSchema)
def list_attendance(query: dict[str, Any]) -> dict[str, Any]:
    """Everybody's attendance in a session, by name; complete."""
    with tx() as uow:
        if lectures.find_session(uow.conn, uow.tenant, query["session"]) is None:
            raise Problem("not_found")
        rows = store.list_attendance(uow.conn, uow.tenant, query["session"])
    return {"results": rows, "next": None}


@attendance.route("/bulk_create/", roles=STAFF_ROLES, methods=["POST"])
@attendance.arguments(NewAttendance)
@attendance.response(201, AttendanceListSchema)
def add_students(body: dict[str, Any]) -> dict[str, Any]:
    """Enrol up to 500 students in the session's lecture and in the session, all or none, UNSET."""
    with tx() as uow:
        rows = usecases.add_students(uow, body["session"], body["students"])
    return {"results": rows, "next": None}


@attendance.route("/bulk_set/", roles=STAFF_ROLES, methods=["POST"])
@attendance.arguments(BulkChanges)
@attendance.response(200, BulkChangeSchema)
def set_attendance(body: dict[str, Any]) -> dict[str, Any]:
    """One status for a session's marks or those of `attendances`, all or none; 10 minutes to undo it."""
    with tx() as uow:
        done = usecases.set_all(
            uow,
            body["session"],
            AttendanceStatus(body["status"]),
            only=body["attendances"],
            only_unset=body["only_unset"],
            confirmed=body["confirm_secession"],
        )
        token = deps(ApiPorts).undo_tokens.sign(uow.tenant, done.undo) if done.undo else None
    counts = {name: getattr(done, name) for name in ("changed", "unchanged", "terminal")}
    return {**counts, "undo_token": token, "results": done.results}


@attendance.route("/bulk_undo/", roles=STAFF_ROLES, methods=["POST"])
@attendance.arguments(BulkUndo)
@attendance.response(200, AttendanceListSchema)
def undo_attendance(body: dict[str, Any]) -> dict[str, Any]:
    """Take a bulk change back, all or none (409 attendance_changed when a mark is another one by now)."""
    with tx() as uow:
        rows = usecases.undo_all(uow, deps(ApiPorts).undo_tokens.read(uow.tenant, body["undo_token"]))
    return {"results": rows, "next": None}


@attendance.route("/matrix/", roles=STAFF_ROLES)
@attendance.arguments(MatrixQuery, location="query")
@attendance.response(200, MatrixSchema)
def show_matrix(query: dict[str, Any]) -> dict[str, Any]:
    """A lecture's sessions × students with every mark; complete."""
    with tx() as uow:
        return usecases.matrix(uow, query["lecture"])


@attendance.route("/<uuid:attendance_id>/", roles=STAFF_ROLES, methods=["PATCH"])
@attendance.arguments(AttendanceChanges)
@attendance.response(200, AttendanceSchema)
def record_attendance(body: dict[str, Any], attendance_id: UUID) -> RowMapping:
    """Record a status or a memo; SECESSION ends the enrollment for good and needs `confirm_secession`."""
    status = AttendanceStatus(body["status"]) if "status" in body else None
    with tx() as uow:
        return usecases.record(
            uow, attendance_id, status=status, memo=body.get("memo"), confirmed=body["confirm_secession"]
        )
