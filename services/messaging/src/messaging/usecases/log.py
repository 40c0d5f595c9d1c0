"""The ledger as the academy's staff read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from eventkit.uow import UnitOfWork
from sqlalchemy import Row

from messaging.store import log as store
from messaging.usecases.reasons import explain


def described(uow: UnitOfWork, rows: Sequence[Row[Any]]) -> Mapping[UUID, dict[str, Any]]:
    """Each message with whom it is about, why it is where it is, and what it costs."""
    students = store.students_of(uow.conn, uow.tenant, [row.id for row in rows])
    return {
        row.id: {
            **row._mapping,
            "state": row.status,
            "reason": explain(row.code),
            "students": students.get(row.id, []),
        }
        for row in rows
    }


def with_price(row: Mapping[str, Any]) -> dict[str, Any]:
    """`price` is what it cost, or may cost at most while that is open; None where it never reserved any."""
    prices = {"open": row["reserved"], "settled": row["settled"], "released": Decimal(0), None: None}
    return {**row, "price": prices[row["money"]]}
