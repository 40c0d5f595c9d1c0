"""Upload sessions. A video has one; it ends COMPLETED, CANCELLED or EXPIRED and is kept as its history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from eventkit.ids import new_id
from sqlalchemy import Connection, Row

from media.domain.uploads import UploadState
from media.store.tables import upload

Upload = Row[Any]
_c = upload.c


def insert(conn: Connection, tenant: str, values: Mapping[str, Any], open_for: timedelta) -> Upload:
    expires = sa.func.now() + sa.literal(open_for)
    statement = sa.insert(upload).values(id=new_id(), **values, tenant_id=tenant, expires_at=expires)
    return conn.execute(statement.returning(upload)).one()


def find(conn: Connection, tenant: str, video_id: UUID) -> Upload | None:
    """The upload of a video."""
    return conn.execute(_of(tenant, video_id)).first()


def hold(conn: Connection, tenant: str, video_id: UUID) -> Upload | None:
    """The upload of a video that the caller holds, locked until the end of the transaction."""
    return conn.execute(_of(tenant, video_id).with_for_update()).first()


def end(conn: Connection, tenant: str, upload_id: UUID, state: UploadState) -> None:
    """An OPEN one is over."""
    statement = sa.update(upload).where(_c.tenant_id == tenant, _c.id == upload_id)
    conn.execute(statement.values(state=state, ended_at=sa.func.now()))


def count_open(conn: Connection, tenant: str) -> int:
    query = sa.select(sa.func.count()).where(_c.tenant_id == tenant, _c.state == UploadState.OPEN)
    return int(conn.execute(query).scalar_one())


def open_of(conn: Connection, tenant: str, by: str, fingerprint: str) -> list[Upload]:
    """Somebody's open uploads of this file (of any, when it is ""), newest first; never many (MAX_OPEN)."""
    query = sa.select(upload).where(_c.tenant_id == tenant, _c.state == UploadState.OPEN, _c.created_by == by)
    if fingerprint:
        query = query.where(_c.fingerprint == fingerprint)
    return list(conn.execute(query.order_by(_c.created_at.desc(), _c.id.desc())))


def open_since(conn: Connection, since: datetime, limit: int) -> list[Upload]:
    """Uploads of all academies that are open since then or longer, oldest first; in a system transaction."""
    query = sa.select(upload).where(_c.state == UploadState.OPEN, _c.created_at <= since)
    return list(conn.execute(query.order_by(_c.created_at, _c.id).limit(limit)))


def _of(tenant: str, video_id: UUID) -> sa.Select[Any]:
    query = sa.select(upload).where(_c.tenant_id == tenant, _c.video_id == video_id)
    return query.order_by(_c.created_at.desc(), _c.id.desc()).limit(1)
