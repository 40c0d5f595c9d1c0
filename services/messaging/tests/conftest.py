"""The ledger of a test academy, a provider that does as it is told, and a clock that only tests move."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventkit.metrics import Metrics
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from messaging import metrics
from messaging.domain.content import Kind
from messaging.domain.pricing import Price
from messaging.domain.quiet import SEOUL
from messaging.domain.recipients import Fingerprints
from messaging.ports import Accepted, Found, Outcome, Outgoing
from messaging.store import guards
from messaging.usecases import credits
from messaging.usecases.queueing import Queued, Wanted, queue
from messaging.usecases.resolving import Resolver
from messaging.usecases.sending import Sender
from prometheus_client import CollectorRegistry
from testkit.clock import FakeClock
from testkit.database import TestDatabase

PRINTS = Fingerprints(b"k" * 32)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=SEOUL)
ABSENT_AFTER = timedelta(minutes=40)
Answer = Callable[[Outgoing], Outcome]


def taken(one: Outgoing) -> Outcome:
    return Accepted(one.ledger, f"M{one.ledger.hex}", "G1")


@dataclass
class FakeProvider:
    """`answer` says what becomes of each message, `before` runs at each call; `has` is what find() lists."""

    answer: Answer = taken
    before: Callable[[Sequence[Outgoing]], None] = lambda _batch: None
    calls: list[list[Outgoing]] = field(default_factory=list)
    has: dict[UUID, Found] = field(default_factory=dict)
    asked: list[UUID] = field(default_factory=list)

    def send(self, batch: Sequence[Outgoing]) -> list[Outcome]:
        self.calls.append(list(batch))
        self.before(batch)
        return [self.answer(one) for one in batch]

    def find(self, ledgers: Sequence[UUID], since: datetime) -> list[Found]:
        self.asked += ledgers
        return [self.has[one] for one in ledgers if one in self.has]

    def statuses(self, provider_ids: Sequence[str]) -> list[Found]:
        return [one for one in self.has.values() if one.provider_id in provider_ids]

    def ends(self, one: UUID, code: str, *, attempt: int = 1, replaced: bool = False) -> None:
        """From now on the provider says this of the message."""
        self.has[one] = Found(one, attempt, f"M{one.hex}", "G1", code, replaced)

    @property
    def sent(self) -> list[UUID]:
        return [one.ledger for call in self.calls for one in call]


@dataclass
class Academy:
    """One database, whose senders and resolver are driven step by step."""

    db: TestDatabase
    provider: Any
    clock: FakeClock
    batch: int = 1000
    limit: int = 0

    def open(self, tenant: str = "hangang", won: int = 1_000_000, **settings: Any) -> None:
        """A tenant that may send; `settings` are columns of tenant_setting."""
        with self.db.database.tenant(tenant) as conn:
            guards.settings(conn, tenant)
            if won:
                credits.charge(conn, tenant, Decimal(won), uuid4().hex, "approver-1")
        self.set(tenant, sender="0212345678", **settings)

    def set(self, tenant: str = "hangang", **settings: Any) -> None:
        for name, value in settings.items():
            self.db.admin.execute(
                f"UPDATE tenant_setting SET {name} = %s WHERE tenant_id = %s".encode(), [value, tenant]
            )

    def wanted(self, number: int, **values: Any) -> Wanted:
        return replace(
            Wanted(
                "manual", f"010{number:08d}", "안녕하세요", Kind.SMS, "INFO", "", "2026-03-02", (),
                Price(Decimal(20)), self.clock.now(), batch_id=UUID(int=7),
            ),
            **values,
        )  # fmt: skip

    def queue(self, *wanted: Wanted, tenant: str = "hangang", strict: bool = True) -> Queued:
        with unit_of_work(self.db.database, tenant, Cause.start(), source="messaging") as uow:
            return queue(uow, PRINTS, wanted, "user-1", self.clock.now(), strict=strict)

    def queue_many(self, count: int, *, tenant: str = "hangang", **values: Any) -> Queued:
        return self.queue(*(self.wanted(n, **values) for n in range(count)), tenant=tenant)

    @property
    def _figures(self) -> Metrics:
        return Metrics(CollectorRegistry(), metrics.ALL)

    def sender(self) -> Sender:
        return Sender(self.db.database, self.provider, self.clock, self._figures, self.batch, self.limit)

    def resolver(self) -> Resolver:
        return Resolver(self.db.database, self.provider, self.clock, self._figures, ABSENT_AFTER)

    def send(self) -> None:
        """Until nothing is due."""
        sender = self.sender()
        while sender.step():
            continue

    def resolve(self) -> None:
        """Until there is nothing to ask now."""
        resolver = self.resolver()
        while resolver.step():
            continue

    def pass_time(self, **span: float) -> None:
        self.clock.advance(timedelta(**span).total_seconds())

    def all(self, query: str, *values: Any) -> list[Any]:
        return self.db.admin.execute(query.encode(), values).fetchall()

    def states(self, tenant: str = "hangang") -> dict[str, int]:
        """State, or state:code → how many."""
        rows = self.all(
            "SELECT status || coalesce(':' || code, ''), count(*) FROM message"
            " WHERE tenant_id = %s GROUP BY 1",
            tenant,
        )
        return dict(rows)

    def money(self, tenant: str = "hangang") -> dict[str, int]:
        """What is available, held and spent."""
        rows = self.all("SELECT name, balance FROM credit_account WHERE tenant_id = %s", tenant)
        return {name: int(balance) for name, balance in rows if name != "charged"}


@pytest.fixture
def provider():
    return FakeProvider()


@pytest.fixture
def academy(migrated, provider):
    found = Academy(migrated("messaging"), provider, FakeClock(NOON))
    found.open()
    return found
