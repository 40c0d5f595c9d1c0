"""Attendance: who was there. Nothing here tells a guardian anything (earlier system, failure 8)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from eventkit.uow import UnitOfWork
from servicekit.problem import Problem
from sqlalchemy import RowMapping

from enrollment.domain.attendance import (
    AttendanceStatus,
    SecessionNotConfirmedError,
    TerminalStatusError,
    check_transition,
)
from enrollment.store import attendance, enrollments, lectures
from enrollment.usecases.enrollments import (
    announce_enrollments,
    announce_session_enrollments,
    enrol_known,
    unknown_session,
)


def add_students(uow: UnitOfWork, session_id: UUID, student_ids: Collection[UUID]) -> list[RowMapping]:
    """Enrol students in the session's lecture and put them into the session, all or none, UNSET.

    Attendance that exists stays as it is. Raises Problem 422 unknown_session, unknown_students.
    """
    found = lectures.find_session(uow.conn, uow.tenant, session_id)
    # Lecture first, then session: the order in which a deletion takes them.
    if (
        found is None
        or lectures.hold_lecture(uow.conn, uow.tenant, found["lecture_id"]) is None
        or lectures.hold_session(uow.conn, uow.tenant, session_id) is None
    ):
        raise unknown_session()
    enrolled = enrol_known(uow, found["lecture_id"], student_ids)
    new = enrollments.session_enrol(uow.conn, uow.tenant, session_id, [row.id for row in enrolled])
    announce_session_enrollments(uow, new)
    return attendance.list_attendance(uow.conn, uow.tenant, session_id, only=student_ids)


def matrix(uow: UnitOfWork, lecture_id: UUID) -> dict[str, Any]:
    """A lecture's sessions and students with every mark, in three queries. Raises Problem 404."""
    lecture = lectures.find_lecture(uow.conn, uow.tenant, lecture_id)
    if lecture is None:
        raise Problem("not_found")
    return {
        "lecture": lecture,
        "sessions": lectures.list_sessions(uow.conn, uow.tenant, lecture_id),
        "students": attendance.matrix_rows(uow.conn, uow.tenant, lecture_id),
    }


def record(
    uow: UnitOfWork,
    attendance_id: UUID,
    *,
    status: AttendanceStatus | None,
    memo: str | None,
    confirmed: bool,
) -> RowMapping:
    """Set status, memo, or both (None = as it is). SECESSION ends the enrollment and marks all of it.

    Raises Problem 404, 409 attendance_terminal, 422 secession_not_confirmed.
    """
    present = attendance.lock_attendance(uow.conn, uow.tenant, attendance_id)
    if present is None:
        raise Problem("not_found")
    current = AttendanceStatus(present["status"])
    new = status or current
    _check(current, new, confirmed=confirmed)
    values: dict[str, Any] = {} if memo is None else {"memo": memo}
    if new is not current:
        recorded_at = None if new is AttendanceStatus.UNSET else sa.func.now()
        values |= {"status": new.value, "recorded_at": recorded_at}
    if values:
        attendance.update_attendance(uow.conn, uow.tenant, attendance_id, values)
    if new is AttendanceStatus.SECESSION and new is not current:
        _withdraw(uow, present["enrollment_id"], present["lecture_id"])
    elif new is not current:
        changed_marks = enrollments.marked(
            uow.conn, uow.tenant, present["enrollment_id"], present["session_id"]
        )
        announce_session_enrollments(uow, changed_marks)
    changed = attendance.find_attendance(uow.conn, uow.tenant, attendance_id)
    assert changed is not None
    return changed


def _withdraw(uow: UnitOfWork, enrollment_id: UUID, lecture_id: UUID) -> None:
    attendance.withdraw(uow.conn, uow.tenant, enrollment_id)
    announce_session_enrollments(uow, enrollments.marked(uow.conn, uow.tenant, enrollment_id))
    ended = enrollments.set_status(uow.conn, uow.tenant, enrollment_id, "INACTIVE")
    announce_enrollments(uow, lecture_id, [ended], status="INACTIVE")


def _check(current: AttendanceStatus, new: AttendanceStatus, *, confirmed: bool) -> None:
    try:
        check_transition(current, new, confirmed=confirmed)
    except TerminalStatusError:
        detail = f"{current.label} 처리된 출결은 바꿀 수 없습니다."
        raise Problem("attendance_terminal", detail, status=409) from None
    except SecessionNotConfirmedError:
        raise Problem(
            "secession_not_confirmed",
            f"{new.label} 처리는 수강을 종료하고 모든 출결을 {new.label}로 바꾸므로 확인이 필요합니다.",
            status=422,
            errors={"confirm_secession": ["true로 확인해 주세요."]},
        ) from None
