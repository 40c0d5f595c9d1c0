"""Videos whose encoding got stuck, and what earlier attempts have left in the bucket; as the system role."""

from __future__ import annotations

from datetime import datetime
from posixpath import dirname
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from media.domain.jobs import ACTIVE, JobState
from media.domain.videos import VideoStatus
from media.store.tables import encode_job, video

_v, _j = video.c, encode_job.c
_UNFINISHED = (VideoStatus.UPLOADED, VideoStatus.PROCESSING, VideoStatus.VIEWABLE)


def _without_job(*, succeeded: bool) -> sa.ColumnElement[bool]:
    """It waits for an encoder, has no active job, and its last one succeeded or did not."""
    mine = (_j.tenant_id == _v.tenant_id, _j.video_id == _v.id)
    active = sa.exists().where(*mine, _j.state.in_(ACTIVE))
    last = sa.select(_j.state).where(*mine).order_by(_j.created_at.desc()).limit(1).scalar_subquery()
    done = sa.func.coalesce(last, "") == JobState.SUCCEEDED
    waits = sa.or_(
        _v.status.in_(_UNFINISHED), sa.and_(_v.status == VideoStatus.READY, _v.master_key.is_(None))
    )
    return sa.and_(_v.deleted_at.is_(None), waits, ~active, done if succeeded else ~done)


def without_job(conn: Connection, before: datetime, limit: int, *, succeeded: bool) -> list[tuple[str, UUID]]:
    """(tenant, video id) of those that have been so since `before`."""
    found = (_without_job(succeeded=succeeded), _v.updated_at < before)
    chosen = sa.select(_v.tenant_id, _v.id).where(*found).order_by(_v.updated_at).limit(limit)
    return [(row.tenant_id, row.id) for row in conn.execute(chosen)]


def is_without_job(conn: Connection, video_id: UUID, *, succeeded: bool) -> bool:
    """Still, of a video that this transaction has locked."""
    found = sa.select(_v.id).where(_v.id == video_id, _without_job(succeeded=succeeded))
    return conn.execute(found).first() is not None


def unswept(conn: Connection, before: datetime, limit: int) -> list[Row[Any]]:
    """Jobs whose leftovers nobody has deleted yet: id, tenant_id, video_id.

    They have ended before that, and nothing that they made has been played since.
    """
    replaced = sa.or_(_v.ready_at.is_(None), _v.ready_at < before)
    found = (_j.ended_at < before, _j.swept_at.is_(None), replaced)
    joined = sa.select(_j.id, _j.tenant_id, _j.video_id).join(
        video, sa.and_(_v.tenant_id == _j.tenant_id, _v.id == _j.video_id)
    )
    chosen = joined.where(*found).order_by(_j.ended_at).limit(limit)
    return list(conn.execute(chosen))


def mark_swept(conn: Connection, job_id: UUID, now: datetime) -> None:
    conn.execute(sa.update(encode_job).where(_j.id == job_id).values(swept_at=now))


def referenced(conn: Connection, tenant: str, video_id: UUID) -> tuple[str, ...] | None:
    """The prefixes of keys that the video plays from; None for one that is deleted."""
    mine = (_v.tenant_id == tenant, _v.id == video_id, _v.deleted_at.is_(None))
    found = conn.execute(sa.select(_v.master_key, _v.renditions).where(*mine)).first()
    if found is None:
        return None
    own = (f"{dirname(found.master_key)}/",) if found.master_key else ()
    return (*own, *(each["prefix"] for each in found.renditions))
