"""Who is in a lecture and in its sessions. Every function runs inside the caller's transaction.

What changes here is told to other services as facts about enrollments; nothing is ever sent to a
guardian because of it (earlier system, failure 8).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Protocol
from uuid import UUID

from eventkit.uow import UnitOfWork
from servicekit.problem import Problem
from sqlalchemy import RowMapping

from enrollment.store import enrollments, lectures
from enrollment.store.enrollments import Enrolled

# About 80 KB of the 256 KB an event may have.
BATCH = 500


class EnrollmentRow(Protocol):
    """What an announcement needs of an enrollment."""

    @property
    def id(self) -> UUID: ...
    @property
    def student_id(self) -> UUID: ...
    @property
    def version(self) -> int: ...


def announce_enrollments(
    uow: UnitOfWork, lecture_id: UUID, rows: Sequence[EnrollmentRow], *, status: str, deleted: bool = False
) -> None:
    """Publish enrollment.enrollment.changed for enrollments of one lecture that are now `status`."""
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        columns = {
            "enrollment_id": [str(row.id) for row in batch],
            "lecture_id": [str(lecture_id)] * len(batch),
            "student_id": [str(row.student_id) for row in batch],
            "status": [status] * len(batch),
            "version": [row.version for row in batch],
            "deleted": [deleted] * len(batch),
        }
        uow.publish("enrollment.enrollment.changed", subject=str(lecture_id), data={"enrollments": columns})


def announce_session_enrollments(
    uow: UnitOfWork, rows: Sequence[RowMapping], *, deleted: bool = False
) -> None:
    """Publish enrollment.session_enrollment.changed for rows of one lecture, as the store answers them.

    Always with the mark: it decides how a student may watch the session's videos.
    """
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        names = ("session_id", "enrollment_id", "lecture_id", "student_id")
        columns: dict[str, list[Any]] = {name: [str(row[name]) for row in batch] for name in names}
        columns["version"] = [row["version"] for row in batch]
        columns["deleted"] = [deleted] * len(batch)
        columns["attendance"] = [row["attendance"] for row in batch]
        uow.publish(
            "enrollment.session_enrollment.changed",
            subject=str(batch[0]["lecture_id"]),
            data={"session_enrollments": columns},
        )


def enrol_known(uow: UnitOfWork, lecture_id: UUID, student_ids: Collection[UUID]) -> list[Enrolled]:
    """Enrol students of the academy in a lecture that the caller holds, all or none.

    Raises Problem 422 unknown_students naming the ids that are not the academy's or in the trash.
    """
    known = enrollments.known_students(uow.conn, uow.tenant, student_ids)
    strangers = [student_id for student_id in student_ids if student_id not in known]
    if strangers:
        raise Problem(
            "unknown_students",
            f"이 학원의 학생이 아니거나 삭제된 학생 {len(strangers)}명이 있어 아무도 등록하지 않았습니다.",
            status=422,
            errors={"students": _by_id(strangers, "이 학원의 학생이 아니거나 삭제된 학생입니다.")},
        )
    enrolled = enrollments.enrol(uow.conn, uow.tenant, lecture_id, student_ids)
    changed = [row for row in enrolled if not row.was_active]
    announce_enrollments(uow, lecture_id, changed, status="ACTIVE")
    return enrolled


def enrol_students(uow: UnitOfWork, lecture_id: UUID, student_ids: Collection[UUID]) -> list[dict[str, Any]]:
    """Enrol students; an ended enrollment begins anew, an active one stays as it is (already_enrolled).

    Raises Problem 422 unknown_lecture, unknown_students.
    """
    if lectures.hold_lecture(uow.conn, uow.tenant, lecture_id) is None:
        raise unknown_lecture()
    were_active = {row.id for row in enrol_known(uow, lecture_id, student_ids) if row.was_active}
    rows = enrollments.enrollments_of(uow.conn, uow.tenant, lecture_id, student_ids)
    return [{**row, "already_enrolled": row["id"] in were_active} for row in rows]


def change_status(uow: UnitOfWork, enrollment_id: UUID, status: str) -> RowMapping:
    """Raises Problem 404. The status it has already is no change."""
    present = enrollments.lock_enrollment(uow.conn, uow.tenant, enrollment_id)
    if present is None:
        raise Problem("not_found")
    if present["status"] == status:
        return present
    changed = enrollments.set_status(uow.conn, uow.tenant, [enrollment_id], status)
    announce_enrollments(uow, present["lecture_id"], changed, status=status)
    found = enrollments.find_enrollment(uow.conn, uow.tenant, enrollment_id)
    assert found is not None
    return found


def remove_enrollment(uow: UnitOfWork, enrollment_id: UUID) -> None:
    """Delete an enrollment with its session enrollments and attendance. Raises Problem 404."""
    present = enrollments.lock_enrollment(uow.conn, uow.tenant, enrollment_id)
    if present is None:
        raise Problem("not_found")
    left = enrollments.leave_sessions(uow.conn, uow.tenant, enrollment_id=enrollment_id)
    ended = enrollments.delete_enrollment(uow.conn, uow.tenant, enrollment_id)
    announce_session_enrollments(uow, left, deleted=True)
    announce_enrollments(uow, present["lecture_id"], [ended], status=present["status"], deleted=True)


def enrol_in_session(uow: UnitOfWork, session_id: UUID, enrollment_ids: Collection[UUID]) -> list[RowMapping]:
    """Put active enrollments of the session's lecture into it, all or none; attendance starts UNSET.

    Raises Problem 422 unknown_session, unknown_enrollments, inactive_enrollments (ids in `errors`).
    """
    session = lectures.hold_session(uow.conn, uow.tenant, session_id)
    if session is None:
        raise unknown_session()
    active = enrollments.active_flags(uow.conn, uow.tenant, session["lecture_id"], enrollment_ids)
    _check_members(enrollment_ids, active)
    new = enrollments.session_enrol(uow.conn, uow.tenant, session_id, enrollment_ids)
    announce_session_enrollments(uow, new)
    return enrollments.list_session_enrollments(
        uow.conn, uow.tenant, session_id=session_id, only=enrollment_ids
    )


def remove_session_enrollment(uow: UnitOfWork, session_enrollment_id: UUID) -> None:
    """Take a student out of one session, attendance included. Raises Problem 404."""
    member = enrollments.lock_member(uow.conn, uow.tenant, session_enrollment_id)
    if member is None:
        raise Problem("not_found")
    left = enrollments.leave_sessions(
        uow.conn, uow.tenant, session_id=member["session_id"], enrollment_id=member["enrollment_id"]
    )
    announce_session_enrollments(uow, left, deleted=True)


def unknown_lecture() -> Problem:
    return Problem(
        "unknown_lecture",
        "선택한 강의를 찾을 수 없습니다.",
        status=422,
        errors={"lecture": ["이 학원의 강의가 아닙니다."]},
    )


def unknown_session() -> Problem:
    return Problem(
        "unknown_session",
        "선택한 차시를 찾을 수 없습니다.",
        status=422,
        errors={"session": ["이 학원의 차시가 아닙니다."]},
    )


def _check_members(enrollment_ids: Iterable[UUID], active: dict[UUID, bool]) -> None:
    strangers = [given for given in enrollment_ids if given not in active]
    if strangers:
        raise Problem(
            "unknown_enrollments",
            f"이 강의의 수강 등록이 아닌 항목 {len(strangers)}건이 있어 아무도 추가하지 않았습니다.",
            status=422,
            errors={"enrollments": _by_id(strangers, "이 차시의 강의에 속한 수강 등록이 아닙니다.")},
        )
    ended = [given for given in enrollment_ids if not active[given]]
    if ended:
        raise Problem(
            "inactive_enrollments",
            f"수강 중이 아닌 학생 {len(ended)}명이 있어 아무도 추가하지 않았습니다. 먼저 다시 등록해 주세요.",
            status=422,
            errors={"enrollments": _by_id(ended, "수강 중인 등록이 아닙니다.")},
        )


def _by_id(offending: Iterable[UUID], message: str) -> dict[str, list[str]]:
    return {str(given): [message] for given in offending}
