"""Periodic tasks run once across workers, catch up once, and survive failures."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from eventkit.errors import TransientError
from eventkit.metrics import Metrics
from eventkit.ports import Database
from eventkit.runtime import Runtime
from prometheus_client import CollectorRegistry
from servicekit.db import Database as Real
from servicekit.metrics import WORKER
from servicekit.periodic import PeriodicLoop, PeriodicTask, hasten
from testkit.clock import FakeClock
from testkit.database import TestDatabase

HOUR = timedelta(hours=1)
SUCCESS = "academy_periodic_success_timestamp_seconds"


class Worker:
    """One worker's loop over a task that notes its runs."""

    def __init__(self, db: Database, clock: FakeClock, runs: list[datetime], **schedule: object) -> None:
        self.clock, self.runs = clock, runs
        self.error: Exception | None = None
        self.registry = CollectorRegistry()
        runtime = Runtime(clock, Metrics(self.registry, WORKER))
        task = PeriodicTask("sweep", self.body, **schedule)
        self.loop = PeriodicLoop(task, db, runtime)

    def body(self, _db: Database, now: datetime) -> None:
        if self.error:
            raise self.error
        self.runs.append(now)

    def last_success(self) -> float | None:
        return self.registry.get_sample_value(SUCCESS, {"task": "sweep"})

    def pass_hours(self, hours: float) -> None:
        for _ in range(int(hours * 12)):
            self.clock.advance(300)
            self.loop.tick()


def test_an_interval_task_runs_at_once_and_then_in_step(kit: TestDatabase) -> None:
    runs: list[datetime] = []
    worker = Worker(kit.database, FakeClock(), runs, every=HOUR)
    worker.loop.tick()
    worker.pass_hours(5)
    assert len(runs) == 6
    assert {b - a for a, b in pairwise(runs)} == {HOUR}


def test_downtime_is_caught_up_once(kit: TestDatabase) -> None:
    runs: list[datetime] = []
    clock = FakeClock()
    Worker(kit.database, clock, runs, every=HOUR).loop.tick()
    clock.advance(10 * 3600)
    later = Worker(kit.database, clock, runs, every=HOUR)
    for _ in range(3):
        later.loop.tick()
    assert len(runs) == 2


def test_a_daily_task_runs_at_its_hour_in_seoul(kit: TestDatabase) -> None:
    runs: list[datetime] = []
    clock = FakeClock(datetime(2026, 3, 2, 0, 0, tzinfo=UTC))  # 09:00 in Seoul
    worker = Worker(kit.database, clock, runs, daily_at=time(4, 10))
    worker.pass_hours(72)
    assert [run.strftime("%d %H:%M") for run in runs] == ["02 19:10", "03 19:10", "04 19:10"]
    clock.advance(5 * 24 * 3600)
    worker.loop.tick()
    worker.loop.tick()
    assert len(runs) == 4


def test_two_workers_run_it_once(kit: TestDatabase) -> None:
    runs: list[datetime] = []
    clock = FakeClock()
    gate = threading.Barrier(4)

    def tick() -> None:
        worker = Worker(kit.database, clock, runs, every=HOUR)
        gate.wait(10)
        worker.loop.tick()

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(tick) for _ in range(4)]:
            future.result()
    assert len(runs) == 1


def test_a_failure_is_recorded_without_its_words_and_tried_again(
    kit: TestDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    runs: list[datetime] = []
    worker = Worker(kit.database, FakeClock(), runs, every=HOUR)
    count = worker.registry.get_sample_value
    assert count("academy_periodic_runs_total", {"task": "sweep", "outcome": "failed"}) == 0
    assert count("academy_periodic_interval_seconds", {"task": "sweep"}) == 3600
    worker.error = TransientError("010-1234-5678")
    worker.loop.tick()
    stored = kit.admin.execute("SELECT last_error, finished_at FROM periodic_task").fetchone()
    assert stored == ("TransientError", None)
    assert "1234" not in caplog.text
    worker.error = None
    worker.loop.tick()
    assert runs == []
    worker.pass_hours(0.25)
    assert len(runs) == 1
    assert kit.admin.execute("SELECT last_error FROM periodic_task").fetchone() == (None,)
    assert count("academy_periodic_runs_total", {"task": "sweep", "outcome": "failed"}) == 1
    assert count("academy_periodic_runs_total", {"task": "sweep", "outcome": "done"}) == 1
    assert count("academy_periodic_success_timestamp_seconds", {"task": "sweep"}) == runs[0].timestamp()


def test_the_last_success_shows_in_every_worker_and_after_a_restart(kit: TestDatabase) -> None:
    runs: list[datetime] = []
    clock = FakeClock()
    one, two = (Worker(kit.database, clock, runs, every=HOUR) for _ in range(2))
    assert (one.last_success(), two.last_success()) == (None, None)
    one.loop.tick()
    two.loop.tick()
    assert len(runs) == 1
    assert one.last_success() == two.last_success() == runs[0].timestamp()
    clock.advance(60)
    restarted = Worker(kit.database, clock, runs, every=HOUR)
    restarted.loop.tick()
    assert restarted.last_success() == runs[0].timestamp()
    clock.advance(3600)
    restarted.error = TransientError("away")
    restarted.loop.tick()
    two.loop.tick()
    assert len(runs) == 1
    assert restarted.last_success() == two.last_success() == runs[0].timestamp()


def test_a_daily_task_missed_by_both_workers_is_caught_up_once_by_one_of_them(kit: TestDatabase) -> None:
    runs: list[datetime] = []
    clock = FakeClock(datetime(2026, 3, 2, 0, 0, tzinfo=UTC))
    daily = {"daily_at": time(3, 15)}
    for _ in range(2):
        Worker(kit.database, clock, runs, **daily).loop.tick()
    clock.advance(3 * 24 * 3600)  # both were down for three nights
    gate = threading.Barrier(2)
    workers = [Worker(kit.database, clock, runs, **daily) for _ in range(2)]

    def tick(worker: Worker) -> None:
        gate.wait(10)
        for _ in range(3):
            worker.loop.tick()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(tick, workers))
    assert runs == [clock.now()]
    for worker in workers:
        worker.loop.tick()
    assert {worker.last_success() for worker in workers} == {clock.now().timestamp()}
    assert kit.admin.execute("SELECT due_at FROM periodic_task").fetchone() == (
        datetime(2026, 3, 5, 18, 15, tzinfo=UTC),
    )


def test_a_hastened_task_runs_at_the_next_look_and_then_in_step(kit: TestDatabase) -> None:
    runs: list[datetime] = []
    worker = Worker(kit.database, FakeClock(datetime.now(UTC)), runs, every=HOUR)
    worker.loop.tick()
    worker.clock.advance(300)
    worker.loop.tick()
    assert len(runs) == 1
    with kit.database.tenant("demo") as conn:
        hasten(conn, "sweep")
        hasten(conn, "another")
    worker.loop.tick()
    assert len(runs) == 2
    worker.pass_hours(1)
    assert [later - earlier for earlier, later in pairwise(runs)] == [timedelta(minutes=5), HOUR]


@pytest.mark.parametrize(("prompt", "seconds"), [(False, 60), (True, 5)])
def test_a_task_that_may_be_hastened_is_looked_at_often(
    kit: TestDatabase, prompt: bool, seconds: float
) -> None:
    worker = Worker(kit.database, FakeClock(), [], every=HOUR, prompt=prompt)
    worker.loop.tick()
    assert worker.loop.tick() == seconds


def test_a_bug_ends_the_loop_and_the_next_process_waits_before_it_tries_again(kit: TestDatabase) -> None:
    runs: list[datetime] = []
    clock = FakeClock()
    worker = Worker(kit.database, clock, runs, every=HOUR)
    worker.error = KeyError("bug")
    with pytest.raises(KeyError):
        worker.loop.run(threading.Event())
    restarted = Worker(kit.database, clock, runs, every=HOUR)
    restarted.loop.tick()
    assert runs == []
    restarted.pass_hours(0.1)
    assert len(runs) == 1


def test_the_loop_survives_a_lost_database_and_ends_on_stop(kit: TestDatabase) -> None:
    stop = threading.Event()

    class StopsAfterThreeWaits(FakeClock):
        waits = 0

        def wait(self, event: threading.Event, seconds: float) -> bool:
            self.waits += 1
            if self.waits == 3:
                stop.set()
            return super().wait(event, seconds)

    away = Real("postgresql://kit_app:x@127.0.0.1:1/none", "kit")
    clock = StopsAfterThreeWaits()
    Worker(away, clock, [], every=HOUR).loop.run(stop)
    assert clock.waits == 3


@pytest.mark.parametrize("schedule", [{}, {"every": HOUR, "daily_at": time(1)}])
def test_a_task_has_exactly_one_schedule(schedule: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="either every or daily_at"):
        PeriodicTask("x", lambda db, now: None, **schedule)
