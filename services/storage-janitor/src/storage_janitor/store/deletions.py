"""The deletions that media's events have released: claimed one by one, each of one video."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import insert

from storage_janitor.domain.deletions import PENDING, DeletionState, Kind
from storage_janitor.store.tables import deletion

_d = deletion.c

Deletion = Row[Any]
"""A row of `deletion`, as claim() left it."""
_NEW = {"state": DeletionState.PLANNED.value, "tries": 0, "objects": 0, "bytes": 0}


def plan(conn: Connection, tenant: str, kind: Kind, releases: Sequence[dict[str, Any]]) -> None:
    """`releases`: of each video once, {video_id, raw_key, released_by, released_at, correlation_id}.

    A newer one begins anew, even a deletion that is done: its owner asks again and is answered again. One
    that was still pending keeps its age and its counts. An older event, or the same, changes nothing.
    """
    rows = [
        {"tenant_id": tenant, "kind": kind.value, "due_at": one["released_at"], **_NEW, **one}
        for one in releases
    ]
    new = insert(deletion).values(rows)
    again: dict[str, Any] = {one.name: new.excluded[one.name] for one in deletion.c if not one.primary_key}
    for name in ("released_at", "tries", "objects", "bytes"):
        again[name] = sa.case((_d.state.in_(PENDING), _d[name]), else_=again[name])
    conn.execute(
        new.on_conflict_do_update(
            index_elements=list(deletion.primary_key),
            set_=again,
            where=_d.released_by < new.excluded.released_by,
        )
    )


def claim(conn: Connection, now: datetime, until: datetime) -> Deletion | None:
    """The one that has been due longest, due again at `until` should this attempt never end; None for none.

    `conn` is a system one. A done one is claimed too: its last look is due.
    """
    due = sa.select(_d.tenant_id, _d.video_id, _d.kind).where(_d.due_at <= now).order_by(_d.due_at).limit(1)
    chosen = due.with_for_update(skip_locked=True).cte("chosen")
    at_work = sa.case((_d.state == DeletionState.DONE, _d.state), else_=DeletionState.ATTEMPTING.value)
    statement = (
        sa.update(deletion)
        .where(*(_d[column.name] == column for column in chosen.c))
        .values(state=at_work, tries=_d.tries + 1, due_at=until)
        .returning(*deletion.c)
    )
    return conn.execute(statement).first()


def count(conn: Connection, job: Deletion, objects: int, size: int) -> None:
    """Objects that have left the bucket, whoever's attempt it is by now."""
    counts = {"objects": _d.objects + objects, "bytes": _d.bytes + size}
    conn.execute(sa.update(deletion).where(*_key_of(job)).values(counts))


def is_mine(conn: Connection, job: Deletion) -> bool:
    """Whether this attempt may still delete; nobody takes it over before the transaction ends."""
    query = sa.select(_d.tries).where(*_mine(job)).with_for_update()
    return conn.execute(query).first() is not None


def finish(conn: Connection, job: Deletion, now: datetime, last_look: datetime | None) -> Deletion | None:
    """Nothing of it is left: the row with all counts; None when the job is another attempt's by now."""
    done = {"state": DeletionState.DONE.value, "done_at": sa.func.coalesce(_d.done_at, now), "reason": None}
    return _write(conn, job, **done, due_at=last_look)


def give_back(
    conn: Connection, job: Deletion, state: DeletionState, due_at: datetime | None, reason: str | None
) -> None:
    """Not finished; to be tried again at `due_at`, if at all."""
    _write(conn, job, due_at=due_at, state=state.value, reason=reason)


def pending(conn: Connection) -> Sequence[Row[Any]]:
    """(state, number, oldest) of what is not done, over all tenants."""
    columns = (_d.state, sa.func.count().label("number"), sa.func.min(_d.released_at).label("oldest"))
    return conn.execute(sa.select(*columns).where(_d.state.in_(PENDING)).group_by(_d.state)).all()


def _write(conn: Connection, job: Deletion, **values: Any) -> Deletion | None:
    statement = sa.update(deletion).where(*_mine(job)).values(values).returning(*deletion.c)
    return conn.execute(statement).first()


def _key_of(job: Deletion) -> tuple[sa.ColumnElement[bool], ...]:
    return (*(column == job._mapping[column.name] for column in deletion.primary_key),)


def _mine(job: Deletion) -> tuple[sa.ColumnElement[bool], ...]:
    return (*_key_of(job), _d.released_by == job.released_by, _d.tries == job.tries)
