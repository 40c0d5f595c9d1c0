"""Lectures and sessions: what staff may do to them. Every function runs inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from eventkit.ports import Database
from eventkit.trace import Cause
from eventkit.uow import UnitOfWork, unit_of_work
from servicekit.constraints import unique
from servicekit.problem import Problem
from sqlalchemy import RowMapping

from enrollment.events import SERVICE
from enrollment.store import attendance, enrollments, lectures, rosters
from enrollment.usecases.enrollments import BATCH, announce_session_enrollments, unknown_lecture

Values = Mapping[str, Any]
_LECTURES_AT_ONCE = 500


def create_lecture(uow: UnitOfWork, values: Values) -> RowMapping:
    """Raises Problem 409 lecture_title_taken, 422 invalid_request (dates)."""
    _check_dates(values)
    with unique("lecture_title_key", _title_taken()):
        return lectures.insert_lecture(uow.conn, uow.tenant, values)


def change_lecture(uow: UnitOfWork, lecture_id: UUID, values: Values) -> RowMapping:
    """Change the given fields. Raises Problem 404, 409 lecture_title_taken, 422 invalid_request (dates)."""
    present = lectures.lock_lecture(uow.conn, uow.tenant, lecture_id)
    if present is None:
        raise Problem("not_found")
    if not values:
        return present
    _check_dates({**present, **values})
    with unique("lecture_title_key", _title_taken()):
        changed = lectures.update_lecture(uow.conn, uow.tenant, lecture_id, values)
    if changed["title"] != present["title"]:
        _announce(uow, changed["title"], lectures.renew_sessions(uow.conn, uow.tenant, lecture_id))
    return changed


def remove_lecture(uow: UnitOfWork, lecture_id: UUID) -> None:
    """Delete a lecture that nobody is or was enrolled in, with its sessions: attendance is never lost so.

    Raises Problem 404, 409 lecture_not_empty.
    """
    present = lectures.seize_lecture(uow.conn, uow.tenant, lecture_id)
    if present is None:
        raise Problem("not_found")
    count = lectures.count_enrollments(uow.conn, uow.tenant, lecture_id)
    if count:
        detail = f"수강 등록 {count}건(휴지통 학생 포함)이 남아 있어 강의를 삭제할 수 없습니다."
        raise Problem(
            "lecture_not_empty", f"{detail} 강의를 비활성화하거나 수강 등록을 먼저 삭제해 주세요.", status=409
        )
    gone = lectures.delete_lecture(uow.conn, uow.tenant, lecture_id)
    _announce(uow, present["title"], gone, deleted=True)


def create_session(uow: UnitOfWork, lecture_id: UUID, values: Values) -> RowMapping:
    """A session without an order follows the last one; without a title it is "N차시".

    Raises Problem 422 unknown_lecture, 409 session_order_taken.
    """
    lecture = lectures.lock_lecture(uow.conn, uow.tenant, lecture_id)
    if lecture is None:
        raise unknown_lecture()
    order = values.get("order") or lectures.next_order(uow.conn, uow.tenant, lecture_id)
    given = {"title": f"{order}차시", **values, "order": order, "lecture_id": lecture_id}
    with unique("session_order_key", _order_taken()):
        made = lectures.insert_session(uow.conn, uow.tenant, given)
    _announce(uow, lecture["title"], [made])
    return made


def ensure_first_session(uow: UnitOfWork, lecture: RowMapping) -> tuple[UUID, bool]:
    """Session 1 of a lecture that the caller has locked; made, and told of, when it is missing (True)."""
    made = rosters.make_first_session(uow.conn, lecture)
    if made is None:
        found = rosters.first_session(uow.conn, uow.tenant, lecture["id"])
        assert found is not None
        return found, False
    _announce(uow, lecture["title"], [made])
    return made["id"], True


def remove_unused_session(uow: UnitOfWork, session_id: UUID) -> None:
    """Delete a session in which nobody is or was; any other one stays."""
    if lectures.seize_session(uow.conn, uow.tenant, session_id) is None:
        return
    if lectures.is_unused(uow.conn, uow.tenant, session_id):
        _announce_with_lecture(uow, lectures.delete_session(uow.conn, uow.tenant, session_id), deleted=True)


def change_session(uow: UnitOfWork, session_id: UUID, values: Values) -> RowMapping:
    """Change the given fields; a session never moves to another lecture.

    Raises Problem 404, 409 session_order_taken.
    """
    present = lectures.hold_session(uow.conn, uow.tenant, session_id)
    if present is None:
        raise Problem("not_found")
    if not values:
        return present
    with unique("session_order_key", _order_taken()):
        changed = lectures.update_session(uow.conn, uow.tenant, session_id, values)
    _announce_with_lecture(uow, [changed])
    return changed


def remove_session(uow: UnitOfWork, session_id: UUID) -> None:
    """Delete a session and its list of students, unless somebody has recorded attendance in it.

    Raises Problem 404, 409 session_has_records.
    """
    if lectures.seize_session(uow.conn, uow.tenant, session_id) is None:
        raise Problem("not_found")
    marks = attendance.lock_marks(uow.conn, uow.tenant, session_id)
    if any(mark["status"] != "UNSET" or mark["memo"] for mark in marks):
        raise Problem("session_has_records", "출결이 기록된 차시는 삭제할 수 없습니다.", status=409)
    left = enrollments.leave_sessions(uow.conn, uow.tenant, session_id=session_id)
    gone = lectures.delete_session(uow.conn, uow.tenant, session_id)
    announce_session_enrollments(uow, left, deleted=True)
    _announce_with_lecture(uow, gone, deleted=True)


def tell_untold_sessions(db: Database, _now: datetime) -> None:
    """Periodic task: sessions made before others were told of sessions, or by a build that did not."""
    with db.system() as conn:
        untold = lectures.untold_lectures(conn, _LECTURES_AT_ONCE)
    for tenant, lecture_id in untold:
        with unit_of_work(db, tenant, Cause.start(), source=SERVICE) as uow:
            lecture = lectures.lock_lecture(uow.conn, tenant, lecture_id)
            if lecture is not None:
                _announce(uow, lecture["title"], lectures.renew_sessions(uow.conn, tenant, lecture_id))


def _announce_with_lecture(uow: UnitOfWork, sessions: Sequence[RowMapping], *, deleted: bool = False) -> None:
    """Reads the lecture's title after the change, so that a newer version never says an older title."""
    lecture = lectures.find_lecture(uow.conn, uow.tenant, sessions[0]["lecture_id"])
    assert lecture is not None
    _announce(uow, lecture["title"], sessions, deleted=deleted)


def _announce(
    uow: UnitOfWork, lecture_title: str, sessions: Sequence[RowMapping], *, deleted: bool = False
) -> None:
    """Publish enrollment.session.changed for sessions of one lecture."""
    for start in range(0, len(sessions), BATCH):
        batch = sessions[start : start + BATCH]
        columns = {
            "session_id": [str(row["id"]) for row in batch],
            "lecture_id": [str(row["lecture_id"]) for row in batch],
            "lecture_title": [lecture_title] * len(batch),
            "title": [row["title"] for row in batch],
            "position": [row["order"] for row in batch],
            "version": [row["version"] for row in batch],
            "deleted": [deleted] * len(batch),
        }
        uow.publish(
            "enrollment.session.changed", subject=columns["lecture_id"][0], data={"sessions": columns}
        )


def _check_dates(values: Values) -> None:
    start, end = values.get("start_date"), values.get("end_date")
    if start and end and end < start:
        raise Problem("invalid_request", errors={"end_date": ["종료일은 시작일보다 빠를 수 없습니다."]})


def _title_taken() -> Problem:
    return Problem(
        "lecture_title_taken",
        "같은 이름의 강의가 이미 있습니다.",
        status=409,
        errors={"title": ["이미 사용 중인 강의 이름입니다."]},
    )


def _order_taken() -> Problem:
    return Problem(
        "session_order_taken",
        "같은 순서의 차시가 이미 있습니다.",
        status=409,
        errors={"order": ["이미 사용 중인 순서입니다."]},
    )
