"""Two toy services on real PostgreSQL, a strict SQS and a clock that only tests move.

alpha places orders; beta counts each one once and says so; alpha books what was counted, under a lease.
Beta refuses order 13 for good, alpha order 7: those become dead letters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import orjson
import pytest
from contracts import EventType, Registry
from eventkit import lease
from eventkit.consumer import Consumer, Receipt, on
from eventkit.envelope import Event
from eventkit.errors import PermanentError
from eventkit.metrics import Metrics
from eventkit.queue import Queue
from eventkit.relay import Relay
from eventkit.runtime import Runtime
from eventkit.schema import create_kit_tables
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


class Order(Schema):
    number = fields.Integer(required=True)


REGISTRY = Registry(
    (
        EventType("alpha.order.placed", Order, ("beta",)),
        EventType("beta.order.counted", Order, ("alpha",)),
    )
)


def _build(schema: str, op: Operations) -> None:
    create_kit_tables(op, schema)
    op.execute("CREATE TABLE effect (tenant_id text NOT NULL, number int NOT NULL)")
    enable_rls(op, "effect")


_BUILDS = {name: partial(_build, name) for name in ("alpha", "beta")}


class QuickLocks:
    """A service's database with a short lock_timeout: two workers wait for each other in one thread here."""

    def __init__(self, db: Any) -> None:
        self._db = db
        self.schema = db.schema
        self.system, self.dedicated, self.ping = db.system, db.dedicated, db.ping

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


def on_order_placed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Beta: all events of a batch in one transaction."""
    numbers = [event.data["number"] for event in events]
    _effect(uow, numbers)
    if BETA_REFUSES in numbers:
        raise PermanentError("refused")
    for event in events:
        uow.publish("beta.order.counted", subject=event.subject, data=event.data, cause=Cause.of(event))


def on_order_counted(db: Any, clock: FakeClock, uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Alpha: one at a time, as a long job: claim in a transaction of its own, write fenced."""
    (event,) = events
    number = event.data["number"]
    if number == ALPHA_REFUSES:
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

    def new_consumer(self, points: CrashPoints) -> Consumer:
        handlers = {
            "alpha": on("beta.order.counted", partial(on_order_counted, self.db, self.clock), single=True),
            "beta": on("alpha.order.placed", on_order_placed),
        }
        queues = Queue.open(self.sqs, self.name), Queue.open(self.sqs, f"{self.name}-dlq")
        return Consumer(self.name, *queues, self.db, [handlers[self.name]], self._runtime(points))

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
        database.admin.execute("TRUNCATE outbox, inbox, lease, effect RESTART IDENTITY")
    clock = FakeClock()
    sqs = FakeSqs(clock, seed=1)
    for name in ("alpha", "beta"):
        sqs.make_pair(name, visibility=VISIBILITY)
    alpha = Service("alpha", "beta", _databases["alpha"], clock, sqs)
    beta = Service("beta", "alpha", _databases["beta"], clock, sqs)
    made = World(alpha, beta, clock, sqs)
    made.place_orders()
    return made
