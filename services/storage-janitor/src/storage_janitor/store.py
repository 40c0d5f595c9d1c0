"""Tables: what other services say of their objects, and the deletions that follow from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from eventkit.erasure import Counts
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import insert

from storage_janitor.domain.deletions import PENDING, DeletionState, Kind, Known, VideoState

metadata = sa.MetaData()

# the objects whose job has ended, so that a leftover can be told from one in use
ended_import = sa.Table(
    "ended_import",
    metadata,
    sa.Column("tenant_id", sa.Text, primary_key=True),
    sa.Column("job_id", sa.Uuid, primary_key=True),
    sa.Column("object_key", sa.Text, nullable=False),
    sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
)

# `version` is the id of the newest event (UUIDv7); a deleted video has DELETED_VERSION and so stays deleted
video_ref = sa.Table(
    "video_ref",
    metadata,
    sa.Column("tenant_id", sa.Text, primary_key=True),
    sa.Column("video_id", sa.Uuid, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("raw_key", sa.Text),
    sa.Column("raw_expires_at", sa.DateTime(timezone=True)),
    sa.Column("version", sa.Uuid, nullable=False),
)
DELETED_VERSION = UUID(int=2**128 - 1)

# The intent of an external effect (DESIGN.md section 4). `released_by` is the event that asks for it, `tries`
# numbers the attempts: together they refuse the writes of one that comes late. A row without `due_at` rests.
# Objects up to the key `counted_to` are counted, even if the process died before it deleted them.
deletion = sa.Table(
    "deletion",
    metadata,
    sa.Column("tenant_id", sa.Text, primary_key=True),
    sa.Column("video_id", sa.Uuid, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("raw_key", sa.Text, nullable=False),
    sa.Column("released_by", sa.Uuid, nullable=False),
    sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("correlation_id", sa.Text, nullable=False),
    sa.Column("due_at", sa.DateTime(timezone=True)),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("objects", sa.BigInteger, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("counted_to", sa.Text, nullable=False),
    sa.Column("done_at", sa.DateTime(timezone=True)),
)
_d = deletion.c

Deletion = Row[Any]
"""A row of `deletion`, as claim() left it."""
_NEW = {"state": DeletionState.PLANNED.value, "tries": 0, "objects": 0, "bytes": 0, "counted_to": ""}


def add_ended_imports(conn: Connection, tenant: str, ended: Sequence[tuple[UUID, str, datetime]]) -> None:
    """`ended`: (job id, object key, time); a job ends once, so a known one stays as it is."""
    rows = [{"tenant_id": tenant, "job_id": job, "object_key": key, "ended_at": at} for job, key, at in ended]
    conn.execute(insert(ended_import).values(rows).on_conflict_do_nothing())


def ended_keys(conn: Connection, tenant: str) -> set[str]:
    """Keys of the workbooks whose import has ended."""
    query = sa.select(ended_import.c.object_key).where(ended_import.c.tenant_id == tenant)
    return set(conn.execute(query).scalars())


def holdings(_conn: Connection, _tenant: str, _student_ids: Collection[UUID]) -> Counts:
    """Of nobody in particular: which workbook a person is in cannot be told without opening them all."""
    return Counter()


def known(conn: Connection, tenant: str, video_id: UUID) -> Known | None:
    """The video as its events say; None before the first of them."""
    c = video_ref.c
    query = sa.select(c.state, c.version, c.raw_key, c.raw_expires_at)
    found = conn.execute(query.where(c.tenant_id == tenant, c.video_id == video_id)).first()
    return Known(VideoState(found.state), *found[1:]) if found else None


def owners(conn: Connection, tenant: str, raw_keys: Collection[str]) -> Sequence[Row[Any]]:
    """(raw_key, video_id) of the videos that are known to have these originals."""
    c = video_ref.c
    query: sa.Select[Any] = sa.select(c.raw_key, c.video_id)
    return conn.execute(query.where(c.tenant_id == tenant, c.raw_key.in_(raw_keys))).all()


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
    for name in ("released_at", "tries", "objects", "bytes", "counted_to"):
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


def count(conn: Connection, job: Deletion, objects: int, size: int, last_key: str) -> bool:
    """Objects that will be deleted next, up to `last_key`. False when the job is another attempt's by now."""
    found = {"objects": _d.objects + objects, "bytes": _d.bytes + size, "counted_to": last_key}
    return _write(conn, job, **found) is not None


def finish(conn: Connection, job: Deletion, now: datetime, last_look: datetime | None) -> Deletion | None:
    """Nothing of it is left: the row with all counts; None when the job is another attempt's by now."""
    done = {"state": DeletionState.DONE.value, "done_at": sa.func.coalesce(_d.done_at, now), "reason": None}
    return _write(conn, job, **done, due_at=last_look, counted_to="")


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
    fence = (*(column == job._mapping[column.name] for column in deletion.primary_key),)
    mine = (*fence, _d.released_by == job.released_by, _d.tries == job.tries)
    return conn.execute(sa.update(deletion).where(*mine).values(values).returning(*deletion.c)).first()
