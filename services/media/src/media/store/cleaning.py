"""What the storage-janitor has confirmed: the objects of which videos are gone."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from media.store.tables import video


def mark_cleaned(conn: Connection, tenant: str, video_ids: Collection[UUID]) -> None:
    """Nothing of these deleted videos is left. A video that is not deleted stays as it is."""
    _mark(conn, tenant, video_ids, video.c.cleaned_at, video.c.deleted_at.is_not(None))


def mark_raw_deleted(conn: Connection, tenant: str, video_ids: Collection[UUID]) -> None:
    """The originals of these videos are gone."""
    _mark(conn, tenant, video_ids, video.c.raw_deleted_at)


def _mark(
    conn: Connection,
    tenant: str,
    video_ids: Collection[UUID],
    when: sa.Column[object],
    *conditions: sa.ColumnElement[bool],
) -> None:
    """The first time counts."""
    mine = (video.c.tenant_id == tenant, video.c.id.in_(video_ids), when.is_(None))
    conn.execute(sa.update(video).where(*mine, *conditions).values({when: sa.func.now()}))
