"""A whole worker process with real threads: it drains, it says how it is, and it never dies silently."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import orjson
import pytest
from eventkit import metrics
from eventkit.clock import SystemClock
from eventkit.consumer import Consumer, on
from eventkit.envelope import Event
from eventkit.metrics import KIT, Metric, Metrics
from eventkit.queue import Queue
from eventkit.relay import Relay
from eventkit.runtime import Runtime
from eventkit.uow import UnitOfWork
from eventkit.worker import Worker
from prometheus_client import CollectorRegistry
from sqlalchemy.exc import OperationalError
from testkit.servers import free_ports
from testkit.sqs import FakeSqs
from testkit.waiting import wait_until

Handler = Callable[[UnitOfWork, Sequence[Event]], None]


class Running:
    """A worker on the test's main thread (signals need it); `meanwhile` runs beside it and then stops it."""

    def __init__(self, stage: Any, handler: Handler, periodic: Sequence[Any] = ()) -> None:
        stage.clock = SystemClock()
        stage.sqs = FakeSqs(stage.clock, long_poll=True)
        for name in ("kit", "other"):
            stage.sqs.make_pair(name)
        stage.registry = CollectorRegistry()
        runtime = Runtime(stage.clock, Metrics(stage.registry), registry=stage.runtime.registry)
        stage.runtime = runtime
        queue = Queue.open(stage.sqs, "kit")
        letters = Queue.open(stage.sqs, "kit-dlq")
        subscriptions = [on("kit.thing.made", handler)]
        self.port = free_ports()
        self.consumer = Consumer("kit", queue, letters, stage.db, subscriptions, runtime, wait=1)
        self.worker = Worker(
            "kit",
            stage.db,
            [self.consumer],
            Relay(stage.db, {"kit": queue}, runtime),
            periodic,
            runtime,
            threads=2,
            health_bind=f"127.0.0.1:{self.port}",
        )

    def run(self, meanwhile: Callable[[], object]) -> int:
        def beside() -> None:
            try:
                wait_until(lambda: self.get("/livez")[0] == 200)
                meanwhile()
            finally:
                os.kill(os.getpid(), signal.SIGTERM)

        with ThreadPoolExecutor(1) as executor:
            outcome = executor.submit(beside)
            code = self.worker.run()
            outcome.result()
        return code

    def get(self, path: str) -> tuple[int, Any]:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    hook = threading.excepthook
    yield
    threading.excepthook = hook
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_it_relays_handles_and_drains_on_sigterm(
    stage: Any, recording: Handler, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "eventkit")
    running = Running(stage, recording)

    def meanwhile() -> None:
        stage.publish(*range(50))
        wait_until(lambda: stage.effects == list(range(50)))
        wait_until(lambda: stage.sqs.bodies("kit") == [])

    assert running.run(meanwhile) == 0
    (line,) = [r.getMessage() for r in caplog.records if r.getMessage().startswith("drained")]
    assert line == "drained kit: received=50 done=50 duplicate=0 returned=0 dead=0"


def test_it_tells_its_health_and_metrics(stage: Any, recording: Handler) -> None:
    running = Running(stage, recording)

    def meanwhile() -> None:
        connected = {"status": "healthy", "service": "kit", "database": "connected"}
        assert running.get("/health/") == (200, orjson.dumps(connected))
        assert running.get("/readyz")[0] == 200
        assert running.get("/nothing")[0] == 404
        status, text = running.get("/metrics")
        assert status == 200
        assert all(
            f"# TYPE {name.removesuffix('_total')}" in text.decode()
            for name in (metric.name for metric in KIT)
        )
        stage.sqs.faults.down = True
        assert running.get("/readyz")[0] == 503
        assert running.get("/livez")[0] == 200
        stage.sqs.faults.down = False

    assert running.run(meanwhile) == 0


def test_a_database_that_is_away_is_unhealthy_in_the_guides_words(stage: Any, recording: Handler) -> None:
    running = Running(stage, recording)

    def away() -> None:
        raise OperationalError("SELECT secret", {}, Exception("no route to host"))

    def meanwhile() -> None:
        stage.db.ping = away
        gone = {"status": "unhealthy", "service": "kit", "database": "disconnected"}
        assert running.get("/health") == (503, orjson.dumps(gone))
        assert running.get("/livez")[0] == 200

    assert running.run(meanwhile) == 0


class Crashing:
    def run(self, stop: threading.Event) -> None:
        raise RuntimeError("홍길동 010-1234-5678")


def test_a_crashed_loop_ends_the_process_without_telling_secrets(
    stage: Any, recording: Handler, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    assert Running(stage, recording, [Crashing()]).worker.run() == 1
    (crash,) = [r for r in caplog.records if r.getMessage() == "loop crashed"]
    assert vars(crash)["error"] == "RuntimeError"
    assert "test_worker.py" in vars(crash)["place"]
    assert "홍길동" not in capfd.readouterr().err + caplog.text


def test_it_survives_a_database_restart(stage: Any, recording: Handler) -> None:
    running = Running(stage, recording)

    def meanwhile() -> None:
        stage.publish(1)
        wait_until(lambda: stage.effects == [1])
        for _ in range(3):
            stage.rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        wait_until(lambda: stage.sample("academy_relay_elected") == 1)
        stage.publish(2)
        wait_until(lambda: stage.effects == [1, 2])

    assert running.run(meanwhile) == 0


def test_the_kit_s_metrics_are_all_that_are_declared() -> None:
    declared = [found for found in vars(metrics).values() if isinstance(found, Metric)]
    assert sorted(m.name for m in KIT) == sorted({m.name for m in declared})
