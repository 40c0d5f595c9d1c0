"""Bulk sends: the row of each, and what its messages have come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from messaging.domain.messages import Status, before
from messaging.store.columns import add
from messaging.store.tables import batch, credit_hold, message, template

_B, _M, _H = batch.c, message.c, credit_hold.c

# newest first: read with descending=True
BATCH_ORDER = (_B.created_at, _B.id)
SCHEDULED_ORDER = (_B.due_at, _B.id)


def insert(conn: Connection, values: Mapping[str, Any]) -> bool:
    """False, and nothing done, where the id is taken; whoever is inserting it is waited for."""
    return bool(add(conn, batch, [values], ["id"]))


def exists(conn: Connection, tenant: str, batch_id: UUID) -> bool:
    query = sa.select(_B.id).where(_B.tenant_id == tenant, _B.id == batch_id)
    return conn.execute(query).first() is not None


def listing(tenant: str) -> sa.Select[Any]:
    """Batches with the name of their template; order and paging are the caller's (BATCH_ORDER)."""
    return (
        sa.select(batch, template.c.name.label("template_name"))
        .outerjoin(template, (template.c.tenant_id == _B.tenant_id) & (template.c.id == _B.template_id))
        .where(_B.tenant_id == tenant)
    )


def waiting(tenant: str) -> sa.Select[Any]:
    """As listing, those with messages that nobody has taken yet (SCHEDULED_ORDER)."""
    queued = sa.select(_M.batch_id).where(
        _M.tenant_id == tenant, _M.status == Status.QUEUED.value, _M.batch_id.is_not(None)
    )
    return listing(tenant).where(_B.id.in_(queued))


def find(conn: Connection, tenant: str, batch_id: UUID, *, lock: bool = False) -> Row[Any] | None:
    """`lock`: for one writer at a time."""
    query = listing(tenant).where(_B.id == batch_id)
    return conn.execute(query.with_for_update(of=batch) if lock else query).first()


def counts(conn: Connection, tenant: str, batch_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """(batch_id, status, code, number, due_at, reserved, settled) of their messages: due_at is the earliest,
    reserved what they may still cost, settled what they did cost.
    """
    hold = (_H.tenant_id == _M.tenant_id) & (_H.message_id == _M.id)
    query = (
        sa.select(
            _M.batch_id,
            _M.status,
            _M.code,
            sa.func.count().label("number"),
            sa.func.min(_M.due_at).label("due_at"),
            sa.func.coalesce(sa.func.sum(_H.amount).filter(_H.state == "open"), 0).label("reserved"),
            sa.func.coalesce(sa.func.sum(_H.settled), 0).label("settled"),
        )
        .outerjoin(credit_hold, hold)
        .where(_M.tenant_id == tenant, _M.batch_id == sa.any_(sa.literal(list(batch_ids), sa.ARRAY(sa.Uuid))))
        .group_by(_M.batch_id, _M.status, _M.code)
    )
    return conn.execute(query).all()


def lock_unsent(conn: Connection, tenant: str, batch_id: UUID) -> list[UUID]:
    """Messages that have not begun, in the order in which a sender locks them."""
    query = (
        sa.select(_M.id)
        .where(
            _M.tenant_id == tenant,
            _M.batch_id == batch_id,
            _M.status.in_([state.value for state in before(Status.CANCELLED)]),
        )
        .order_by(_M.due_at, _M.id)
        .with_for_update()
    )
    return list(conn.execute(query).scalars())


def cancel(conn: Connection, tenant: str, batch_id: UUID, by: str, now: datetime) -> None:
    """Note who cancelled it first. What is on the wire and comes back unsent has expired then."""
    conn.execute(
        sa.update(batch)
        .where(_B.tenant_id == tenant, _B.id == batch_id, _B.cancelled_at.is_(None))
        .values(cancelled_by=by, cancelled_at=now)
    )
    conn.execute(
        sa.update(message)
        .where(
            _M.tenant_id == tenant,
            _M.batch_id == batch_id,
            _M.status.in_([Status.SENDING.value, Status.AMBIGUOUS.value]),
        )
        .values(not_after=sa.func.least(_M.not_after, now))
    )
