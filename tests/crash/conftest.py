"""Two toy services on real PostgreSQL, a strict SQS and a clock that only tests move.

alpha places orders; beta counts each one once and says so; alpha books what was counted, under a lease.
Beta refuses order 13 for good, alpha order 7: those become dead letters, until a build refuses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import orjson
import pytest
from contracts import EventType, Registry
from eventkit import lease, ledger
from eventkit.consumer import Consumer, Receipt, on
from eventkit.deadletters.collecting import Collector
from eventkit.deadletters.rehearsal import Rehearsal
from eventkit.deadletters.replayer import Replayer
from eventkit.envelope import Event
from eventkit.errors import PermanentError
from eventkit.metrics import Metrics
from eventkit.queue import Queue
from eventkit.relay import Relay
from eventkit.runtime import Runtime
from eventkit.schema import create_whole_kit
from eventkit.subscription import Subscription, by_type
from eventkit.trace import Cause
from eventkit.uow import UnitOfWork, unit_of_work
from marshmallow import Schema, fields
from prometheus_client import CollectorRegistry
from servicekit.rls import enable_rls
from sqlalchemy import Connection, text
from testkit.clock import FakeClock
from testkit.database import Operations, Templates, TestDatabase
from testkit.points import Crash, CrashPoints
from testkit.sqs import FakeSqs

ORDERS = list(range(1, 16))
BETA_REFUSES, ALPHA_REFUSES = 13, 7
VISIBILITY = 60
LEASE = timedelta(
    seconds=5 * VISIBILITY
)  # longer, so that a message comes back while its job is still claimed


class Refuses(frozenset[int]):
    """Numbers of orders that a build refuses."""

    harmless = True  # as it is in a rehearsal


class Order(Schema):
    number = fields.Integer(required=True)


REGISTRY = Registry(
    (
        EventType("alpha.order.placed", Order, ("beta",)),
        EventType("beta.order.counted", Order, ("alpha",)),
    )
)


def _build(schema: str, op: Operations) -> None:
    create_whole_kit(op, schema)
    op.execute("CREATE TABLE effect (tenant_id text NOT NULL, number int NOT NULL)")
    enable_rls(op, "effect")


_BUILDS = {name: partial(_build, name) for name in ("alpha", "beta")}


class QuickLocks:
    """A service's database with a short lock_timeout: two workers wait for each other in one thread here."""

    def __init__(self, db: Any) -> None:
        self._db = db
        self.schema = db.schema
        self.sessions: list[Any] = []
        self.system, self.ping = db.system, db.ping

    def dedicated(self) -> Any:
        self.sessions.append(self._db.dedicated())
        return self.sessions[-1]

    @contextmanager
    def tenant(self, tenant_id: str) -> Iterator[Connection]:
        with self._db.tenant(tenant_id) as conn:
            conn.execute(text("SET LOCAL lock_timeout = '20ms'"))
            yield conn


def _effect(uow: UnitOfWork, numbers: Sequence[int]) -> None:
    uow.conn.execute(
        text("INSERT INTO effect SELECT :tenant, unnest(CAST(:numbers AS int[]))"),
        {"tenant": uow.tenant, "numbers": list(numbers)},
    )


def on_order_placed(refuses: Refuses, uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Beta: all events of a batch in one transaction."""
    numbers = [event.data["number"] for event in events]
    _effect(uow, numbers)
    if not refuses.isdisjoint(numbers):
        raise PermanentError("refused")
    for event in events:
        uow.publish("beta.order.counted", subject=event.subject, data=event.data, cause=Cause.of(event))


def on_order_counted(
    refuses: Refuses, db: Any, clock: FakeClock, uow: UnitOfWork, events: Sequence[Event]
) -> None:
    """Alpha: one at a time, as a long job: claim in a transaction of its own, write fenced."""
    (event,) = events
    number = event.data["number"]
    if number in refuses:
        raise PermanentError("refused")
    with db.tenant(uow.tenant) as conn:
        fence = lease.claim(conn, f"order:{number}", "worker", LEASE, clock)
    _effect(uow, [number])
    lease.check(uow.conn, fence)
    lease.release(uow.conn, fence)


@dataclass
class Service:
    """One service; `crash` throws its memory away, its database stays."""

    name: str
    peer: str
    database: TestDatabase
    clock: FakeClock
    sqs: FakeSqs
    refuses: Refuses
    points: CrashPoints = field(default_factory=CrashPoints)
    receipts: Receipt = field(default_factory=Receipt)

    def __post_init__(self) -> None:
        self.db = QuickLocks(self.database.database)
        self.start()

    def start(self) -> None:
        self.relay = self.new_relay(self.points)
        self.consumer = self.new_consumer(self.points)

    def _runtime(self, points: CrashPoints) -> Runtime:
        return Runtime(self.clock, Metrics(CollectorRegistry()), points, REGISTRY)

    def new_relay(self, points: CrashPoints) -> Relay:
        return Relay(self.db, {self.peer: Queue.open(self.sqs, self.peer)}, self._runtime(points))

    def _subscription(self) -> Subscription:
        if self.name == "beta":
            return on("alpha.order.placed", partial(on_order_placed, self.refuses))
        book = partial(on_order_counted, self.refuses, self.db, self.clock)
        return on("beta.order.counted", book, single=True)

    def new_consumer(self, points: CrashPoints) -> Consumer:
        queues = Queue.open(self.sqs, self.name), Queue.open(self.sqs, f"{self.name}-dlq")
        return Consumer(self.name, *queues, self.db, [self._subscription()], self._runtime(points))

    def new_replayer(self, points: CrashPoints) -> Replayer:
        runtime = self._runtime(points)
        rehearsal = Rehearsal(self.name, self.db, by_type([self._subscription()]), runtime)
        return Replayer(self.name, self.db, rehearsal, runtime, "build-2")

    def collect(self) -> None:
        """Dead letters into the table."""
        Collector(Queue.open(self.sqs, f"{self.name}-dlq"), self.db, self.clock, REGISTRY).collect()

    def deploy(self, refuses: Collection[int]) -> None:
        """Another build of it."""
        self.refuses = Refuses(refuses)
        self.start()

    def step(self) -> None:
        """One round of relay and consumer; a crash starts the service anew."""
        try:
            self.relay.run_once()
            self.receipts += self.consumer.poll()
        except Crash:
            self.start()

    def stop_and_start(self) -> None:
        receipt = self.consumer.drain()
        assert receipt.balanced
        self.start()

    def rows(self, query: str) -> list[Any]:
        return [value for (value,) in self.database.admin.execute(query.encode()).fetchall()]

    @property
    def idle(self) -> bool:
        return not self.sqs.bodies(self.name) and not self.rows("SELECT 1 FROM outbox WHERE sent_at IS NULL")


@dataclass
class World:
    """Both services, one clock, one SQS."""

    alpha: Service
    beta: Service
    clock: FakeClock
    sqs: FakeSqs

    @property
    def services(self) -> dict[str, Service]:
        return {"alpha": self.alpha, "beta": self.beta}

    def place_orders(self) -> None:
        for tenant in ("t1", "t2"):
            cause = Cause.start()
            work = unit_of_work(
                self.alpha.db, tenant, cause, source="alpha", clock=self.clock, registry=REGISTRY
            )
            with work as uow:
                for number in (n for n in ORDERS if (n % 2 == 0) == (tenant == "t1")):
                    uow.publish("alpha.order.placed", subject=str(number), data={"number": number})

    def run(self, each_round: Callable[[int], object] = lambda number: None) -> None:
        """Step both until nothing is left to do; time passes when nothing moves."""
        for number in range(200):
            each_round(number)
            before = self._state()
            for service in self.services.values():
                service.step()
            if all(service.idle for service in self.services.values()):
                return
            if self._state() == before:
                self.clock.advance(VISIBILITY + 1)
        raise AssertionError(f"never came to rest: {self._state()}")

    def _state(self) -> list[Any]:
        return [
            (len(self.sqs.bodies(s.name)), len(s.rows("SELECT 1 FROM inbox"))) for s in self.services.values()
        ]

    def assert_one_effect_each(self) -> None:
        """Nothing lost, nothing twice, every refusal a dead letter, every event accounted for."""
        counted = [n for n in ORDERS if n != BETA_REFUSES]
        booked = [n for n in counted if n != ALPHA_REFUSES]
        assert self.beta.rows("SELECT number FROM effect ORDER BY number") == counted
        assert self.alpha.rows("SELECT number FROM effect ORDER BY number") == booked
        assert self.beta.rows("SELECT number FROM effect WHERE (number % 2 = 0) <> (tenant_id = 't1')") == []
        assert self.beta.rows("SELECT subject::int FROM outbox ORDER BY 1") == counted
        self._assert_conserved(self.alpha, self.beta)
        self._assert_conserved(self.beta, self.alpha)

    def _assert_conserved(self, producer: Service, subscriber: Service) -> None:
        """published = handled + dead + in flight; a duplicate is neither."""
        published = producer.rows("SELECT id::text FROM outbox")
        handled = subscriber.rows("SELECT event_id::text FROM inbox")
        dead = {orjson.loads(body)["id"] for body in self.sqs.bodies(f"{subscriber.name}-dlq")}
        assert len(set(published)) == len(published)
        assert set(handled).isdisjoint(dead)
        assert set(published) == {*handled, *dead}
        assert len(dead) == 1
        assert subscriber.receipts.balanced
        self.assert_books_balance(producer, subscriber)

    def assert_books_balance(self, producer: Service, subscriber: Service) -> None:
        """As the services count it themselves, an hour around now (an event's id tells when it was made)."""
        subscriber.collect()
        now, hour = datetime.now(UTC), timedelta(hours=1)
        with producer.db.system() as conn:
            published = ledger.published(conn, now - hour, now + hour)
            ids = ledger.published_ids(conn, subscriber.name, now - hour, now + hour)
        with subscriber.db.system() as conn:
            settled = ledger.settled(conn, now - hour, now + hour)
            assert ledger.unknown_among(conn, ids) == []
        assert (
            sum(row.sent for row in published) == sum(row.handled + row.dead for row in settled) == len(ids)
        )
        assert {row.unsent + row.parked for row in published} == {0}


@pytest.fixture(scope="session")
def _databases(templates: Templates) -> Iterator[dict[str, TestDatabase]]:
    with (
        templates.built("alpha", _BUILDS["alpha"]) as alpha,
        templates.built("beta", _BUILDS["beta"]) as beta,
    ):
        yield {"alpha": alpha, "beta": beta}


@pytest.fixture
def world(_databases: dict[str, TestDatabase]) -> World:
    for database in _databases.values():
        database.admin.execute(
            "TRUNCATE outbox, inbox, lease, effect, dead_letter, dead_letter_verdict, replay, replay_item"
            " RESTART IDENTITY"
        )
    clock = FakeClock()
    sqs = FakeSqs(clock, seed=1)
    for name in ("alpha", "beta"):
        sqs.make_pair(name, visibility=VISIBILITY)
    alpha = Service("alpha", "beta", _databases["alpha"], clock, sqs, Refuses({ALPHA_REFUSES}))
    beta = Service("beta", "alpha", _databases["beta"], clock, sqs, Refuses({BETA_REFUSES}))
    made = World(alpha, beta, clock, sqs)
    made.place_orders()
    return made
