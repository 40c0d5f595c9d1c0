"""Attendance: who was there. Nothing here tells a guardian anything (earlier system, failure 8)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
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
    """A lecture's sessions and students with every mark. Raises Problem 404."""
    found = attendance.matrix(uow.conn, uow.tenant, lecture_id)
    if found is None:
        raise Problem("not_found")
    return found


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
        _withdraw(uow, [present["enrollment_id"]], present["lecture_id"])
    elif new is not current:
        _tell_marks(uow, [present["enrollment_id"]], present["session_id"])
    changed = attendance.find_attendance(uow.conn, uow.tenant, attendance_id)
    assert changed is not None
    return changed


@dataclass(frozen=True, slots=True)
class BulkChange:
    """What a bulk change did; `terminal` marks are SECESSION and stay. `undo` is for `undo_all`, or None."""

    changed: int
    unchanged: int
    terminal: int
    undo: dict[str, Any] | None
    results: Sequence[RowMapping]


def set_all(
    uow: UnitOfWork,
    session_id: UUID,
    status: AttendanceStatus,
    *,
    only: Collection[UUID] | None,
    only_unset: bool,
    confirmed: bool,
) -> BulkChange:
    """One status for everybody in a session, or for the marks of `only`; a constant number of statements.

    SECESSION ends the enrollments and cannot be undone. Raises Problem 422 unknown_session,
    unknown_attendance, secession_not_confirmed.
    """
    if lectures.find_session(uow.conn, uow.tenant, session_id) is None:
        raise unknown_session()
    marks = attendance.lock_session_marks(uow.conn, uow.tenant, session_id, only)
    _refuse_strangers(marks, only)
    open_marks = [mark for mark in marks if mark["status"] != AttendanceStatus.SECESSION]
    eligible = [mark for mark in open_marks if not only_unset or mark["status"] == AttendanceStatus.UNSET]
    targets = [mark for mark in eligible if mark["status"] != status]
    if targets:
        _check(AttendanceStatus(targets[0]["status"]), status, confirmed=confirmed)
    undo = _set(uow, session_id, targets, status) if targets else None
    return BulkChange(
        changed=len(targets),
        unchanged=len(open_marks) - len(targets),
        terminal=len(marks) - len(open_marks),
        undo=undo,
        results=_listed(uow, session_id, only),
    )


def undo_all(uow: UnitOfWork, undo: Mapping[str, Any]) -> Sequence[RowMapping]:
    """Give every mark of a bulk change back what it had, all or none; answers those marks.

    Raises Problem 409 attendance_changed when somebody has changed one of them since.
    """
    session_id = UUID(undo["session"])
    before = {UUID(one): (status, at, version) for one, status, at, version in undo["marks"]}
    marks = attendance.lock_session_marks(uow.conn, uow.tenant, session_id, list(before))
    present = {mark["id"]: mark["version"] for mark in marks}
    changed = [one for one, (_, _, version) in before.items() if present.get(one) != version]
    if changed:
        detail = f"그 사이에 바뀐 출결 {len(changed)}건이 있어 되돌리지 않았습니다."
        raise Problem("attendance_changed", detail, status=409)
    statuses = [status for status, _, _ in before.values()]
    times = [at for _, at, _ in before.values()]
    attendance.restore_marks(uow.conn, uow.tenant, list(before), statuses, times)
    _tell_marks(uow, [mark["enrollment_id"] for mark in marks], session_id)
    return _listed(uow, session_id, list(before))


def _set(
    uow: UnitOfWork, session_id: UUID, targets: Sequence[RowMapping], status: AttendanceStatus
) -> dict[str, Any] | None:
    members = [mark["enrollment_id"] for mark in targets]
    if status is AttendanceStatus.SECESSION:
        _withdraw(uow, members, targets[0]["lecture_id"])
        return None
    attendance.set_marks(uow.conn, uow.tenant, [mark["id"] for mark in targets], status)
    told = {row["enrollment_id"]: row["version"] for row in _tell_marks(uow, members, session_id)}
    marks = [
        [
            str(mark["id"]),
            mark["status"],
            mark["recorded_at"].isoformat() if mark["recorded_at"] else None,
            told[mark["enrollment_id"]],
        ]
        for mark in targets
    ]
    return {"session": str(session_id), "marks": marks}


def _listed(uow: UnitOfWork, session_id: UUID, only: Collection[UUID] | None) -> list[RowMapping]:
    rows = attendance.list_attendance(uow.conn, uow.tenant, session_id)
    return rows if only is None else [row for row in rows if row["id"] in set(only)]


def _refuse_strangers(marks: Sequence[RowMapping], only: Collection[UUID] | None) -> None:
    found = {mark["id"] for mark in marks}
    strangers = [one for one in only or () if one not in found]
    if strangers:
        raise Problem(
            "unknown_attendance",
            f"이 차시의 출결이 아닌 항목 {len(strangers)}건이 있어 아무것도 바꾸지 않았습니다.",
            status=422,
            errors={"attendances": {str(one): ["이 차시의 출결이 아닙니다."] for one in strangers}},
        )


def _withdraw(uow: UnitOfWork, enrollment_ids: Collection[UUID], lecture_id: UUID) -> None:
    attendance.withdraw(uow.conn, uow.tenant, enrollment_ids)
    _tell_marks(uow, enrollment_ids)
    ended = enrollments.set_status(uow.conn, uow.tenant, enrollment_ids, "INACTIVE")
    announce_enrollments(uow, lecture_id, ended, status="INACTIVE")


def _tell_marks(
    uow: UnitOfWork, enrollment_ids: Collection[UUID], session_id: UUID | None = None
) -> Sequence[RowMapping]:
    rows = attendance.marked(uow.conn, uow.tenant, enrollment_ids, session_id)
    announce_session_enrollments(uow, rows)
    return rows


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
