"""Which objects of videos are needed no more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from media.store.tables import video

_c = video.c
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def released(conn: Connection, tenant: str, keys: Sequence[str]) -> set[str]:
    """Originals that were released, and whatever is a deleted video's or no video's.

    A released original can be neither kept nor encoded again, a deleted video does not come back, and a
    video's row is there before anything is uploaded: what is released stays so.
    """
    return _originals(conn, tenant, keys) | _playable(conn, tenant, keys)


def _originals(conn: Connection, tenant: str, keys: Iterable[str]) -> set[str]:
    mine = {key for key in keys if key.startswith(f"tenants/{tenant}/video/raw/")}
    needed = sa.select(_c.raw_key).where(
        _c.tenant_id == tenant,
        _c.raw_key.in_(mine),
        _c.deleted_at.is_(None),
        _c.raw_released_at.is_(None),
    )
    return mine - set(conn.execute(needed).scalars())


def _playable(conn: Connection, tenant: str, keys: Iterable[str]) -> set[str]:
    place = re.compile(rf"tenants/{re.escape(tenant)}/video/hls/({_UUID})/.+")
    mine = {key: UUID(found[1]) for key in keys if (found := place.fullmatch(key))}
    needed = sa.select(_c.id).where(
        _c.tenant_id == tenant, _c.id.in_(set(mine.values())), _c.deleted_at.is_(None)
    )
    there = set(conn.execute(needed).scalars())
    return {key for key, video_id in mine.items() if video_id not in there}
