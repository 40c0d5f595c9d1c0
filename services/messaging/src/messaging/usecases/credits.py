"""Credits: reserved when a message is queued, settled when it is delivered, else given back."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from servicekit.problem import Problem
from sqlalchemy import Connection

from messaging.domain.credits import Account, Movement
from messaging.store import credits as store

BY_SENDER = "task:sender"
"""Who moved money where nobody did."""


def charge(
    conn: Connection, tenant: str, amount: Decimal, reference: str, by: str
) -> tuple[store.Balances, bool]:
    """Credit what was paid: the balances after it, and whether it is new. The same reference and amount again
    changes nothing.

    Raises Problem 409 reference_used when that reference paid another amount.
    """
    store.lock(conn, tenant)
    earlier = store.charge_of(conn, tenant, reference)
    if earlier is None:
        store.move(conn, tenant, Movement.CHARGE, amount, reference, by)
    elif earlier.amount != amount:
        raise Problem("reference_used", "이미 다른 금액으로 충전된 입금 번호입니다.", status=409)
    return store.balances(conn, tenant), earlier is None


def reserve(conn: Connection, tenant: str, amount: Decimal, reference: str, by: str) -> bool:
    """Set aside what messages may cost at most; False, and nothing done, where there is not enough."""
    if not amount:
        return True
    if store.lock(conn, tenant)[Account.AVAILABLE] < amount:
        return False
    store.move(conn, tenant, Movement.RESERVE, amount, reference, by)
    return True


def close(conn: Connection, tenant: str, delivered: Mapping[UUID, bool], undelivered: list[UUID]) -> None:
    """Messages ended: `delivered` (id → whether a text message replaced the Alimtalk) are paid for.

    Whoever ends a message calls this in the same transaction; a second call changes nothing.
    """
    ids = [*delivered, *undelivered]
    if not ids:
        return
    store.lock(conn, tenant)
    settled, released = store.close(
        conn,
        tenant,
        ids,
        [one in delivered for one in ids],
        [delivered.get(one, False) for one in ids],
    )
    reference = f"messages:{len(ids)}"
    if settled:
        store.move(conn, tenant, Movement.SETTLE, settled, reference, BY_SENDER)
    if released:
        store.move(conn, tenant, Movement.RELEASE, released, reference, BY_SENDER)
