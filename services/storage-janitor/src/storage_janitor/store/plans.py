"""Plans and their items. `conn` is a system one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from eventkit.ids import new_id
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import ARRAY

from storage_janitor.domain.objects import Doomed
from storage_janitor.domain.plans import OPEN, Item, PlanKind, PlanState, Total
from storage_janitor.store.tables import finding, plan, plan_item

_p, _i = plan.c, plan_item.c
Plan = Row[Any]
ORDER = (_p.created_at, _p.id)
ITEM_ORDER = (_i.seq,)
_ITEM = (_i.seq, _i.tenant_id, _i.key, _i.bytes, _i.etag, _i.written_at, _i.rule, _i.reason)


def create(conn: Connection, values: Mapping[str, Any]) -> UUID:
    """An empty one that is being built."""
    plan_id = new_id()
    empty = {"digest": "", "saving_usd": 0, "fuses": [], "reasons": [], "kept": {}}
    conn.execute(sa.insert(plan).values(id=plan_id, state=PlanState.BUILDING, **{**empty, **values}))
    return plan_id


def add_items(conn: Connection, plan_id: UUID, bucket: str, first: int, doomed: Sequence[Doomed]) -> None:
    """In order, from place `first` on."""
    columns: dict[str, list[Any]] = {
        "seq": list(range(first, first + len(doomed))),
        "tenant_id": [one.tenant for one in doomed],
        "key": [one.key for one in doomed],
        "bytes": [one.found.bytes for one in doomed],
        "etag": [one.found.etag for one in doomed],
        "written_at": [one.found.written_at for one in doomed],
        "rule": [one.rule for one in doomed],
        "reason": [one.reason for one in doomed],
    }
    given = [
        sa.func.unnest(sa.literal(values, ARRAY(plan_item.c[name].type))) for name, values in columns.items()
    ]
    fixed = [sa.literal(plan_id, sa.Uuid), sa.literal(bucket)]
    conn.execute(sa.insert(plan_item).from_select(["plan_id", "bucket", *columns], sa.select(*fixed, *given)))


def add_orphans(conn: Connection, plan_id: UUID, bucket: str, seen: datetime) -> None:
    """The orphans of the sweep of that time become the plan's items."""
    f = finding.c
    names = ("bucket", "key", "tenant_id", "bytes", "etag", "written_at")
    place = sa.func.row_number().over(order_by=sa.collate(f.key, "C"))
    rows = sa.select(
        sa.literal(plan_id, sa.Uuid), place, *(finding.c[name] for name in names), f["class"],
        sa.literal("unreferenced"),
    )  # fmt: skip
    rows = rows.where(f.bucket == bucket, f.kind == "orphan", f.last_seen == seen)
    conn.execute(sa.insert(plan_item).from_select(["plan_id", "seq", *names, "rule", "reason"], rows))


def count(conn: Connection, plan_id: UUID) -> int:
    return int(conn.execute(sa.select(sa.func.count()).where(_i.plan_id == plan_id)).scalar_one())


def totals(conn: Connection, plan_id: UUID) -> list[tuple[str, str, Total]]:
    """(rule, reason, total)."""
    figures = (sa.func.count(), sa.func.coalesce(sa.func.sum(_i.bytes), 0))
    query = sa.select(_i.rule, _i.reason, *figures).where(_i.plan_id == plan_id)
    rows = conn.execute(query.group_by(_i.rule, _i.reason).order_by(_i.rule, _i.reason))
    return [(rule, reason, Total(objects, int(size))) for rule, reason, objects, size in rows]


def items(conn: Connection, plan_id: UUID) -> Iterator[Item]:
    """All in order, streamed."""
    query = sa.select(*_ITEM).where(_i.plan_id == plan_id).order_by(_i.seq)
    with conn.execute(query.execution_options(yield_per=2000)) as rows:
        for row in rows:
            yield Item(*row)


def items_after(conn: Connection, plan_id: UUID, seq: int, limit: int) -> list[Any]:
    """(bucket and the fields of domain.plans.Item) of the next ones, of one bucket."""
    query = sa.select(_i.bucket, *_ITEM).where(_i.plan_id == plan_id, _i.seq > seq)
    rows = list(conn.execute(query.order_by(_i.seq).limit(limit)))
    return [row for row in rows if row.bucket == rows[0].bucket]


def item_listing(plan_id: UUID) -> sa.Select[Any]:
    """Items, for a page."""
    return sa.select(plan_item).where(_i.plan_id == plan_id)


def sample(conn: Connection, row: Plan, number: int) -> list[Row[Any]]:
    """At most `number`, evenly apart."""
    step = max(row.objects // number, 1)
    query = sa.select(plan_item).where(_i.plan_id == row.id, _i.seq % step == 0)
    return list(conn.execute(query.order_by(_i.seq).limit(number)))


def find(conn: Connection, plan_id: UUID, *, lock: bool = False) -> Plan | None:
    query = sa.select(plan).where(_p.id == plan_id)
    return conn.execute(query.with_for_update() if lock else query).first()


def get(conn: Connection, plan_id: UUID) -> Plan:
    """One that is there."""
    return conn.execute(sa.select(plan).where(_p.id == plan_id)).one()


def update(conn: Connection, plan_id: UUID, values: Mapping[str, Any]) -> Plan:
    return conn.execute(sa.update(plan).where(_p.id == plan_id).values(values).returning(*plan.c)).one()


def discard(conn: Connection, plan_id: UUID) -> None:
    """One that turned out to be empty, or was not finished."""
    conn.execute(sa.delete(plan_item).where(_i.plan_id == plan_id))
    conn.execute(sa.delete(plan).where(_p.id == plan_id))


def is_open(conn: Connection, bucket: str, kind: PlanKind) -> bool:
    """Whether one of this kind is under way."""
    query = sa.select(_p.id).where(_p.bucket == bucket, _p.kind == kind, _p.state.in_(OPEN))
    return conn.execute(query.limit(1)).first() is not None


def supersede(conn: Connection, bucket: str, kind: PlanKind, newer: UUID) -> None:
    """Older ones that nobody has approved."""
    older = (_p.bucket == bucket, _p.kind == kind, _p.state == PlanState.PLANNED, _p.id != newer)
    conn.execute(sa.update(plan).where(*older).values(state=PlanState.SUPERSEDED))


def expire(conn: Connection, now: datetime) -> None:
    """Those whose time is over before anything of them was deleted."""
    unused = (PlanState.BUILDING, PlanState.PLANNED, PlanState.APPROVED)
    waiting = (_p.expires_at <= now, _p.state.in_(unused))
    conn.execute(sa.update(plan).where(*waiting).values(state=PlanState.EXPIRED))


def due(conn: Connection, now: datetime) -> list[UUID]:
    """Approved ones whose grace is over, and those under way, the smallest first: a large one takes hours."""
    ready = _p.state.in_((PlanState.APPROVED, PlanState.APPLYING))
    query = sa.select(_p.id).where(ready, _p.not_before <= now).order_by(_p.objects, _p.created_at)
    return list(conn.execute(query).scalars())


def by_state(conn: Connection, states: Collection[PlanState]) -> dict[str, int]:
    query = sa.select(_p.state, sa.func.count()).where(_p.state.in_(states)).group_by(_p.state)
    return dict(conn.execute(query).tuples().all())


def listing(*, state: str | None, kind: str | None) -> sa.Select[Any]:
    """Plans, for a page; those still being built are nobody's yet."""
    query = sa.select(plan).where(_p.state != PlanState.BUILDING)
    for column, value in ((_p.state, state), (_p.kind, kind)):
        if value is not None:
            query = query.where(column == value)
    return query


def prune(conn: Connection, before: datetime) -> None:
    """The items of plans that ended before then; what was deleted is in the ledger."""
    ended = (PlanState.DONE, PlanState.REJECTED, PlanState.SUPERSEDED, PlanState.EXPIRED)
    old = sa.select(_p.id).where(_p.state.in_(ended), _p.created_at <= before)
    conn.execute(sa.delete(plan_item).where(_i.plan_id.in_(old)))
