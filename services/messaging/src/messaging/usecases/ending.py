"""The end of a message, whoever brings it about: its state and its money change together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from messaging.domain.messages import FINAL, Status
from messaging.store import ledger
from messaging.store.ledger import Move
from messaging.usecases import credits


def move(conn: Connection, tenant: str, status: Status, moves: Sequence[Move], now: datetime) -> set[UUID]:
    """As store.ledger.move, and what ended is paid for or given back."""
    moved = ledger.move(conn, tenant, status, moves, now)
    if status is Status.DELIVERED:
        credits.close(conn, tenant, {one.id: one.replaced for one in moves if one.id in moved}, [])
    elif status in FINAL:
        credits.close(conn, tenant, {}, list(moved))
    return moved


def give_up_asking(conn: Connection, tenant: str, replaced: Mapping[UUID, bool]) -> int:
    """Accepted long ago and never reported: paid for as if delivered; how many. `replaced`: id → whether a
    text message replaced the Alimtalk."""
    silent = ledger.unreported(conn, tenant, list(replaced))
    credits.close(conn, tenant, {one: replaced[one] for one in silent}, [])
    return len(silent)
