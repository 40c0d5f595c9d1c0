"""The ledger as people read it: never a number, never a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from messaging.domain.messages import Status
from messaging.store.tables import credit_hold, message, message_subject, recipient, template

_M, _H = message.c, credit_hold.c

_APART = 3_600_000
"""Milliseconds: more than the clocks of database and API differ, and than a transaction takes."""

# newest first: read with descending=True
LOG_ORDER = (_M.id,)
AMBIGUOUS_ORDER = (_M.id,)


def listing(tenant: str, filters: Mapping[str, Any]) -> sa.Select[Any]:
    """Messages with template and money, of a `state`, a `batch`, and asked for from `since` to `until`."""
    query = (
        sa.select(
            message,
            template.c.name.label("template_name"),
            _H.state.label("money"),
            _H.amount.label("reserved"),
            _H.settled,
        )
        .outerjoin(template, (template.c.tenant_id == _M.tenant_id) & (template.c.id == _M.template_id))
        .outerjoin(credit_hold, (_H.tenant_id == _M.tenant_id) & (_H.message_id == _M.id))
        .where(_M.tenant_id == tenant)
    )
    for condition, name in (
        (_M.status, "state"),
        (_M.batch_id, "batch"),
    ):
        if filters[name] is not None:
            query = query.where(condition == filters[name])
    if filters["since"] is not None:
        query = query.where(_M.created_at >= filters["since"], _M.id >= _made_at(filters["since"], -_APART))
    if filters["until"] is not None:
        query = query.where(_M.created_at < filters["until"], _M.id < _made_at(filters["until"], _APART))
    return query


def _made_at(moment: datetime, apart: int) -> UUID:
    """The least id (UUIDv7) of about that time: the log is read by the primary key."""
    return UUID(int=max(int(moment.timestamp() * 1000) + apart, 0) << 80)


def ambiguous(tenant: str) -> sa.Select[Any]:
    """Messages whose fate nobody knows yet; order and paging are the caller's (AMBIGUOUS_ORDER)."""
    return sa.select(message).where(_M.tenant_id == tenant, _M.status == Status.AMBIGUOUS.value)


def students_of(
    conn: Connection, tenant: str, message_ids: Sequence[UUID]
) -> Mapping[UUID, list[dict[str, Any]]]:
    """Message → whom it is about; a student who has been erased is left out."""
    about, whom = message_subject.c, recipient.c
    query = (
        sa.select(about.message_id, whom.student_id, whom.name)
        .join(recipient, (whom.tenant_id == about.tenant_id) & (whom.student_id == about.student_id))
        .where(
            about.tenant_id == tenant,
            about.message_id == sa.any_(sa.literal(list(message_ids), sa.ARRAY(sa.Uuid))),
        )
        .order_by(whom.name, whom.student_id)
    )
    found: dict[UUID, list[dict[str, Any]]] = {}
    for row in conn.execute(query):
        found.setdefault(row.message_id, []).append({"id": row.student_id, "name": row.name})
    return found


def lock(conn: Connection, tenant: str, message_id: UUID) -> str | None:
    """The state of one message, locked until the transaction ends."""
    query = sa.select(_M.status).where(_M.tenant_id == tenant, _M.id == message_id)
    state: str | None = conn.execute(query.with_for_update()).scalar()
    return state
