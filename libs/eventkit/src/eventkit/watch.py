"""The worker's eye on its own queues: their depth, their dead letters, and whether the books balance."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from eventkit import archive, ledger, metrics
from eventkit.deadletters import letters
from eventkit.deadletters.collecting import Collector
from eventkit.errors import TransientError
from eventkit.failures import describe
from eventkit.ports import Database
from eventkit.queue import QUEUE_ERRORS, Depth, Queue
from eventkit.runtime import Runtime
from eventkit.subscription import Subscription

log = logging.getLogger(__name__)

EVERY = 15.0
_BALANCE_EVERY = 600.0

_STATE = text("""
    INSERT INTO queue_state (queue, visible, in_flight, delayed, measured_at)
    VALUES (:queue, :visible, :in_flight, :delayed, now())
    ON CONFLICT (queue) DO UPDATE SET visible = excluded.visible, in_flight = excluded.in_flight,
        delayed = excluded.delayed, measured_at = excluded.measured_at
""")


class Watch:
    """Every worker looks for itself: a gauge must not freeze on the one that looked last."""

    def __init__(
        self,
        service: str,
        queue: Queue,
        dead: Queue,
        db: Database,
        subscriptions: Sequence[Subscription],
        runtime: Runtime,
    ) -> None:
        self._service = service
        self._queue = queue
        self._dead = dead
        self._db = db
        self._subscriptions = subscriptions
        self._runtime = runtime
        self._collector = Collector(dead, db, runtime.clock, runtime.registry)
        self._balance_at = 0.0

    def run(self, stop: threading.Event) -> None:
        """Until `stop`. Survives losing the queue and the database."""
        while not stop.is_set():
            self._runtime.pulse.expect(EVERY + 120)
            try:
                self.look()
            except (SQLAlchemyError, TransientError, *QUEUE_ERRORS) as error:
                log.warning("the watch sees nothing", extra={"error": describe(error)})
            self._runtime.clock.wait(stop, EVERY)

    def look(self) -> None:
        """Once. Raises one of QUEUE_ERRORS, SQLAlchemyError, TransientError."""
        depth, dead = self._queue.depth(), self._dead.depth()
        figures = self._runtime.metrics
        figures.set(metrics.QUEUE_VISIBLE, depth.visible, queue=self._queue.name)
        figures.set(metrics.QUEUE_IN_FLIGHT, depth.in_flight, queue=self._queue.name)
        if dead.visible:
            collected = self._collector.collect()
            log.warning("dead letters collected", extra={"queue": self._dead.name, "count": collected})
            dead = self._dead.depth()
        figures.set(metrics.DEAD_LETTER_QUEUE, dead.visible + dead.in_flight, queue=self._dead.name)
        with self._db.system() as conn:
            _note(conn, {self._queue.name: depth, self._dead.name: dead})
            waiting = letters.open_by_type(conn)
        known = self._runtime.registry.consumed_by(self._service)
        for type in known:
            figures.set(metrics.DEAD_LETTERS_OPEN, waiting.get(type, 0), type=type)
        strange = sum(count for type, count in waiting.items() if type not in known)
        figures.set(metrics.DEAD_LETTERS_OPEN, strange, type="unknown")
        if self._runtime.clock.monotonic() >= self._balance_at:
            self._balance()

    def _balance(self) -> None:
        """Rarely: it counts a day's events."""
        self._balance_at = self._runtime.clock.monotonic() + _BALANCE_EVERY
        since, until = ledger.window(self._runtime.clock.now())
        with self._db.system() as conn:
            archive.declare(conn, self._subscriptions)
            published = ledger.published(conn, since, until)
            settled = ledger.settled(conn, since, until)
        figures = self._runtime.metrics
        types = [each for each in self._runtime.registry if each.source == self._service]
        for destination in {subscriber for each in types for subscriber in each.subscribers}:
            sent = sum(row.sent for row in published if row.destination == destination)
            figures.set(metrics.LEDGER_PUBLISHED, sent, destination=destination)
        total = sum(row.handled + row.dead for row in settled)
        figures.set(metrics.LEDGER_SETTLED, total, service=self._service)


def _note(conn: Connection, depths: dict[str, Depth]) -> None:
    conn.execute(_STATE, [{"queue": name, **asdict(depth)} for name, depth in depths.items()])
