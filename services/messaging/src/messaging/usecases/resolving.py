"""What became of messages: the provider is asked about lost calls and about those it has said nothing of.

A message is sent anew only when the provider proves that it never had it: asked twice at least, and so late
that it would refuse the lost request for the age of its signature.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from eventkit.clock import Clock
from eventkit.metrics import Metrics
from eventkit.ports import Database
from sqlalchemy import Connection, Row

from messaging import metrics
from messaging.domain.codes import Nature, report
from messaging.domain.messages import NO_REPORT, REPORT_WITHIN, Status
from messaging.ports import Found, Provider
from messaging.store import ledger
from messaging.store.ledger import Move
from messaging.usecases import ending
from messaging.usecases.sending import ASK_AFTER, REPORT_AFTER

log = logging.getLogger(__name__)

MOST = 1000
_ASKING = timedelta(minutes=2)
_LEAST_ASKED = 2


@dataclass(frozen=True, slots=True)
class Resolver:
    """`absent_after`: from an attempt's begin, when a message the provider does not have was never there."""

    db: Database
    provider: Provider
    clock: Clock
    metrics: Metrics
    absent_after: timedelta

    def step(self) -> bool:
        """Whether there was anything to ask."""
        lost = self._lost()
        silent = self._silent()
        with self.db.system() as conn:
            now = self.clock.now()
            waiting = ledger.waiting(conn, now)
        for state, count, since in (
            ("queued", waiting.queued, waiting.queued_since),
            ("ambiguous", waiting.ambiguous, waiting.ambiguous_since),
        ):
            age = (now - since).total_seconds() if since else 0.0
            self.metrics.set(metrics.SENDS_WAITING, count, state=state)
            self.metrics.set(metrics.SENDS_OLDEST, age, state=state)
        return lost or silent

    def _lost(self) -> bool:
        """Messages in AMBIGUOUS, by their ids in the provider's list."""
        rows = self._take(Status.AMBIGUOUS)
        if not rows:
            return False
        listed = self.provider.find([row.id for row in rows], min(row.attempted_at for row in rows))
        found = _by_ledger(listed)
        now = self.clock.now()
        with self.db.system() as conn:
            self._apply(conn, [row for row in rows if row.id in found], found, now)
            self._not_found(conn, [row for row in rows if row.id not in found], now)
        self.metrics.count(metrics.SENDS_RESOLVED, len(found), outcome="found")
        if twice := len(listed) - len(found):
            log.error("the provider has messages twice", extra={"count": twice})
            self.metrics.count(metrics.SENDS_RESOLVED, twice, outcome="twice")
        return True

    def _silent(self) -> bool:
        """Accepted messages without a report, or of which a webhook spoke."""
        rows = self._take(Status.ACCEPTED)
        if not rows:
            return False
        listed = self.provider.statuses([row.provider_id for row in rows])
        found = {one.ledger: one for one in listed}
        now = self.clock.now()
        with self.db.system() as conn:
            ledger.ask_at(conn, Status.ACCEPTED, rows, [now + REPORT_AFTER] * len(rows))
            self._apply(conn, [row for row in rows if row.id in found], found, now)
            self._never_reported(conn, rows, found, now)
        return True

    def _never_reported(
        self, conn: Connection, rows: Sequence[Row[Any]], found: Mapping[UUID, Found], now: datetime
    ) -> None:
        late = [row for row in rows if row.attempted_at + REPORT_WITHIN <= now]
        for tenant, some in _by_tenant(late).items():
            replaced = {row.id: row.id in found and found[row.id].replaced for row in some}
            self.metrics.count(
                metrics.SENDS_ENDED, ending.give_up_asking(conn, tenant, replaced), state=NO_REPORT
            )

    def _take(self, status: Status) -> Sequence[Row[Any]]:
        now = self.clock.now()
        with self.db.system() as conn:
            return ledger.take(conn, status, now, now + _ASKING, MOST)

    def _apply(
        self, conn: Connection, rows: Sequence[Row[Any]], found: Mapping[UUID, Found], now: datetime
    ) -> None:
        for tenant, some in _by_tenant(rows).items():
            moves: dict[Status, list[Move]] = {}
            for row in some:
                one = found[row.id]
                status = _status(one)
                moves.setdefault(status, []).append(
                    Move(
                        row.id,
                        None if status is not Status.FAILED else one.code,
                        now + REPORT_AFTER,
                        provider_id=one.provider_id,
                        group=one.group,
                        replaced=one.replaced,
                    )
                )
            for status, made in moves.items():
                moved = ending.move(conn, tenant, status, made, now)
                if status is not Status.ACCEPTED:
                    self.metrics.count(metrics.SENDS_ENDED, len(moved), state=status.value)

    def _not_found(self, conn: Connection, rows: Sequence[Row[Any]], now: datetime) -> None:
        absent = [row for row in rows if self._surely_absent(row, now)]
        for tenant, some in _by_tenant(absent).items():
            moves = [Move(row.id, "absent", now, row.attempt, refused=True) for row in some]
            ledger.move(conn, tenant, Status.QUEUED, moves, now)
        gone = {row.id for row in absent}
        later = [row for row in rows if row.id not in gone]
        ledger.ask_at(conn, Status.AMBIGUOUS, later, [self._again(row, now) for row in later])
        self.metrics.count(metrics.SENDS_RESOLVED, len(absent), outcome="absent")

    def _surely_absent(self, row: Row[Any], now: datetime) -> bool:
        return bool(row.asked >= _LEAST_ASKED and now >= row.attempted_at + self.absent_after)

    def _again(self, row: Row[Any], now: datetime) -> datetime:
        """Soon at first, ever later, and exactly when an absence becomes certain."""
        certain: datetime = row.attempted_at + self.absent_after
        if now >= certain:
            return now + ASK_AFTER
        later: datetime = now + ASK_AFTER * 4 ** min(row.asked, 6)
        return min(certain, later)


def _status(one: Found) -> Status:
    nature = report(one.code).nature
    if nature is Nature.PENDING:
        return Status.ACCEPTED
    return Status.DELIVERED if nature is Nature.DELIVERED else Status.FAILED


def _by_ledger(listed: Sequence[Found]) -> dict[UUID, Found]:
    """One per message: of several the one that went furthest."""
    found: dict[UUID, Found] = {}
    for one in sorted(listed, key=lambda each: report(each.code).nature is Nature.DELIVERED):
        found[one.ledger] = one
    return found


def _by_tenant(rows: Sequence[Row[Any]]) -> dict[str, list[Row[Any]]]:
    found: dict[str, list[Row[Any]]] = {}
    for row in rows:
        found.setdefault(row.tenant_id, []).append(row)
    return found
