"""Sweeps, what they find, and what there is. `conn` is a system one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from eventkit.ids import new_id
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import ARRAY, insert

from storage_janitor.domain.plans import Total
from storage_janitor.store.tables import (
    drift,
    finding,
    finding_count,
    quarantine,
    sweep,
    sweep_usage,
    usage,
)

_s, _f, _q, _u = sweep.c, finding.c, quarantine.c, usage.c
Sweep = Row[Any]
ORDER = (_s.started_at, _s.id)
FINDING_ORDER = (_f.bucket, _f.key)
QUARANTINE_ORDER = (_q.bucket, _q.shape)


def unfinished(conn: Connection, bucket: str) -> Sweep | None:
    return conn.execute(sa.select(sweep).where(_s.bucket == bucket, _s.finished_at.is_(None))).first()


def start(conn: Connection, values: Mapping[str, Any]) -> Sweep:
    statement = sa.insert(sweep).values(id=new_id(), cursor="", **values)
    return conn.execute(statement.returning(*sweep.c)).one()


def advance(conn: Connection, sweep_id: UUID, cursor: str, page: Total) -> None:
    """A page is done."""
    values = {
        "cursor": cursor,
        "objects": _s.objects + page.objects,
        "bytes": _s.bytes + page.bytes,
        "pages": _s.pages + 1,
    }
    conn.execute(sa.update(sweep).where(_s.id == sweep_id).values(values))


def finish(conn: Connection, sweep_id: UUID, values: Mapping[str, Any]) -> Sweep:
    return conn.execute(sa.update(sweep).where(_s.id == sweep_id).values(values).returning(*sweep.c)).one()


def add_usage(conn: Connection, sweep_id: UUID, counts: Mapping[tuple[str, str], Total]) -> None:
    """By (tenant, class), on top of what this sweep has counted before."""
    if not counts:
        return
    rows = [
        {"sweep_id": sweep_id, "tenant_id": tenant, "class": kind, "objects": one.objects, "bytes": one.bytes}
        for (tenant, kind), one in counts.items()
    ]
    new = insert(sweep_usage).values(rows)
    added = {name: sweep_usage.c[name] + new.excluded[name] for name in ("objects", "bytes")}
    conn.execute(new.on_conflict_do_update(index_elements=list(sweep_usage.primary_key), set_=added))


def keep_peak(conn: Connection, found: Sweep, day: date) -> None:
    """The sweep's counts are that day's, where they are more than an earlier one's."""
    c = sweep_usage.c
    counts = (c.tenant_id, c["class"], c.objects, c.bytes)
    rows: sa.Select[Any] = sa.select(sa.literal(day), sa.literal(found.bucket), *counts)
    names = ["day", "bucket", "tenant_id", "class", "objects", "bytes"]
    new = insert(usage).from_select(names, rows.where(c.sweep_id == found.id))
    peak = {name: sa.func.greatest(usage.c[name], new.excluded[name]) for name in ("objects", "bytes")}
    conn.execute(new.on_conflict_do_update(index_elements=list(usage.primary_key), set_=peak))
    conn.execute(sa.delete(sweep_usage).where(c.sweep_id == found.id))


def note_unknown(
    conn: Connection, bucket: str, shapes: Mapping[str, tuple[str, Total]], now: datetime
) -> None:
    """By shape: (a key, total); counts begin anew with each sweep, which is at one time `now`."""
    if not shapes:
        return
    rows = [
        {"bucket": bucket, "shape": shape, "sample_key": key, "objects": one.objects, "bytes": one.bytes}
        | {"first_seen": now, "last_seen": now}
        for shape, (key, one) in shapes.items()
    ]
    new = insert(quarantine).values(rows)
    again = _q.last_seen == new.excluded.last_seen
    set_: dict[str, Any] = {
        name: sa.case((again, quarantine.c[name] + new.excluded[name]), else_=new.excluded[name])
        for name in ("objects", "bytes")
    }
    set_ |= {"last_seen": new.excluded.last_seen, "sample_key": new.excluded.sample_key}
    conn.execute(new.on_conflict_do_update(index_elements=list(quarantine.primary_key), set_=set_))


Finding = tuple[str, str, str, int, str, datetime | None]
"""(tenant, class, key, bytes, etag, written at); of a missing object only the first three."""


def note_findings(conn: Connection, bucket: str, kind: str, rows: Sequence[Finding], now: datetime) -> None:
    """One that is known keeps the time of its first."""
    if not rows:
        return
    fields = ("tenant_id", "class", "key", "bytes", "etag", "written_at")
    columns = dict(zip(fields, map(list, zip(*rows, strict=True)), strict=True))
    given: list[Any] = [
        sa.func.unnest(sa.literal(values, ARRAY(finding.c[name].type))) for name, values in columns.items()
    ]
    fixed: list[Any] = [sa.literal(bucket), sa.literal(kind), sa.literal(now), sa.literal(now)]
    names = ["bucket", "kind", "first_seen", "last_seen", *columns]
    new = insert(finding).from_select(names, sa.select(*fixed, *given))
    again = {name: new.excluded[name] for name in ("kind", "last_seen", *fields) if name != "key"}
    conn.execute(new.on_conflict_do_update(index_elements=list(finding.primary_key), set_=again))


def close_findings(conn: Connection, bucket: str, now: datetime, day: date) -> None:
    """What the sweep of `now` has not met again is no more; the rest is the day's count."""
    conn.execute(sa.delete(finding).where(_f.bucket == bucket, _f.last_seen < now))
    conn.execute(sa.delete(quarantine).where(_q.bucket == bucket, _q.last_seen < now))
    counts: sa.Select[Any] = sa.select(
        sa.literal(day), _f.bucket, _f["class"], _f.kind, sa.func.count(), sa.func.sum(_f.bytes)
    ).where(_f.bucket == bucket)
    conn.execute(sa.delete(finding_count).where(finding_count.c.day == day, finding_count.c.bucket == bucket))
    names = ["day", "bucket", "class", "kind", "objects", "bytes"]
    rows = counts.group_by(_f.bucket, _f["class"], _f.kind)
    conn.execute(sa.insert(finding_count).from_select(names, rows))


def found(conn: Connection) -> dict[str, int]:
    """Findings by kind."""
    query = sa.select(_f.kind, sa.func.count()).group_by(_f.kind)
    return dict(conn.execute(query).tuples().all())


def unknown_objects(conn: Connection) -> int:
    return int(conn.execute(sa.select(sa.func.coalesce(sa.func.sum(_q.objects), 0))).scalar_one())


def oldest_sweep(conn: Connection, buckets: Sequence[str]) -> datetime | None:
    """When the bucket that has waited longest was last swept to its end; None while one never was."""
    last = sa.select(_s.bucket, sa.func.max(_s.finished_at).label("at")).where(_s.bucket.in_(buckets))
    rows = conn.execute(last.group_by(_s.bucket)).all()
    times = [row.at for row in rows if row.at is not None]
    return min(times) if len(times) == len(buckets) else None


def listing(bucket: str | None) -> sa.Select[Any]:
    """Sweeps, for a page."""
    return sa.select(sweep).where(_s.bucket == bucket) if bucket else sa.select(sweep)


def finding_listing(kind: str | None, bucket: str | None) -> sa.Select[Any]:
    query = sa.select(finding)
    for column, value in ((_f.kind, kind), (_f.bucket, bucket)):
        if value is not None:
            query = query.where(column == value)
    return query


def trend(conn: Connection, since: date) -> list[Row[Any]]:
    """(day, bucket, class, kind, objects, bytes), by day."""
    c = finding_count.c
    return list(
        conn.execute(sa.select(finding_count).where(c.day >= since).order_by(c.day, c.bucket, c["class"]))
    )


def quarantine_listing() -> sa.Select[Any]:
    return sa.select(quarantine)


def latest(conn: Connection, *names: str, since: date = date.min) -> list[Row[Any]]:
    """Usage on each bucket's newest day (of those from `since` on), summed by these columns: (…, objects,
    bytes), the heaviest first.
    """
    days = sa.select(_u.bucket, sa.func.max(_u.day).label("day")).where(_u.day >= since)
    newest = days.group_by(_u.bucket).subquery()
    size = sa.func.sum(_u.bytes)
    query = sa.select(*_usage(names), sa.func.sum(_u.objects).label("objects"), size.label("bytes"))
    query = query.join(newest, sa.and_(_u.bucket == newest.c.bucket, _u.day == newest.c.day))
    return list(conn.execute(query.group_by(*_usage(names)).order_by(size.desc())))


def days(conn: Connection, since: date, tenant: str | None = None) -> list[Row[Any]]:
    """(day, bucket, bytes) of each day's peak."""
    query = sa.select(_u.day, _u.bucket, sa.func.sum(_u.bytes).label("bytes")).where(_u.day >= since)
    if tenant is not None:
        query = query.where(_u.tenant_id == tenant)
    return list(conn.execute(query.group_by(_u.day, _u.bucket).order_by(_u.day, _u.bucket)))


def listed_pages(conn: Connection, since: datetime) -> int:
    """Requests of class A that sweeps have made from then on."""
    query = sa.select(sa.func.coalesce(sa.func.sum(_s.pages), 0)).where(_s.started_at >= since)
    return int(conn.execute(query).scalar_one())


def keep_drift(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """How a bucket's own rules are; the newest look counts."""
    new = insert(drift).values(list(rows))
    again = {name: new.excluded[name] for name in ("state", "wanted", "found", "checked_at")}
    conn.execute(new.on_conflict_do_update(index_elements=list(drift.primary_key), set_=again))


def drifts(conn: Connection) -> list[Row[Any]]:
    return list(conn.execute(sa.select(drift).order_by(drift.c.bucket, drift.c.what)))


def abandon(conn: Connection, sweep_id: UUID) -> None:
    """One of another policy: what it counted counts no more."""
    conn.execute(sa.delete(sweep_usage).where(sweep_usage.c.sweep_id == sweep_id))
    conn.execute(sa.delete(sweep).where(_s.id == sweep_id))


def _usage(names: Sequence[str]) -> list[Any]:
    return [usage.c[name] for name in names]
