"""What owners' events say of their objects: looked up for a page of keys at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from eventkit.erasure import Counts
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import ARRAY, insert

from storage_janitor.domain.deletions import Known, VideoState
from storage_janitor.domain.judging import Reference
from storage_janitor.domain.policies import Since
from storage_janitor.store.tables import deletion, ended_import, video_ref

_v, _e = video_ref.c, ended_import.c


class Missing(NamedTuple):
    """An object that ought to be there."""

    tenant: str
    rule: str
    key: str


Placed = Mapping[str, str]
"""The values of a key's placeholders."""


def add_ended_imports(conn: Connection, tenant: str, ended: Sequence[tuple[UUID, str, datetime]]) -> None:
    """`ended`: (job id, object key, time); a job ends once, so a known one stays as it is."""
    rows = [{"tenant_id": tenant, "job_id": job, "object_key": key, "ended_at": at} for job, key, at in ended]
    conn.execute(insert(ended_import).values(rows).on_conflict_do_nothing())


def ended_keys(conn: Connection, tenant: str) -> set[str]:
    """Keys of the workbooks whose import has ended."""
    return set(conn.execute(sa.select(_e.object_key).where(_e.tenant_id == tenant)).scalars())


def known(conn: Connection, tenant: str, video_id: UUID) -> Known | None:
    """The video as its events say; None before the first of them."""
    query = sa.select(_v.state, _v.version, _v.raw_key, _v.raw_expires_at)
    found = conn.execute(query.where(_v.tenant_id == tenant, _v.video_id == video_id)).first()
    return Known(VideoState(found.state), *found[1:]) if found else None


def owners(conn: Connection, tenant: str, raw_keys: Collection[str]) -> Sequence[Row[Any]]:
    """(raw_key, video_id) of the videos that are known to have these originals."""
    query: sa.Select[Any] = sa.select(_v.raw_key, _v.video_id)
    return conn.execute(query.where(_v.tenant_id == tenant, _v.raw_key.in_(raw_keys))).all()


def look_up(conn: Connection, since: Since, keys: Mapping[str, Placed]) -> dict[str, Reference]:
    """Of these keys of one rule, those that an owner has spoken of. `conn` is a system one."""
    return _LOOK_UPS[since](conn, keys) if keys else {}


def see(conn: Connection, since: Since, keys: Mapping[str, Placed], at: datetime) -> None:
    """A sweep has met objects of these videos: what is looked for has been found."""
    column = {Since.EXPIRED: _v.raw_seen_at, Since.DELETED: _v.hls_seen_at}.get(since)
    if column is None:
        return
    if since is Since.DELETED:
        wanted = _wanted(*_pairs(keys, "video"), sa.Uuid())
        mine = _v.video_id == wanted.c.value
    else:
        wanted = _wanted(*_raw(keys), sa.Text())
        mine = _v.raw_key == wanted.c.value
    statement = sa.update(video_ref).where(_v.tenant_id == wanted.c.tenant_id, mine)
    conn.execute(statement.values({column: at}))


def missing(conn: Connection, since: datetime) -> list[Missing]:
    """(tenant, class, key) of objects that ought to be there and were in no sweep from `since` on.

    The original until it may go; of a READY video its HLS objects, named by their prefix.
    """
    released = sa.select(deletion.c.video_id).where(
        deletion.c.tenant_id == _v.tenant_id, deletion.c.video_id == _v.video_id, deletion.c.kind == "raw"
    )
    may_be_gone = sa.and_(_v.state == VideoState.READY, _v.raw_expires_at <= since)
    prefix = sa.func.concat("tenants/", _v.tenant_id, "/video/hls/", _v.video_id, "/")
    settled = _v.version < _before(since)
    raw = sa.select(_v.tenant_id, sa.literal("video-raw"), _v.raw_key).where(
        settled,
        _v.state != VideoState.DELETED,
        _v.raw_key.is_not(None),
        _unseen(_v.raw_seen_at, since),
        sa.func.coalesce(sa.not_(may_be_gone), True),
        ~released.exists(),
    )
    hls = sa.select(_v.tenant_id, sa.literal("video-hls"), prefix)
    hls = hls.where(settled, _v.state == VideoState.READY, _unseen(_v.hls_seen_at, since))
    return [Missing(*row) for row in conn.execute(raw.union_all(hls))]


def _imports(conn: Connection, keys: Mapping[str, Placed]) -> dict[str, Reference]:
    wanted = _wanted(*_pairs(keys, "job"), sa.Uuid())
    mine = sa.and_(_e.tenant_id == wanted.c.tenant_id, _e.job_id == wanted.c.value)
    rows = conn.execute(sa.select(_e.object_key, _e.ended_at).join(wanted, mine))
    return {row.object_key: Reference(row.ended_at) for row in rows if row.object_key in keys}


def _originals(conn: Connection, keys: Mapping[str, Placed]) -> dict[str, Reference]:
    wanted = _wanted(*_raw(keys), sa.Text())
    mine = sa.and_(_v.tenant_id == wanted.c.tenant_id, _v.raw_key == wanted.c.value)
    query = sa.select(_v.raw_key, _v.state, _v.raw_expires_at, _v.deleted_at).join(wanted, mine)
    return {row.raw_key: Reference(_needless_since(row)) for row in conn.execute(query)}


def _needless_since(row: Any) -> datetime | None:
    if row.state == VideoState.DELETED:
        deleted_at: datetime | None = row.deleted_at
        return deleted_at
    return row.raw_expires_at if row.state == VideoState.READY else None


def _playable(conn: Connection, keys: Mapping[str, Placed]) -> dict[str, Reference]:
    wanted = _wanted(*_pairs(keys, "video"), sa.Uuid())
    mine = sa.and_(_v.tenant_id == wanted.c.tenant_id, _v.video_id == wanted.c.value)
    query = sa.select(_v.tenant_id, _v.video_id, _v.deleted_at).join(wanted, mine)
    found = {(row.tenant_id, str(row.video_id)): row.deleted_at for row in conn.execute(query)}
    videos = ((key, (one["tenant"], one["video"])) for key, one in keys.items())
    return {key: Reference(found[video]) for key, video in videos if video in found}


_LOOK_UPS = {Since.ENDED: _imports, Since.EXPIRED: _originals, Since.DELETED: _playable}


def _pairs(keys: Mapping[str, Placed], name: str) -> tuple[list[str], list[str]]:
    """Tenants and ids, each pair once: a video has thousands of keys."""
    pairs = sorted({(one["tenant"], one[name]) for one in keys.values()})
    return [tenant for tenant, _ in pairs], [value for _, value in pairs]


def _raw(keys: Mapping[str, Placed]) -> tuple[list[str], list[str]]:
    return [one["tenant"] for one in keys.values()], list(keys)


def _wanted(tenants: list[str], values: list[str], kind: sa.types.TypeEngine[Any]) -> sa.Subquery:
    texts = (sa.literal(given, ARRAY(sa.Text)) for given in (tenants, values))
    given_tenants, given_values = texts
    columns = (
        sa.func.unnest(given_tenants).label("tenant_id"),
        sa.func.unnest(sa.cast(given_values, ARRAY(kind))).label("value"),
    )
    return sa.select(*columns).subquery("wanted")


def _unseen(column: sa.Column[Any], since: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(column.is_(None), column < since)


def _before(moment: datetime) -> UUID:
    """The lowest UUIDv7 of that millisecond: events from then on have not been looked for."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def holdings(_conn: Connection, _tenant: str, _student_ids: Collection[UUID]) -> Counts:
    """Of nobody in particular: which workbook a person is in cannot be told without opening them all."""
    return Counter()
