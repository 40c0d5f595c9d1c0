"""The end of a message, whoever brings it about: its state and its money change, and who asked is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from eventkit.trace import Cause
from eventkit.uow import UnitOfWork
from sqlalchemy import Connection

from messaging.domain.messages import FINAL, NO_REPORT, Status
from messaging.events import SERVICE
from messaging.store import ledger, requests
from messaging.store.ledger import Move, Moved
from messaging.usecases import credits

Codes = Mapping[UUID, str | None]


def move(conn: Connection, tenant: str, status: Status, moves: Sequence[Move], now: datetime) -> Moved:
    """As store.ledger.move, and what ended is paid for or given back."""
    moved = ledger.move(conn, tenant, status, moves, now)
    if status is Status.DELIVERED:
        credits.close(conn, tenant, {one.id: one.replaced for one in moves if one.id in moved}, [])
    elif status in FINAL:
        credits.close(conn, tenant, {}, list(moved))
    if status in FINAL:
        _tell(conn, tenant, status, moved, {one.id: one.code for one in moves})
    return moved


def give_up_asking(conn: Connection, tenant: str, replaced: Mapping[UUID, bool]) -> int:
    """Accepted long ago and never reported: paid for as if delivered; how many. `replaced`: id → whether a
    text message replaced the Alimtalk."""
    silent = ledger.unreported(conn, tenant, list(replaced))
    credits.close(conn, tenant, {one: replaced[one] for one in silent}, [])
    _tell(conn, tenant, Status.ACCEPTED, silent, dict.fromkeys(silent, NO_REPORT))
    return len(silent)


def _tell(conn: Connection, tenant: str, outcome: Status, moved: Moved, codes: Codes) -> None:
    """One event per request; it belongs to the flow of what asked."""
    asked: dict[UUID, list[UUID]] = {}
    for message_id, request_id in moved.items():
        if request_id is not None:
            asked.setdefault(request_id, []).append(message_id)
    if not asked:
        return
    uow = UnitOfWork(conn, tenant, Cause.start(), source=SERVICE)
    for row in requests.several(conn, tenant, list(asked)):
        ids = asked[row.id]
        data = {
            "request_id": str(row.id),
            "trigger": row.trigger,
            "occurrence": row.occurrence,
            "outcome": outcome.value,
            "messages": {"message_id": [str(one) for one in ids], "code": [codes[one] for one in ids]},
        }
        cause = Cause(row.correlation_id or str(row.id), str(row.id), "")
        uow.publish("messaging.message.settled", subject=str(row.id), data=data, cause=cause)
    uow.flush()
