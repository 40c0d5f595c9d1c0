"""The API of a service is always up, so it starts what stopped itself when something waits for it.

It looks all the time: what came in the very moment of stopping, and what only the worker's own relay could
send, is found by the next look. Starting a worker that runs changes nothing, so every API process may do it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cache

from eventkit.clock import SYSTEM_CLOCK, Clock
from eventkit.ports import Database
from eventkit.queue import Queue

from servicekit.hosts import Target, target_of
from servicekit.selfstop import FAILURES, Needed, first, told, waiting
from servicekit.settings import CommonSettings
from servicekit.worker_kit import open_queue, sqs_client

log = logging.getLogger(__name__)

LOOK_EVERY = 15.0  # seconds; two calls to SQS each, about $0.14 a month per API process
TASK_PATIENCE = timedelta(hours=3)
"""How long a periodic task may be overdue before a sleeping worker is woken for it alone."""


def start_waking(service: str, settings: CommonSettings, db: Database, needs: Sequence[Needed]) -> None:
    """The service's worker, by what waits for it; `needs` as WorkerKit.worker has them."""
    sqs = sqs_client(settings)

    def queues() -> list[Queue]:
        return [open_queue(sqs, settings, service, dead=dead) for dead in (False, True)]

    usual = waiting_for_worker(db, queues, SYSTEM_CLOCK)
    start_waker(first([usual, *needs]), settings.wake_worker, settings)


def start_waker(needed: Needed, place: str, settings: CommonSettings) -> None:
    """In a thread of its own, which ends with the process. `place` is as settings.worker_place has it."""
    waker = Waker(needed, target_of(place, settings), SYSTEM_CLOCK)
    threading.Thread(target=waker.run, args=[threading.Event()], name="waker", daemon=True).start()


def waiting_for_worker(db: Database, queues: Callable[[], Sequence[Queue]], clock: Clock) -> Needed:
    """What a stopped worker would have to do."""
    opened = cache(queues)  # not before it is needed: an API starts while SQS is away
    return lambda: waiting(db, opened(), clock.now() - TASK_PATIENCE)


class Waker:
    """A loop of each API process: starts what is stopped when it is needed."""

    def __init__(self, needed: Needed, target: Target, clock: Clock) -> None:
        self._needed = needed
        self._target = target
        self._clock = clock

    def run(self, stop: threading.Event) -> None:
        """Until `stop`."""
        while not stop.is_set():
            self.look()
            self._clock.wait(stop, LOOK_EVERY)

    def look(self) -> None:
        """A worker that runs is left alone."""
        try:
            reason = self._needed()
            if reason and self._target.wake():
                log.info("worker woken", extra={"reason": reason})
        except FAILURES as error:
            log.warning("cannot tell whether the worker is needed", extra={"error": told(error)})
