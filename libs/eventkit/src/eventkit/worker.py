"""The process of a worker: its loops in threads, a health port, and an orderly end."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from types import FrameType
from typing import Protocol

from eventkit import health
from eventkit.consumer import Consumer
from eventkit.failures import describe, place
from eventkit.ports import Database
from eventkit.relay import Relay
from eventkit.runtime import Runtime

log = logging.getLogger(__name__)

DRAIN_SECONDS = 25.0  # ECS kills after 30


class Loop(Protocol):
    """A periodic task or any other background loop."""

    def run(self, stop: threading.Event) -> None:
        """Until `stop`. What it raises ends the process: the supervisor starts it anew."""


class Worker:
    """`run()` blocks until SIGTERM, SIGINT or a crash of any loop.

    One that hears and says nothing has neither consumers nor a relay.
    """

    def __init__(
        self,
        service: str,
        db: Database,
        consumers: Sequence[Consumer],
        relay: Relay | None,
        periodic: Sequence[Loop],
        runtime: Runtime,
        *,
        threads: int,
        health_bind: str,
    ) -> None:
        self._service = service
        self._db = db
        self._consumers = consumers
        self._relay = relay
        self._periodic = periodic
        self._runtime = runtime
        self._threads = threads
        self._health_bind = health_bind
        self._stop = threading.Event()
        self._settled = threading.Event()
        self._failed = threading.Event()

    def run(self) -> int:
        """Exit code: 0 after an orderly drain, 1 after a crash or an unbalanced receipt."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        threading.excepthook = _log_crash
        pages = health.server(self._health_bind, self._pages())
        _start("health", pages.serve_forever)
        workers = [self._thread(name, body) for name, body in self._bodies()]
        beats = [
            self._thread(f"heartbeat-{c.queue.name}", partial(c.heartbeat.run, self._settled))
            for c in self._consumers
        ]
        log.info("worker started", extra={"service": self._service, "threads": self._threads})
        self._stop.wait()
        clean = self._drain(workers)
        self._settled.set()
        for beat in beats:
            beat.join(timeout=1)
        pages.shutdown()
        pages.server_close()
        return 0 if clean and not self._failed.is_set() else 1

    def stop(self) -> None:
        """What SIGTERM does."""
        self._stop.set()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop.set()

    def _bodies(self) -> list[tuple[str, Callable[[], None]]]:
        """Every loop with its thread's name."""
        bodies: list[tuple[str, Callable[[], None]]] = []
        if self._relay:
            bodies.append(("relay", partial(self._relay.run, self._stop)))
        for position, task in enumerate(self._periodic):
            bodies.append((f"periodic-{position}", partial(task.run, self._stop)))
        for consumer in self._consumers:
            bodies += [(f"{consumer.queue.name}-{n}", consumer.run) for n in range(self._threads)]
        return bodies

    def _thread(self, name: str, body: Callable[[], None]) -> threading.Thread:
        return _start(name, lambda: self._guard(body))

    def _guard(self, body: Callable[[], None]) -> None:
        """A loop that ends before it was told to takes the process with it."""
        try:
            body()
        finally:
            if not self._stop.is_set() or sys.exc_info()[0] is not None:
                self._failed.set()
            self._runtime.pulse.leave()
            self._stop.set()

    def _drain(self, threads: Sequence[threading.Thread]) -> bool:
        for consumer in self._consumers:
            consumer.stop()
        deadline = self._runtime.clock.monotonic() + DRAIN_SECONDS
        for thread in threads:
            thread.join(timeout=max(0.0, deadline - self._runtime.clock.monotonic()))
        late = [thread.name for thread in threads if thread.is_alive()]
        if late:
            log.error("loops did not end in time", extra={"threads": late})
        receipts = [consumer.drain() for consumer in self._consumers]
        return all(receipt.balanced for receipt in receipts)

    def _pages(self) -> dict[str, health.Page]:
        queues = [consumer.queue for consumer in self._consumers]
        return {
            "/health": lambda: health.health(self._service, self._db),
            "/livez": lambda: health.livez(self._runtime.pulse.stalled()),
            "/readyz": lambda: health.readyz(self._db, queues, draining=self._stop.is_set()),
            "/metrics": lambda: health.metrics(self._runtime.metrics.registry),
        }


def _log_crash(crash: threading.ExceptHookArgs) -> None:
    """Instead of Python's own, which prints the exception's text and with it perhaps personal data."""
    error = crash.exc_value or crash.exc_type()
    thread = crash.thread.name if crash.thread else None
    log.critical("loop crashed", extra={"loop": thread, "error": describe(error), "place": place(error)})


def _start(name: str, body: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=body, name=name, daemon=True)
    thread.start()
    return thread
