"""What an encoder makes of a video's row: `master_key` is the one pointer, written last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from media.domain.source import Source
from media.domain.videos import RAW_RETENTION_DAYS, VideoStatus
from media.store.tables import tenant_setting, video
from media.store.videos import Video

Entry = Mapping[str, Any]
"""A rendition in `video.renditions`: the fields of domain.source.Rendition, less segment_ms, and `prefix`."""

_c = video.c


@dataclass(frozen=True, slots=True)
class Published:
    """What a READY video consists of."""

    master_key: str
    poster_key: str
    storyboard_key: str
    renditions: Sequence[Entry]
    hls_bytes: int
    hls_objects: int


def mark_uploaded(conn: Connection, video_id: UUID) -> None:
    """It waits for an encoder, again; one that plays already goes on playing."""
    _update(conn, video_id, _c.status == VideoStatus.PROCESSING, status=VideoStatus.UPLOADED)


def mark_processing(conn: Connection, video_id: UUID) -> None:
    """It has an encoder. One that plays already goes on playing: its status stays."""
    waits = _c.status.in_((VideoStatus.UPLOADED, VideoStatus.FAILED))
    _update(conn, video_id, waits, status=VideoStatus.PROCESSING, error_code=None)


def mark_viewable(conn: Connection, video_id: UUID, master_key: str, source: Source, lowest: Entry) -> None:
    """Its lowest rendition plays; a READY one keeps all that it has until the new ones are complete."""
    shown = {"duration_ms": source.duration_ms, "width": source.width, "height": source.height}
    new = {"status": VideoStatus.VIEWABLE, "master_key": master_key, "renditions": [lowest], **shown}
    _update(conn, video_id, _c.status != VideoStatus.READY, **new)


def mark_ready(conn: Connection, video_id: UUID, source: Source, published: Published) -> Video:
    """Every rendition plays; from now on the original's days are counted, unless it is kept."""
    days = sa.func.coalesce(
        sa.select(tenant_setting.c.raw_retention_days)
        .where(tenant_setting.c.tenant_id == _c.tenant_id)
        .scalar_subquery(),
        RAW_RETENTION_DAYS,
    )
    expires = sa.case((_c.raw_keep, None), else_=sa.func.now() + days * sa.literal(timedelta(days=1)))
    changed = (
        sa.update(video)
        .where(_c.id == video_id)
        .values(
            status=VideoStatus.READY,
            error_code=None,
            ready_at=sa.func.now(),
            raw_expires_at=expires,
            duration_ms=source.duration_ms,
            width=source.width,
            height=source.height,
            updated_at=sa.func.now(),
            **{name: getattr(published, name) for name in Published.__slots__},
        )
    )
    return conn.execute(changed.returning(video)).one()


def mark_failed(conn: Connection, video_id: UUID, code: str) -> None:
    """No encoder can make it playable, or whole."""
    _update(conn, video_id, sa.true(), status=VideoStatus.FAILED, error_code=code)


def _update(conn: Connection, video_id: UUID, only_if: sa.ColumnElement[bool], **values: Any) -> None:
    changed = sa.update(video).where(_c.id == video_id, only_if)
    conn.execute(changed.values(updated_at=sa.func.now(), **values))
