"""Who may watch what: everything that decides about an enrollment and a video, in one row."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import ARRAY, insert

from media.store.tables import (
    enrollment_ref,
    playback_session,
    session_enrollment_ref,
    session_ref,
    video,
    video_access,
    video_progress,
)

_E, _S, _A, _P, _V = enrollment_ref.c, session_enrollment_ref.c, video_access.c, video_progress.c, video.c
_R = session_ref.c

_ENROLLED = sa.func.coalesce(
    sa.and_(_E.status == "ACTIVE", _E.deleted.is_(False), _E.lecture_id == _V.lecture_id), False
).label("enrolled")
_IN_SESSION = sa.func.coalesce(_S.deleted.is_(False), False).label("in_session")
_VIDEO = (
    _V.id,
    _V.title,
    _V.position,
    _V.lecture_id,
    _V.session_id,
    _V.status,
    _V.master_key,
    _V.poster_key,
    _V.storyboard_key,
    _V.duration_ms,
    _V.policy_version,
    _V.allow_skip,
    _V.max_speed,
    _V.show_watermark,
)
_STANDING = (
    *_VIDEO,
    _E.enrollment_id,
    _E.student_id,
    _ENROLLED,
    (_E.lecture_id != _V.lecture_id).label("of_other_lecture"),
    _IN_SESSION,
    _S.attendance,
    _A.mode.label("own_mode"),
    _A.allow_skip.label("own_allow_skip"),
    _A.max_speed.label("own_max_speed"),
    _A.show_watermark.label("own_show_watermark"),
    _A.set_at.label("own_set_at"),
    sa.func.coalesce(_P.position_ms, 0).label("watched_position_ms"),
    sa.func.coalesce(_P.max_watched_ms, 0).label("max_watched_ms"),
    sa.func.coalesce(_P.watched_ms, 0).label("watched_ms"),
    sa.func.coalesce(_P.progress, 0).label("progress"),
    _P.completed_at,
    _P.proctored_completed_at,
    _P.updated_at.label("watched_at"),
    # not now(): a transaction that waited for the row would count less time than has passed
    sa.func.clock_timestamp().label("at"),
)
_SESSION_PLACE = sa.func.coalesce(_R.position, 0).label("session_position")
_BACKWARDS: sa.ColumnElement[Any] = (-_V.position).label("backwards")
_WHOSE = sa.func.coalesce(_E.enrollment_id, _V.id).label("whose")
STUDENT_ORDER = (_V.lecture_id, _SESSION_PLACE, _V.session_id, _BACKWARDS, _V.id, _WHOSE)
"""Descending: new lectures first (ids grow with time), in each the last session, its videos in order."""
_OWN_SESSION = sa.and_(
    _S.tenant_id == _V.tenant_id, _S.session_id == _V.session_id, _S.enrollment_id == _E.enrollment_id
)
_OWN_ACCESS = sa.and_(
    _A.tenant_id == _V.tenant_id, _A.video_id == _V.id, _A.enrollment_id == _E.enrollment_id
)
_OWN_PROGRESS = sa.and_(
    _P.tenant_id == _V.tenant_id, _P.video_id == _V.id, _P.enrollment_id == _E.enrollment_id
)


def standing(
    conn: Connection, tenant: str, video_id: UUID, enrollment_id: UUID, *, hold: bool = False
) -> Row[Any] | None:
    """The video (not deleted) as this enrollment finds it, also when it is no enrollment of the academy.

    `hold`: with the progress row locked, which orders all reports of one enrollment about one video; None
    where there is no such row.
    """
    enrollment = sa.and_(_E.tenant_id == _V.tenant_id, _E.enrollment_id == enrollment_id)
    query = _standings(tenant, enrollment, hold=hold).where(_V.id == video_id)
    if hold:
        query = query.with_for_update(of=video_progress)
    return conn.execute(query).one_or_none()


def hold_enrollment(conn: Connection, tenant: str, enrollment_id: UUID) -> None:
    """Nobody purges or merges its student until this transaction ends: for whoever writes what names the
    student, before `standing` says who that is. What waits for it finds what was written.
    """
    held = sa.select(_E.enrollment_id).where(_E.tenant_id == tenant, _E.enrollment_id == enrollment_id)
    conn.execute(held.with_for_update(read=True))


def standings_of_students(
    tenant: str, student_ids: Collection[UUID], session_id: UUID | None
) -> sa.Select[Any]:
    """Each video of the session × each of the students' enrollments in its lecture; without one, as is.

    Without a session, all of the lectures that they are enrolled in. With lecture_title and session_title;
    order and paging are the caller's (STUDENT_ORDER, descending).
    """
    students = sa.literal(list(student_ids), ARRAY(sa.Uuid))
    enrollment = sa.and_(
        _E.tenant_id == _V.tenant_id, _E.lecture_id == _V.lecture_id, _E.student_id == sa.any_(students)
    )
    query = _standings(tenant, enrollment, everybody=session_id is not None)
    if session_id is None:
        query = query.where(_E.status == "ACTIVE", _E.deleted.is_(False))
    else:
        query = query.where(_V.session_id == session_id)
    told = sa.and_(_R.tenant_id == _V.tenant_id, _R.session_id == _V.session_id)
    return query.outerjoin(session_ref, told).add_columns(
        sa.func.coalesce(_R.lecture_title, "").label("lecture_title"),
        sa.func.coalesce(_R.title, "").label("session_title"),
        *(_SESSION_PLACE, _BACKWARDS, _WHOSE),
    )


def standings_of_video(tenant: str, video_id: UUID) -> sa.Select[Any]:
    """Every student of the video's lecture; order and paging are the caller's (by enrollment_ref's id)."""
    enrollment = sa.and_(_E.tenant_id == _V.tenant_id, _E.lecture_id == _V.lecture_id, _E.deleted.is_(False))
    return _standings(tenant, enrollment, everybody=False).where(_V.id == video_id)


def _standings(
    tenant: str, enrollment: sa.ColumnElement[bool], *, hold: bool = False, everybody: bool = True
) -> sa.Select[Any]:
    joined = (
        video.join(enrollment_ref, enrollment, isouter=everybody and not hold)
        .outerjoin(session_enrollment_ref, _OWN_SESSION)
        .outerjoin(video_access, _OWN_ACCESS)
        .join(video_progress, _OWN_PROGRESS, isouter=not hold)
    )
    chosen: sa.Select[Any] = sa.select(*_STANDING).select_from(joined)
    return chosen.where(_V.tenant_id == tenant, _V.deleted_at.is_(None))


def playable(conn: Connection, tenant: str, video_id: UUID) -> Row[Any] | None:
    """The video's own columns of `standing`, unless it is deleted."""
    query: sa.Select[Any] = sa.select(*_VIDEO)
    found = query.where(_V.tenant_id == tenant, _V.id == video_id, _V.deleted_at.is_(None))
    return conn.execute(found).one_or_none()


def url_state(
    conn: Connection, tenant: str, video_id: UUID, enrollment_id: UUID | None, session: UUID | None
) -> Row[Any] | None:
    """What a signed URL depends on beside its signature; None for a video that is gone.

    (policy_version, duration_ms, enrolled, own_mode, active: the session)
    """
    s = playback_session.c
    joined = (
        video.outerjoin(
            enrollment_ref, sa.and_(_E.tenant_id == _V.tenant_id, _E.enrollment_id == enrollment_id)
        )
        .outerjoin(video_access, _OWN_ACCESS)
        .outerjoin(
            playback_session,
            sa.and_(s.tenant_id == _V.tenant_id, s.id == session, s.video_id == _V.id),
        )
    )
    active = sa.func.coalesce(sa.and_(s.state == "ACTIVE", s.expires_at > sa.func.now()), False)
    query: sa.Select[Any] = (
        sa.select(
            _V.policy_version, _V.duration_ms, _ENROLLED, _A.mode.label("own_mode"), active.label("active")
        )
        .select_from(joined)
        .where(_V.tenant_id == tenant, _V.id == video_id, _V.deleted_at.is_(None))
    )
    return conn.execute(query).one_or_none()


def put(
    conn: Connection,
    tenant: str,
    video_id: UUID,
    enrollment_id: UUID,
    student_id: UUID,
    values: Mapping[str, Any],
) -> None:
    """What staff sets for one student: mode, allow_skip, max_speed, show_watermark, set_by."""
    key = {
        "tenant_id": tenant,
        "video_id": video_id,
        "enrollment_id": enrollment_id,
        "student_id": student_id,
    }
    conn.execute(
        insert(video_access)
        .values(**key, **values)
        .on_conflict_do_update(
            index_elements=list(video_access.primary_key),
            set_={**values, "set_at": sa.func.clock_timestamp(), "student_id": student_id},
        )
    )


def remove(conn: Connection, tenant: str, video_id: UUID, enrollment_id: UUID) -> bool:
    """Whether something had been set."""
    gone = sa.delete(video_access).where(
        _A.tenant_id == tenant, _A.video_id == video_id, _A.enrollment_id == enrollment_id
    )
    return conn.execute(gone).rowcount > 0
