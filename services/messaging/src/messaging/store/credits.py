"""Accounts, entries and holds. Whoever moves money locks the tenant's accounts first, in one order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import insert

from messaging.domain.credits import SIDES, Account, Movement
from messaging.store.columns import add
from messaging.store.tables import credit_account, credit_entry, credit_hold

_A = credit_account.c
Balances = Mapping[str, Decimal]

# newest first: read with descending=True
ENTRY_ORDER = (credit_entry.c.seq,)


def lock(conn: Connection, tenant: str) -> Balances:
    """The balances, locked until the transaction ends; accounts that are missing are made."""
    names = [{"tenant_id": tenant, "name": name.value} for name in Account]
    conn.execute(insert(credit_account).values(names).on_conflict_do_nothing())
    query = sa.select(_A.name, _A.balance).where(_A.tenant_id == tenant)
    return {row.name: row.balance for row in conn.execute(query.order_by(_A.name).with_for_update())}


def balances(conn: Connection, tenant: str) -> Balances:
    """Every account's balance, without a lock."""
    query = sa.select(_A.name, _A.balance).where(_A.tenant_id == tenant)
    found = {row.name: row.balance for row in conn.execute(query)}
    return {name.value: found.get(name.value, Decimal(0)) for name in Account}


def move(conn: Connection, tenant: str, movement: Movement, amount: Decimal, reference: str, by: str) -> None:
    """One entry, under `lock`. Raises IntegrityError for a balance below zero and a charge made twice."""
    giver, receiver = SIDES[movement]
    conn.execute(
        sa.insert(credit_entry).values(
            tenant_id=tenant,
            kind=movement.value,
            from_account=giver.value,
            to_account=receiver.value,
            amount=amount,
            reference=reference,
            created_by=by,
        )
    )
    change = sa.case((_A.name == giver.value, -amount), else_=amount)
    conn.execute(
        sa.update(credit_account)
        .where(_A.tenant_id == tenant, _A.name.in_((giver.value, receiver.value)))
        .values(balance=_A.balance + change)
    )


def charge_of(conn: Connection, tenant: str, reference: str) -> Row[Any] | None:
    """The charge that has this reference already."""
    query = sa.select(credit_entry).where(
        credit_entry.c.tenant_id == tenant,
        credit_entry.c.kind == Movement.CHARGE.value,
        credit_entry.c.reference == reference,
    )
    return conn.execute(query).first()


def hold(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """What each message may cost: tenant_id, message_id, own, fallback, amount."""
    add(conn, credit_hold, [{**row, "state": "open"} for row in rows])


_CLOSE = sa.text("""
    UPDATE credit_hold h SET
        state = CASE WHEN g.delivered THEN 'settled' ELSE 'released' END,
        settled = CASE WHEN g.delivered AND g.replaced THEN coalesce(h.fallback, h.own)
            WHEN g.delivered THEN h.own END
    FROM unnest(CAST(:ids AS uuid[]), CAST(:delivered AS boolean[]), CAST(:replaced AS boolean[]))
        AS g (id, delivered, replaced)
    WHERE h.tenant_id = :tenant AND h.message_id = g.id AND h.state = 'open'
    RETURNING h.amount, coalesce(h.settled, 0) AS settled
""")


def close(
    conn: Connection, tenant: str, ids: Sequence[UUID], delivered: Sequence[bool], replaced: Sequence[bool]
) -> tuple[Decimal, Decimal]:
    """End the holds of messages that ended: (what is settled, what is released). A hold ends once."""
    given = {"tenant": tenant, "ids": ids, "delivered": delivered, "replaced": replaced}
    rows = conn.execute(_CLOSE, given).all()
    settled = sum((row.settled for row in rows), Decimal(0))
    return settled, sum((row.amount for row in rows), Decimal(0)) - settled


def entries(tenant: str) -> sa.Select[Any]:
    """The ledger of a tenant; paging is the caller's (ENTRY_ORDER, descending)."""
    return sa.select(credit_entry).where(credit_entry.c.tenant_id == tenant)
