"""Videos as people see them. Every query names the tenant; row-level security is the second lock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from eventkit.ids import new_id
from sqlalchemy import Connection, Row

from media.domain.jobs import ACTIVE
from media.domain.videos import VideoStatus
from media.store.tables import encode_job, session_ref, video

Video = Row[Any]
Values = Mapping[str, Any]

_c = video.c
_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('media.videos:' || :tenant, 0))")

# Of a session in its order; of all newest first, read with descending=True.
SESSION_ORDER = (_c.position, _c.id)
NEWEST = (_c.created_at, _c.id)

_JOB = ("state", "attempt", "failures", "step", "step_percent", "percent", "remaining_seconds")
_SHOWN = (
    sa.select(
        video,
        sa.func.coalesce(session_ref.c.lecture_title, "").label("lecture_title"),
        sa.func.coalesce(session_ref.c.title, "").label("session_title"),
        *(encode_job.c[name].label(f"job_{name}") for name in _JOB),
    )
    .outerjoin(
        session_ref,
        sa.and_(session_ref.c.tenant_id == _c.tenant_id, session_ref.c.session_id == _c.session_id),
    )
    .outerjoin(
        encode_job,
        sa.and_(
            encode_job.c.tenant_id == _c.tenant_id,
            encode_job.c.video_id == _c.id,
            encode_job.c.state.in_(ACTIVE),
        ),
    )
)


def listing(
    tenant: str, *, session: UUID | None, lecture: UUID | None, status: VideoStatus | None, search: str
) -> sa.Select[Any]:
    """Videos with their titles and active job, `search` in their titles; order and paging: the caller's."""
    query = _SHOWN.where(_c.tenant_id == tenant, _c.deleted_at.is_(None))
    if session is not None:
        query = query.where(_c.session_id == session)
    if lecture is not None:
        query = query.where(_c.lecture_id == lecture)
    if status is not None:
        query = query.where(_c.status == status)
    return query.where(_c.title.icontains(search, autoescape=True)) if search else query


def show(conn: Connection, tenant: str, video_id: UUID) -> Video | None:
    """The video as `listing` has it."""
    query = _SHOWN.where(_c.tenant_id == tenant, _c.id == video_id, _c.deleted_at.is_(None))
    return conn.execute(query).first()


def find(conn: Connection, tenant: str, video_id: UUID) -> Video | None:
    """The video; None when it is deleted."""
    return conn.execute(_mine(tenant, video_id)).first()


def hold(conn: Connection, tenant: str, video_id: UUID) -> Video | None:
    """The video, locked until the end of the transaction; None when it is deleted. Before upload and job."""
    return conn.execute(_mine(tenant, video_id).with_for_update()).first()


def lock_all(conn: Connection, tenant: str) -> None:
    """One at a time in this academy: whoever adds or moves videos, because quota and order are of all."""
    conn.execute(_LOCK, {"tenant": tenant})


def find_session(conn: Connection, tenant: str, session_id: UUID) -> Row[Any] | None:
    """What is known of a session (lecture_id, titles); None for one that is not there any more."""
    query = sa.select(session_ref).where(
        session_ref.c.tenant_id == tenant, session_ref.c.session_id == session_id, ~session_ref.c.deleted
    )
    return conn.execute(query).first()


def used_bytes(conn: Connection, tenant: str) -> int:
    """What the academy's videos take: originals, also those being uploaded, and all that was made of them."""
    raw = sa.case((_c.raw_deleted_at.is_(None), _c.raw_bytes), else_=0)
    query = sa.select(sa.func.coalesce(sa.func.sum(raw + _c.hls_bytes), 0)).where(
        _c.tenant_id == tenant, _c.deleted_at.is_(None)
    )
    return int(conn.execute(query).scalar_one())


def next_position(conn: Connection, tenant: str, session_id: UUID) -> int:
    """One more than the highest; only true under `lock_all`."""
    query = sa.select(sa.func.coalesce(sa.func.max(_c.position), 0)).where(*_in_session(tenant, session_id))
    return int(conn.execute(query).scalar_one()) + 1


def insert(conn: Connection, tenant: str, values: Values) -> Video:
    statement = sa.insert(video).values(id=new_id(), **values, tenant_id=tenant)
    return conn.execute(statement.returning(video)).one()


def update(conn: Connection, tenant: str, video_id: UUID, values: Values) -> Video:
    """The changed row."""
    statement = sa.update(video).where(_c.tenant_id == tenant, _c.id == video_id)
    return conn.execute(statement.values(**values, updated_at=sa.func.now()).returning(video)).one()


_MOVE = sa.text("""
    WITH others AS (
        SELECT id, row_number() OVER (ORDER BY position, id) AS place FROM video
        WHERE tenant_id = :tenant AND session_id = :session AND deleted_at IS NULL AND id <> :video
    )
    UPDATE video v SET position = coalesce(
        (SELECT o.place + (o.place >= :position)::int FROM others o WHERE o.id = v.id),
        least(:position, (SELECT count(*) + 1 FROM others)))
    WHERE v.tenant_id = :tenant AND v.session_id = :session AND v.deleted_at IS NULL
""")


def move(conn: Connection, tenant: str, session_id: UUID, video_id: UUID, position: int) -> None:
    """The session's videos are numbered anew, from 1 on, this one at `position` or last. Under `lock_all`."""
    names = {"tenant": tenant, "session": session_id, "video": video_id, "position": position}
    conn.execute(_MOVE, names)


def soft_delete(conn: Connection, tenant: str, video_id: UUID, by: str) -> Video:
    """Nobody sees it from now on; its objects go when the storage-janitor has heard of it."""
    values = {"deleted_at": sa.func.now(), "deleted_by": by, "policy_version": _c.policy_version + 1}
    return update(conn, tenant, video_id, values)


def keep_raw(conn: Connection, tenant: str, video_id: UUID, keep: bool, days: int | None) -> None:
    """Keep the original, or not; then it expires in `days`, or with None not before it is READY."""
    expires = None if days is None else sa.func.now() + sa.literal(timedelta(days=days))
    update(conn, tenant, video_id, {"raw_keep": keep, "raw_expires_at": expires})


def recount_expiry(conn: Connection, tenant: str, days: int) -> None:
    """READY videos whose originals are still there follow the academy's new retention; a day remains."""
    expires = sa.func.greatest(
        _c.ready_at + timedelta(days=days), sa.func.now() + sa.literal(timedelta(days=1))
    )
    waiting = (_c.status == VideoStatus.READY, ~_c.raw_keep, _c.raw_released_at.is_(None))
    statement = sa.update(video).where(_c.tenant_id == tenant, _c.deleted_at.is_(None), *waiting)
    conn.execute(statement.values(raw_expires_at=expires))


# -- what periodic tasks look for; `conn` is a system one unless a tenant is named


def _expired(now: datetime, asked_before: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        _c.status == VideoStatus.READY,
        _c.deleted_at.is_(None),
        ~_c.raw_keep,
        _c.raw_deleted_at.is_(None),
        _c.raw_expires_at <= now,
        sa.or_(_c.raw_released_at.is_(None), _c.raw_released_at <= asked_before),
    )


def tenants_with_expired_raw(conn: Connection, now: datetime, asked_before: datetime) -> list[str]:
    """Academies with originals whose time is over; those asked for after `asked_before` are waited for."""
    query = sa.select(_c.tenant_id).where(*_expired(now, asked_before)).distinct()
    return list(conn.execute(query).scalars())


def release_raw(
    conn: Connection, tenant: str, now: datetime, asked_before: datetime, limit: int
) -> list[Video]:
    """At most `limit` of the academy's expired originals, which may go now."""
    due = (
        sa.select(_c.id)
        .where(_c.tenant_id == tenant, *_expired(now, asked_before))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    statement = sa.update(video).where(_c.tenant_id == tenant, _c.id.in_(due)).values(raw_released_at=now)
    return list(conn.execute(statement.returning(video)))


def uncleaned(conn: Connection, deleted_before: datetime, limit: int) -> list[Video]:
    """Deleted videos whose objects nobody has confirmed to be gone, the longest deleted first."""
    query = sa.select(video).where(_c.deleted_at <= deleted_before, _c.cleaned_at.is_(None))
    return list(conn.execute(query.order_by(_c.deleted_at, _c.id).limit(limit)))


def waiting(conn: Connection, since: datetime, limit: int) -> list[Video]:
    """Videos that are UPLOADED, and nothing more, since `since` or longer."""
    query = sa.select(video).where(
        _c.status == VideoStatus.UPLOADED,
        _c.deleted_at.is_(None),
        _c.master_key.is_(None),
        _c.updated_at <= since,
    )
    return list(conn.execute(query.order_by(_c.updated_at, _c.id).limit(limit)))


def _mine(tenant: str, video_id: UUID) -> sa.Select[Any]:
    return sa.select(video).where(_c.tenant_id == tenant, _c.id == video_id, _c.deleted_at.is_(None))


def _in_session(tenant: str, session_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return _c.tenant_id == tenant, _c.session_id == session_id, _c.deleted_at.is_(None)
