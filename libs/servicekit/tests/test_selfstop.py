"""A worker stops itself when nothing is left to do, never on errors; what waits wakes it. Time is fake."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from contracts import EventType, Registry
from eventkit.clock import SYSTEM_CLOCK
from eventkit.consumer import Consumer, on
from eventkit.envelope import Event
from eventkit.errors import UnavailableError
from eventkit.metrics import KIT, Metrics
from eventkit.ports import Database
from eventkit.queue import Depth, Outgoing, Queue
from eventkit.relay import Relay
from eventkit.runtime import Runtime
from eventkit.schema import create_whole_kit
from eventkit.trace import Cause
from eventkit.uow import UnitOfWork, unit_of_work
from eventkit.worker import Worker
from marshmallow import Schema
from prometheus_client import CollectorRegistry
from servicekit.hosts import OwnProcess
from servicekit.metrics import WORKER
from servicekit.periodic import PeriodicLoop, PeriodicTask
from servicekit.selfstop import SelfStop, first, needed_worker
from servicekit.waking import TASK_PATIENCE, Waker, waiting_for_worker
from sqlalchemy.exc import OperationalError
from testkit.clock import FakeClock
from testkit.database import Operations, TestDatabase
from testkit.plugin import MakeDatabase
from testkit.servers import free_ports
from testkit.sqs import FakeSqs

POLLS = 5
ROUND = 5  # seconds
DAY = 24 * 3600
REGISTRY = Registry((EventType("kit.thing.made", Schema, ("kit",)),))


def build(op: Operations) -> None:
    create_whole_kit(op, "kit")


class Machine:
    """What the worker runs on: it stops when it is told to and starts when it is woken."""

    def __init__(self) -> None:
        self.up = True
        self.refuses = False
        self.starts = 0

    def sleep(self, _stop: threading.Event) -> None:
        self._check()
        self.up = False

    def wake(self) -> bool:
        self._check()
        woken, self.up = not self.up, True
        self.starts += woken
        return woken

    def _check(self) -> None:
        if self.refuses:
            raise UnavailableError("EC2: UnauthorizedOperation")


class Stage:
    """A worker with a queue, a relay, one daily task and self-stop, and the API that wakes it."""

    def __init__(self, database: TestDatabase) -> None:
        self.admin, self.db = database.admin, database.database
        self.clock, self.machine, self.stop = FakeClock(), Machine(), threading.Event()
        self.sqs = FakeSqs(self.clock)
        self.sqs.make_pair("kit")
        metrics = Metrics(CollectorRegistry(), (*KIT, *WORKER))
        self.runtime = Runtime(self.clock, metrics, registry=REGISTRY)
        self.handled: list[str] = []
        self.ran: list[datetime] = []
        self.queue = Queue.open(self.sqs, "kit")
        self.relay = Relay(self.db, {"kit": self.queue}, self.runtime)
        self.consumer = self.another_consumer()
        self.sweep = PeriodicTask("sweep", self.on_time, daily_at=time(3, 15))
        self.task = PeriodicLoop(self.sweep, self.db, self.runtime)
        self.task.tick()
        self.self_stop = SelfStop(
            needed_worker(self.db, [self.queue], self.clock), self.runtime, self.machine, POLLS
        )
        self.waker = Waker(
            waiting_for_worker(self.db, lambda: [self.queue], self.clock), self.machine, self.clock
        )

    def another_consumer(self, runtime: Runtime | None = None) -> Consumer:
        letters, heard = Queue.open(self.sqs, "kit-dlq"), [on("kit.thing.made", self.on_thing_made)]
        return Consumer("kit", self.queue, letters, self.db, heard, runtime or self.runtime)

    def on_thing_made(self, _uow: UnitOfWork, events: Sequence[Event]) -> None:
        self.handled += [event.subject for event in events]

    def on_time(self, _db: Database, now: datetime) -> None:
        self.ran.append(now)

    def run(self, rounds: int) -> None:
        """What the worker's loops do, as long as its machine is up."""
        for _ in range(rounds):
            self.clock.advance(ROUND)
            if self.machine.up:
                self.task.tick()
                self.relay.run_once()
                self.consumer.poll()
                self.self_stop.look(self.stop)

    def poll_in_vain(self) -> None:
        """As often as it takes; the last look comes next."""
        for _ in range(POLLS):
            self.consumer.poll()
        assert self.runtime.idle.polls == POLLS

    def publish(self, subject: str) -> None:
        """As the API does: into the outbox, whose relay is the worker's."""
        cause = Cause.start()
        with unit_of_work(self.db, "t1", cause, source="kit", clock=self.clock, registry=REGISTRY) as uow:
            uow.publish("kit.thing.made", subject=subject, data={})

    def execute(self, statement: str) -> None:
        self.admin.execute(statement.encode(), {"now": self.clock.now(), "id": uuid4()})


@pytest.fixture
def stage(make_database: MakeDatabase) -> Stage:
    return Stage(make_database("kit", build))


def test_it_stops_after_the_polls_and_not_before(stage: Stage) -> None:
    stage.run(POLLS - 1)
    assert stage.machine.up
    stage.run(1)
    assert not stage.machine.up


def test_work_starts_the_count_anew(stage: Stage) -> None:
    stage.run(POLLS - 1)
    stage.publish("a")
    stage.run(POLLS)
    assert (stage.handled, stage.machine.up) == (["a"], True)
    stage.run(1)
    assert not stage.machine.up


def test_what_is_published_while_it_sleeps_wakes_it_and_has_one_effect(stage: Stage) -> None:
    for night in range(3):
        stage.run(2 * POLLS)
        assert not stage.machine.up
        stage.publish(f"{night}a")
        stage.publish(f"{night}b")
        stage.run(10)  # nothing comes of itself: the relay sleeps too
        assert len(stage.handled) == 2 * night
        stage.waker.look()
        stage.run(2)
    assert stage.handled == ["0a", "0b", "1a", "1b", "2a", "2b"]
    assert (stage.machine.starts, stage.sqs.bodies("kit")) == (3, [])


def test_a_message_of_another_service_wakes_it(stage: Stage) -> None:
    stage.run(POLLS)
    stage.queue.send_batch([Outgoing("from another service's relay")])
    stage.waker.look()
    assert stage.machine.up


def test_one_that_has_nothing_to_do_is_left_asleep_and_one_that_works_alone(stage: Stage) -> None:
    stage.run(POLLS)
    for _ in range(10):
        stage.waker.look()
    assert not stage.machine.up
    stage.publish("a")
    for _ in range(10):
        stage.waker.look()
    assert stage.machine.starts == 1


# the moment of stopping


def after_the_last_poll(stage: Stage) -> None:
    stage.queue.send_batch([Outgoing("x")])


def in_another_worker_s_hands(stage: Stage) -> None:
    stage.queue.send_batch([Outgoing("x")])
    stage.queue.receive()


def given_back_for_later(stage: Stage) -> None:
    stage.queue.send_batch([Outgoing("x")])
    (message,) = stage.queue.receive()
    stage.queue.extend_batch([(message.receipt, 900)])


def delayed(stage: Stage) -> None:
    stage.queue.send_batch([Outgoing("x", delay=900)])


def published_and_not_relayed(stage: Stage) -> None:
    stage.publish("a")


def relayed_in_vain(stage: Stage) -> None:
    stage.publish("a")
    stage.execute(
        "UPDATE outbox SET attempts = 9, next_attempt_at = %(now)s::timestamptz + interval '1 hour'"
    )


def sql(statement: str) -> Callable[[Stage], None]:
    return lambda stage: stage.execute(statement)


LEASE = "INSERT INTO lease VALUES ('job', 'me', 1, %(now)s::timestamptz + interval '{}')"
TASK = (
    "INSERT INTO periodic_task (name, due_at, started_at, last_error)"
    " VALUES ('x', %(now)s::timestamptz + interval '{}', %(now)s, {})"
)
REPLAY = (
    "INSERT INTO replay (id, filter, total, state, created_by) VALUES (%(id)s, '{{}}', 1, '{}', 'operator')"
)


@pytest.mark.parametrize(
    "happens",
    [
        after_the_last_poll,
        in_another_worker_s_hands,
        given_back_for_later,
        delayed,
        published_and_not_relayed,
        relayed_in_vain,
        pytest.param(sql(LEASE.format("1 minute")), id="a lease is held"),
        pytest.param(sql(TASK.format("-1 second", "NULL")), id="a task is due"),
        pytest.param(sql(TASK.format("5 minutes", "'unfinished'")), id="a task runs in another worker"),
        pytest.param(sql(TASK.format("5 minutes", "'OSError'")), id="a task failed"),
        pytest.param(sql(REPLAY.format("rehearsing")), id="a replay is rehearsed"),
        pytest.param(sql(REPLAY.format("applying")), id="a replay is applied"),
    ],
)
def test_the_last_look_finds_what_waits(stage: Stage, happens: Callable[[Stage], None]) -> None:
    stage.poll_in_vain()
    happens(stage)
    stage.self_stop.look(stage.stop)
    assert stage.machine.up


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(LEASE.format("-1 second"), id="a lease that ran out"),
        pytest.param(TASK.format("1 hour", "NULL"), id="a task for later"),
        pytest.param(TASK.format("-2 days", "'unfinished'"), id="a task that no build has any more"),
        pytest.param(REPLAY.format("rehearsed"), id="a replay that waits for an operator"),
        pytest.param(REPLAY.format("done"), id="a replay that is over"),
    ],
)
def test_what_nobody_has_to_do_now_keeps_nobody_up(stage: Stage, statement: str) -> None:
    stage.execute(statement)
    stage.run(POLLS)
    assert not stage.machine.up
    stage.waker.look()
    assert not stage.machine.up


def test_an_event_that_can_never_be_sent_keeps_nobody_up(stage: Stage) -> None:
    stage.publish("a")
    stage.execute("UPDATE outbox SET parked_at = now()")
    stage.run(POLLS)
    stage.waker.look()
    assert not stage.machine.up


def test_what_arrives_during_the_last_look_is_handled_first(stage: Stage, monkeypatch: Any) -> None:
    """SQS's figures are approximate: they may not know yet of what was just received."""

    def depth(queue: Queue) -> Depth:
        queue.send_batch([Outgoing("x")])
        stage.consumer.poll()
        return Depth(0, 0, 0)

    stage.poll_in_vain()
    monkeypatch.setattr(Queue, "depth", depth)
    stage.self_stop.look(stage.stop)
    assert stage.machine.up


def test_what_arrives_just_after_it_is_found_by_the_next_look_of_the_api(stage: Stage) -> None:
    stage.run(POLLS)
    stage.publish("a")  # the machine goes down: nobody relays it
    stage.waker.look()
    stage.run(2)
    assert stage.handled == ["a"]


# never on errors


def test_a_database_that_is_away_stops_nobody(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> AbstractContextManager[Any]:
        raise OperationalError("SELECT secret", {}, Exception("no route to host"))

    stage.poll_in_vain()
    monkeypatch.setattr(stage.db, "system", away)
    stage.self_stop.look(stage.stop)
    stage.waker.look()
    assert stage.machine.up
    monkeypatch.undo()
    stage.run(POLLS)
    assert not stage.machine.up


def test_a_queue_that_is_away_stops_nobody_and_is_no_reason_to_start(stage: Stage) -> None:
    stage.poll_in_vain()
    stage.sqs.faults.down = True
    for _ in range(10 * POLLS):
        stage.consumer.poll()
        stage.self_stop.look(stage.stop)
    assert stage.machine.up
    stage.machine.up = False
    stage.waker.look()
    assert not stage.machine.up


def test_a_stop_that_is_refused_is_no_end_and_is_tried_again(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """No restart loop: the worker goes on working."""
    stage.machine.refuses = True
    stage.run(2 * POLLS - 1)  # not asked again before as many empty polls
    told = [vars(record)["error"] for record in caplog.records]
    assert (told, stage.stop.is_set()) == (["EC2: UnauthorizedOperation"], False)
    stage.publish("a")
    stage.run(2)
    assert stage.handled == ["a"]
    stage.machine.refuses = False
    stage.run(POLLS)
    assert not stage.machine.up


def test_a_start_that_is_refused_is_tried_again(stage: Stage) -> None:
    stage.run(POLLS)
    stage.publish("a")
    stage.machine.refuses = True
    stage.waker.look()
    stage.machine.refuses = False
    stage.waker.look()
    assert stage.machine.up


# periodic tasks


def test_what_only_the_service_itself_knows_of_keeps_it_up(stage: Stage) -> None:
    own = ["message"]
    usual = needed_worker(stage.db, [stage.queue], stage.clock)
    self_stop = SelfStop(first([usual, lambda: own[0] if own else None]), stage.runtime, stage.machine, POLLS)
    stage.poll_in_vain()
    self_stop.look(stage.stop)
    assert stage.machine.up
    own.clear()
    stage.poll_in_vain()
    self_stop.look(stage.stop)
    assert not stage.machine.up


def test_a_task_that_runs_is_work(stage: Stage) -> None:
    seen: list[int] = []

    def body(_db: Database, _now: datetime) -> None:
        for _ in range(POLLS):
            stage.consumer.poll()
        seen.append(stage.runtime.idle.polls)

    task = PeriodicTask("long", body, every=timedelta(hours=1))
    PeriodicLoop(task, stage.db, stage.runtime).tick()
    assert seen == [0]


def test_a_sleeping_worker_is_woken_for_its_daily_task(stage: Stage) -> None:
    due = stage.sweep.first(stage.clock.now())
    stage.run(POLLS)
    while not stage.machine.up:
        stage.clock.advance(600)
        stage.waker.look()
    late = stage.clock.now() - due
    stage.run(1)
    assert len(stage.ran) == 1
    assert timedelta(0) <= late - TASK_PATIENCE < timedelta(minutes=10)
    stage.run(2 * POLLS)
    assert not stage.machine.up


# a whole worker


def test_an_idle_worker_process_drains_and_ends_with_zero(
    stage: Stage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signal.signal", lambda *_: None)  # only the main thread may
    monkeypatch.setattr("threading.excepthook", threading.excepthook)
    caplog.set_level(logging.INFO)
    runtime = Runtime(SYSTEM_CLOCK, stage.runtime.metrics, registry=REGISTRY)
    consumer = stage.another_consumer(runtime)  # does not wait at the queue: a poll costs nothing
    self_stop = SelfStop(needed_worker(stage.db, [stage.queue], runtime.clock), runtime, OwnProcess(), 50)
    relay = Relay(stage.db, {"kit": stage.queue}, runtime)
    bind = f"127.0.0.1:{free_ports()}"
    worker = Worker("kit", stage.db, [consumer], relay, [self_stop], runtime, threads=2, health_bind=bind)
    stage.publish("a")
    assert worker.run() == 0
    assert stage.handled == ["a"]
    drained = [m for m in caplog.messages if m.startswith("drained")]
    assert drained == ["drained kit: received=1 done=1 duplicate=0 returned=0 dead=0"]
