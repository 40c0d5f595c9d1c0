"""From QUEUED to the provider's answer: claim, ask the guards, commit the intent, call, write the outcome."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from eventkit.clock import Clock
from eventkit.metrics import Metrics
from eventkit.ports import Database
from sqlalchemy import Connection, Row

from messaging import metrics
from messaging.domain.codes import ACCOUNT
from messaging.domain.content import Kind
from messaging.domain.guards import Allow, Decision, Defer, Skip, Tenant
from messaging.domain.messages import CLAIM_LEASE, SEND_LEASE, Status, retry_after
from messaging.domain.quiet import hour_began
from messaging.ports import Accepted, Alimtalk, Outcome, Outgoing, Provider, Refused
from messaging.store import guards, ledger, turns
from messaging.store.ledger import Move
from messaging.usecases import ending, guarding

log = logging.getLogger(__name__)

REPORT_AFTER = timedelta(minutes=10)
"""When an accepted message is asked for if no webhook tells of it before."""

ASK_AFTER = timedelta(seconds=15)
"""When the provider is first asked whether it has a message whose call was lost."""


@dataclass(frozen=True, slots=True)
class Sender:
    """`step` handles one batch of one tenant. Any number of them may run, here and in other workers."""

    db: Database
    provider: Provider
    clock: Clock
    metrics: Metrics
    batch: int
    limit: int
    """How many all tenants together may send on one day; 0: as many as they like."""

    def step(self) -> bool:
        """Whether there was anything to do."""
        self._clear()
        found = self._claim()
        if found is None:
            return False
        tenant, rows, lease = found
        outgoing = self._begin(tenant, rows, lease)
        if outgoing:
            started = self.clock.monotonic()
            outcomes = self.provider.send(outgoing)
            self.metrics.observe(metrics.SEND_SECONDS, self.clock.monotonic() - started)
            self._settle(tenant, outgoing, outcomes)
        return True

    def _clear(self) -> None:
        """What dead workers left, and what nobody will send any more."""
        now = self.clock.now()
        with self.db.system() as conn:
            lost = ledger.abandoned(conn, now)
            for tenant, ids in by_tenant(ledger.expired(conn, now)).items():
                moves = [Move(one, "expired") for one in ids]
                ending.move(conn, tenant, Status.SKIPPED, moves, now)
        if lost:
            log.warning("messages of a dead worker", extra={"count": lost})

    def _claim(self) -> tuple[str, Sequence[Row[Any]], datetime] | None:
        now = self.clock.now()
        lease = now + CLAIM_LEASE
        with self.db.system() as conn:
            tenant = turns.next_tenant(conn, now)
            rows = ledger.claim(conn, tenant, now, lease, self.batch) if tenant else []
            if not tenant or not rows:
                return None
            able = guarding.able(conn, guards.settings(conn, tenant), self.limit, now, lock=False)
            return tenant, self._allowed(conn, tenant, able, rows, lease, now), lease

    def _begin(self, tenant: str, rows: Sequence[Row[Any]], lease: datetime) -> list[Outgoing]:
        """The guards once more, under a lock that a hold waits for; then the intent, committed."""
        now = self.clock.now()
        with self.db.system() as conn:
            own = guards.settings(conn, tenant, share=True)
            able = guarding.able(conn, own, self.limit, now, lock=True)
            allowed = self._allowed(conn, tenant, able, rows, lease, now)
            begun = ledger.begin(conn, tenant, [one.id for one in allowed], lease, now, now + SEND_LEASE)
            guards.count_sent(conn, tenant, hour_began(now), len(begun))
        return [_outgoing(row, own.sender) for row in begun]

    def _allowed(
        self,
        conn: Connection,
        tenant: str,
        able: Tenant,
        rows: Sequence[Row[Any]],
        lease: datetime,
        now: datetime,
    ) -> list[Row[Any]]:
        """Those that may leave; the others, if still held under `lease`, are skipped or put off."""
        decisions = guarding.at_leaving(conn, tenant, able, rows, now)
        kept = [(row.id, one) for row, one in zip(rows, decisions, strict=True) if not isinstance(one, Allow)]
        if kept:
            self._keep_back(conn, tenant, kept, lease, now)
        return [row for row, one in zip(rows, decisions, strict=True) if isinstance(one, Allow)]

    def _keep_back(
        self,
        conn: Connection,
        tenant: str,
        kept: Sequence[tuple[UUID, Decision]],
        lease: datetime,
        now: datetime,
    ) -> None:
        held = ledger.held(conn, tenant, [message_id for message_id, _ in kept], lease)
        mine = [(message_id, why) for message_id, why in kept if message_id in held]
        skipped = [Move(one, why.code) for one, why in mine if isinstance(why, Skip)]
        deferred = [Move(one, why.code, why.until) for one, why in mine if isinstance(why, Defer)]
        ending.move(conn, tenant, Status.SKIPPED, skipped, now)
        ledger.move(conn, tenant, Status.QUEUED, deferred, now)
        for outcome, moves in (("skipped", skipped), ("deferred", deferred)):
            for one in moves:
                self.metrics.count(metrics.SENDS_GUARDED, outcome=outcome, reason=one.code or "")

    def _settle(self, tenant: str, outgoing: Sequence[Outgoing], outcomes: Sequence[Outcome]) -> None:
        attempts = {one.ledger: one.attempt for one in outgoing}
        now = self.clock.now()
        with self.db.system() as conn:
            again = [one.ledger for one in outcomes if isinstance(one, Refused) and one.again]
            refused = ledger.refusals(conn, tenant, again)
            moves: dict[Status, list[Move]] = {}
            for one in outcomes:
                status, made = _move(one, attempts[one.ledger], refused.get(one.ledger, 0), now)
                moves.setdefault(status, []).append(made)
            for status, some in moves.items():
                ending.move(conn, tenant, status, some, now)
        for status, some in moves.items():
            self.metrics.count(metrics.SENDS, len(some), outcome=_OUTCOMES[status])
        for code in {one.code for one in outcomes if isinstance(one, Refused)} & ACCOUNT:
            self.metrics.count(metrics.PROVIDER_REFUSED, code=code)


_OUTCOMES = {
    Status.ACCEPTED: "accepted",
    Status.FAILED: "refused",
    Status.QUEUED: "again",
    Status.AMBIGUOUS: "unknown",
}


def _move(one: Outcome, attempt: int, refused: int, now: datetime) -> tuple[Status, Move]:
    """What an outcome makes of its message. Only what was surely not sent is queued again."""
    if isinstance(one, Accepted):
        made = Move(one.ledger, None, now + REPORT_AFTER, attempt, one.provider_id, one.group)
        return Status.ACCEPTED, made
    if isinstance(one, Refused):
        wait = retry_after(refused + 1) if one.again else None
        if wait is None:
            return Status.FAILED, Move(one.ledger, one.code, attempt=attempt)
        return Status.QUEUED, Move(one.ledger, one.code, now + wait, attempt, refused=True)
    return Status.AMBIGUOUS, Move(one.ledger, one.code, now + ASK_AFTER, attempt)


def _outgoing(row: Row[Any], sender: str) -> Outgoing:
    alimtalk = Alimtalk(**row.alimtalk) if row.alimtalk else None
    kind = Kind(row.kind)
    return Outgoing(row.id, row.attempt, row.phone, sender, kind, row.text, row.subject, alimtalk)


def by_tenant(rows: Sequence[Row[Any]]) -> dict[str, list[UUID]]:
    """Ids of rows of several tenants."""
    found: dict[str, list[UUID]] = {}
    for row in rows:
        found.setdefault(row.tenant_id, []).append(row.id)
    return found
