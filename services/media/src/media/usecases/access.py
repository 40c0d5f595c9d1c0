"""What staff sets for one student and one video."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from eventkit.uow import UnitOfWork
from servicekit.pagination import Page, fetch_page
from servicekit.problem import Problem
from sqlalchemy import Row

from media.store import access, playback
from media.store.tables import enrollment_ref
from media.usecases.watching import mode_or_reason

_SET = ("mode", "allow_skip", "max_speed", "show_watermark")


def list_access(uow: UnitOfWork, video_id: UUID, *, page_size: int, cursor: str | None = None) -> Page:
    """The students of the video's lecture. Raises Problem 404."""
    require_video(uow, video_id)
    query = access.standings_of_video(uow.tenant, video_id)
    key = [enrollment_ref.c.enrollment_id]
    return fetch_page(uow.conn, query, key, cursor=cursor, page_size=page_size)


def set_access(
    uow: UnitOfWork, video_id: UUID, enrollment_id: UUID, values: Mapping[str, Any], by: str
) -> dict[str, Any]:
    """Replace what is set; what the student has open of the video ends, nobody else's does.

    Raises Problem 404 for a video or an enrollment that is not of its lecture.
    """
    access.hold_enrollment(uow.conn, uow.tenant, enrollment_id)
    found = _student(uow, video_id, enrollment_id)
    given = {**dict.fromkeys(_SET), **values}
    access.put(uow.conn, uow.tenant, video_id, enrollment_id, found.student_id, {**given, "set_by": by})
    playback.revoke(uow.conn, uow.tenant, video_id, enrollment_id)
    return shown(_student(uow, video_id, enrollment_id))


def clear_access(uow: UnitOfWork, video_id: UUID, enrollment_id: UUID) -> None:
    """Back to the rule. Raises Problem 404."""
    _student(uow, video_id, enrollment_id)
    if access.remove(uow.conn, uow.tenant, video_id, enrollment_id):
        playback.revoke(uow.conn, uow.tenant, video_id, enrollment_id)


def shown(found: Row[Any]) -> dict[str, Any]:
    """One student: the mode that follows, or the reason of none; what is set; progress."""
    own = {name: getattr(found, f"own_{name}") for name in _SET}
    return {
        "enrollment_id": found.enrollment_id,
        "student_id": found.student_id,
        "attendance": found.attendance,
        **mode_or_reason(found),
        "override": own if found.own_set_at else None,
        "progress": found.progress,
        "last_position": found.watched_position_ms / 1000,
        "watched_seconds": found.watched_ms / 1000,
        "completed_at": found.completed_at,
        "proctored_completed_at": found.proctored_completed_at,
    }


def require_video(uow: UnitOfWork, video_id: UUID) -> Row[Any]:
    """Raises Problem 404."""
    found = access.playable(uow.conn, uow.tenant, video_id)
    if found is None:
        raise Problem("not_found")
    return found


def _student(uow: UnitOfWork, video_id: UUID, enrollment_id: UUID) -> Row[Any]:
    found = access.standing(uow.conn, uow.tenant, video_id, enrollment_id)
    if found is None or found.enrollment_id is None or found.of_other_lecture:
        raise Problem("not_found")
    return found
