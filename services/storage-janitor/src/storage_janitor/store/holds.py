"""Holds. `conn` is a system one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from eventkit.ids import new_id
from sqlalchemy import Connection, Row

from storage_janitor.domain.holds import Hold, HoldKind, Holds
from storage_janitor.store.tables import hold, video_ref

_h, _v = hold.c, video_ref.c
ORDER = (_h.created_at, _h.id)


def in_force(conn: Connection, now: datetime) -> Holds:
    """Those that count now."""
    columns = (_h.id, _h.kind, _h.tenant_id, _h.bucket, _h.value, _h.expires_at, _v.raw_key)
    its_video = sa.and_(
        _h.kind == HoldKind.VIDEO, _v.tenant_id == _h.tenant_id, sa.cast(_v.video_id, sa.Text) == _h.value
    )
    query = sa.select(*columns).select_from(hold.outerjoin(video_ref, its_video))
    rows = conn.execute(query.where(_h.ended_at.is_(None), _h.expires_at > now))
    return Holds(Hold(row[0], HoldKind(row[1]), *row[2:]) for row in rows)


def add(conn: Connection, values: Mapping[str, Any]) -> Row[Any]:
    return conn.execute(sa.insert(hold).values(id=new_id(), **values).returning(*hold.c)).one()


def end(conn: Connection, hold_id: UUID, by: str, reason: str, now: datetime) -> Row[Any] | None:
    """The ended one; None where there is none that could be."""
    statement = sa.update(hold).where(_h.id == hold_id, _h.ended_at.is_(None))
    return conn.execute(
        statement.values(ended_at=now, ended_by=by, end_reason=reason).returning(*hold.c)
    ).first()


def find(conn: Connection, hold_id: UUID) -> Row[Any] | None:
    return conn.execute(sa.select(hold).where(_h.id == hold_id)).first()


def listing(*, active: bool, now: datetime) -> sa.Select[Any]:
    """Those in force, or all that ever were."""
    query = sa.select(hold)
    return query.where(_h.ended_at.is_(None), _h.expires_at > now) if active else query
