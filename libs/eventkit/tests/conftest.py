"""One database for the session, emptied before each test; queues and time are fakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from contracts import EventType, Registry
from eventkit.consumer import Consumer, Subscription, on
from eventkit.deadletters import replays
from eventkit.deadletters.collecting import Collector
from eventkit.deadletters.letters import Filter
from eventkit.deadletters.rehearsal import Rehearsal
from eventkit.deadletters.replayer import Replayer
from eventkit.deadletters.replays import Replay
from eventkit.envelope import Event
from eventkit.metrics import Metrics
from eventkit.queue import Queue
from eventkit.relay import Relay
from eventkit.runtime import Runtime
from eventkit.schema import create_whole_kit
from eventkit.subscription import by_type
from eventkit.trace import Cause
from eventkit.uow import UnitOfWork, unit_of_work
from marshmallow import Schema, fields
from prometheus_client import CollectorRegistry
from servicekit.rls import enable_rls
from sqlalchemy import Connection, text
from testkit.clock import FakeClock
from testkit.database import Operations, Templates, TestDatabase
from testkit.points import CrashPoints
from testkit.sqs import FakeSqs


class Thing(Schema):
    number = fields.Integer(required=True)
    name = fields.String(required=True)
    owner = fields.UUID()


def _name_it(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "name": f"#{data['number']}"}


REGISTRY = Registry(
    (
        EventType("kit.thing.made", Thing, ("kit",), version=2, upcasters={1: _name_it}),
        EventType("kit.thing.counted", Thing, ("kit", "other")),
        EventType("kit.thing.ignored", Thing, ()),
    )
)


def _build(op: Operations) -> None:
    create_whole_kit(op, "kit")
    op.execute("CREATE TABLE effect (tenant_id text NOT NULL, event_id uuid NOT NULL, number int NOT NULL)")
    enable_rls(op, "effect")


@pytest.fixture(scope="session")
def _kit(templates: Templates) -> Iterator[TestDatabase]:
    with templates.built("kit", _build) as database:
        yield database


@pytest.fixture
def database(_kit: TestDatabase) -> TestDatabase:
    _kit.admin.execute(
        "TRUNCATE outbox, inbox, lease, effect, dead_letter, dead_letter_verdict, replay, replay_item,"
        " queue_state, handler RESTART IDENTITY CASCADE"
    )
    return _kit


class QuickLocks:
    """The database with a short lock_timeout, for tests that wait for each other in one thread."""

    def __init__(self, db: Any) -> None:
        self._db = db
        self.schema = db.schema
        self.dedicated, self.ping = db.dedicated, db.ping

    @contextmanager
    def tenant(self, tenant_id: str) -> Iterator[Connection]:
        with self._db.tenant(tenant_id) as conn:
            conn.execute(text("SET LOCAL lock_timeout = '50ms'"))
            yield conn

    @contextmanager
    def system(self) -> Iterator[Connection]:
        with self._db.system() as conn:
            yield conn


def record(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """The plain handler: one row per event."""
    uow.conn.execute(
        text("INSERT INTO effect (tenant_id, event_id, number) VALUES (:tenant, :id, :number)"),
        [{"tenant": uow.tenant, "id": event.id, "number": event.data["number"]} for event in events],
    )


@dataclass
class Stage:
    """A service "kit" with its queue, relay and consumer; everything that is not PostgreSQL is a fake."""

    database: TestDatabase
    clock: FakeClock = field(default_factory=FakeClock)
    points: CrashPoints = field(default_factory=CrashPoints)
    db: Any = None

    def __post_init__(self) -> None:
        self.db = self.db or QuickLocks(self.database.database)
        self.sqs = FakeSqs(self.clock)
        for name in ("kit", "other"):
            self.sqs.make_pair(name)
        self.registry = CollectorRegistry()
        self.runtime = Runtime(self.clock, Metrics(self.registry), self.points, REGISTRY)

    def queue(self, name: str) -> Queue:
        return Queue.open(self.sqs, name)

    def relay(self, *destinations: str) -> Relay:
        names = destinations or ("kit", "other")
        return Relay(self.db, {name: self.queue(name) for name in names}, self.runtime)

    def consumer(
        self, *subscriptions: Subscription, registry: Registry = REGISTRY, **options: Any
    ) -> Consumer:
        """`registry`: what another build of this service knows."""
        queues = self.queue("kit"), self.queue("kit-dlq")
        runtime = self.runtime
        if registry is not REGISTRY:
            runtime = Runtime(self.clock, self.runtime.metrics, self.points, registry)
        return Consumer("kit", *queues, self.db, subscriptions, runtime, **options)

    def publish(self, *numbers: int, type: str = "kit.thing.made", tenant: str = "t1") -> list[UUID]:
        with self.work(tenant) as uow:
            return [uow.publish(type, subject=str(n), data={"number": n, "name": "x"}) for n in numbers]

    def work(self, tenant: str = "t1", cause: Cause | None = None) -> Any:
        return unit_of_work(
            self.db, tenant, cause or Cause.start(), source="kit", clock=self.clock, registry=REGISTRY
        )

    def send(self, *numbers: int, **options: Any) -> list[UUID]:
        """Publish and relay."""
        ids = self.publish(*numbers, **options)
        self.relay().run_once()
        return ids

    def collector(self) -> Collector:
        return Collector(self.queue("kit-dlq"), self.db, self.clock, REGISTRY)

    def bury(self, handler: Any, *numbers: int, **options: Any) -> list[UUID]:
        """Letters in the table: the events, sent to a consumer whose `handler` refuses them."""
        ids = self.send(*numbers, **options)
        consumer = self.consumer(on(options.get("type", "kit.thing.made"), handler))
        while self.sqs.bodies("kit"):
            consumer.poll()
            self.clock.advance(901)
        assert self.collector().collect() == len(numbers)
        return ids

    def rehearsal(self, *subscriptions: Subscription) -> Rehearsal:
        return Rehearsal("kit", self.db, by_type(subscriptions), self.runtime)

    def replayer(self, *subscriptions: Subscription, build: str = "build-2") -> Replayer:
        return Replayer("kit", self.db, self.rehearsal(*subscriptions), self.runtime, build)

    def move(self, replay_id: UUID, before: Any, state: Any) -> None:
        """What an operator says."""
        with self.db.system() as conn:
            assert replays.move(conn, replay_id, (before,), state)

    def replay_of(self, replay_id: UUID) -> Replay:
        with self.db.system() as conn:
            found = replays.find(conn, replay_id)
        assert found is not None
        return found

    def outcomes(self, replay_id: UUID) -> list[str | None]:
        """In the order in which they are applied."""
        query = "SELECT outcome FROM replay_item WHERE replay_id = %s ORDER BY position"
        return [outcome for (outcome,) in self.rows(query, replay_id)]

    def states(self) -> dict[UUID, str]:
        """Event → state of its letter."""
        return dict(self.rows("SELECT event_id, state FROM dead_letter"))

    def everything(self) -> dict[str, list[Any]]:
        """Every row of every table."""
        names = self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'kit' ORDER BY 1")
        return {
            name: sorted(map(str, self.rows(f"SELECT to_jsonb(t)::text FROM {name} t"))) for (name,) in names
        }

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.database.admin.execute(query.encode(), values).fetchall()

    @property
    def effects(self) -> list[int]:
        return [number for (number,) in self.rows("SELECT number FROM effect ORDER BY number")]

    def sample(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0

    def dead(self) -> list[dict[str, str]]:
        """The attributes of the dead letters."""
        stored = self.sqs.queue("kit-dlq").messages
        return [{k: v["StringValue"] for k, v in message.attributes.items()} for message in stored]


@pytest.fixture
def stage(database: TestDatabase) -> Stage:
    return Stage(database)


class Mended:
    """The handler of the next build: one row per event; fails at the numbers it is told to."""

    def __init__(self) -> None:
        self.failing: dict[int, Exception] = {}
        self.seen: list[int] = []
        self.before: Callable[[int], object] = lambda _number: None

    def subscription(self) -> Subscription:
        def on_thing_made(uow: UnitOfWork, events: Sequence[Event]) -> None:
            self._handle(uow, events)

        return on("kit.thing.made", on_thing_made)

    def _handle(self, uow: UnitOfWork, events: Sequence[Event]) -> None:
        (event,) = events
        number = event.data["number"]
        self.before(number)
        if number in self.failing:
            raise self.failing[number]
        record(uow, events)
        self.seen.append(number)


@pytest.fixture
def mended() -> Mended:
    return Mended()


@pytest.fixture
def replayer(stage: Stage, mended: Mended) -> Replayer:
    """One worker's, of the build that has the mended handler."""
    return stage.replayer(mended.subscription())


@pytest.fixture
def begin(stage: Stage, replayer: Replayer, mended: Mended) -> Callable[[], UUID]:
    """Freeze all letters, try them, and say that they be applied; no step of it is taken yet."""

    def begun() -> UUID:
        with stage.db.system() as conn:
            replay_id = replays.create(conn, Filter(type="kit.thing.made"), "operator-1")
        replayer.work()
        stage.move(replay_id, "rehearsed", "applying")
        mended.seen.clear()
        return replay_id

    return begun


@pytest.fixture
def recording() -> Callable[[UnitOfWork, Sequence[Event]], None]:
    return record
