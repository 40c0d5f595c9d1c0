"""Bulk sends after they were queued: how far they are, and their end before they begin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from eventkit.uow import UnitOfWork
from servicekit.problem import Problem
from sqlalchemy import Row

from messaging.domain.messages import Status, before
from messaging.store import batches as store
from messaging.store import log
from messaging.store.ledger import Move
from messaging.usecases import ending
from messaging.usecases.reasons import CANCELLED, explain


def described(uow: UnitOfWork, rows: Sequence[Row[Any]]) -> dict[UUID, dict[str, Any]]:
    """Each batch with its messages by state and reason, and its money; two statements for any number."""
    found = {row.id: _empty(row) for row in rows}
    for one in store.counts(uow.conn, uow.tenant, list(found)):
        batch = found[one.batch_id]
        batch["states"][one.status] += one.number
        batch["reserved"] += one.reserved
        batch["settled"] += one.settled
        if one.code is not None:
            batch["reasons"].append(
                {"state": one.status, "code": one.code, "reason": explain(one.code), "count": one.number}
            )
        if one.status == Status.QUEUED.value:
            batch["next_due_at"] = min(one.due_at, batch["next_due_at"] or one.due_at)
    return found


def _empty(row: Row[Any]) -> dict[str, Any]:
    return {
        **row._mapping,
        "states": Counter(),
        "reasons": [],
        "reserved": 0,
        "settled": 0,
        "next_due_at": None,
    }


def show(uow: UnitOfWork, batch_id: UUID) -> dict[str, Any]:
    """Raises Problem 404."""
    row = store.find(uow.conn, uow.tenant, batch_id)
    if row is None:
        raise Problem("not_found")
    return described(uow, [row])[batch_id]


def cancel(uow: UnitOfWork, batch_id: UUID, by: str, now: datetime) -> dict[str, int]:
    """Nothing of it begins any more; how many were `cancelled`, and how many `went` before. Again: 0.

    Raises Problem 404.
    """
    if store.find(uow.conn, uow.tenant, batch_id, lock=True) is None:
        raise Problem("not_found")
    unsent = store.lock_unsent(uow.conn, uow.tenant, batch_id)
    moves = [Move(one, CANCELLED) for one in unsent]
    cancelled = ending.move(uow.conn, uow.tenant, Status.CANCELLED, moves, now)
    store.cancel(uow.conn, uow.tenant, batch_id, by, now)
    states: Counter[str] = Counter()
    for one in store.counts(uow.conn, uow.tenant, [batch_id]):
        states[one.status] += one.number
    stayed = states[Status.CANCELLED.value] + states[Status.SKIPPED.value]
    return {"cancelled": len(cancelled), "went": states.total() - stayed}


def cancel_message(uow: UnitOfWork, message_id: UUID, now: datetime) -> dict[str, Any]:
    """One message that has not begun. Raises Problem 404, 409 not_cancellable with its `state`."""
    state = log.lock(uow.conn, uow.tenant, message_id)
    if state is None:
        raise Problem("not_found")
    if state not in before(Status.CANCELLED):
        raise Problem(
            "not_cancellable",
            "이미 발송을 시작했거나 끝난 메시지입니다.",
            status=409,
            members={"state": state},
        )
    ending.move(uow.conn, uow.tenant, Status.CANCELLED, [Move(message_id, CANCELLED)], now)
    return {"id": message_id, "state": Status.CANCELLED.value}
