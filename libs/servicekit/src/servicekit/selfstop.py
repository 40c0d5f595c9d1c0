"""A worker that stops itself when nothing is left to do. The API wakes it: servicekit.waking."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from eventkit.clock import Clock
from eventkit.errors import UnavailableError
from eventkit.failures import DATABASE_ERRORS, describe
from eventkit.ports import Database
from eventkit.queue import QUEUE_ERRORS, Queue
from eventkit.runtime import Runtime
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from servicekit.hosts import Host

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0  # seconds
FAILURES = (*DATABASE_ERRORS, SQLAlchemyError, *QUEUE_ERRORS, UnavailableError)
"""What looking for work, stopping and waking may fail with."""

Needed = Callable[[], str | None]
"""In a word what a process is needed for, None for nothing. Raises one of FAILURES."""

# A task that is more than a day overdue belongs to no worker any more: it was renamed or removed.
_WAITING = text("""
    SELECT CASE
        WHEN EXISTS (SELECT FROM outbox WHERE sent_at IS NULL AND parked_at IS NULL) THEN 'outbox'
        WHEN EXISTS (SELECT FROM replay WHERE state IN ('rehearsing', 'applying')) THEN 'replay'
        WHEN EXISTS (SELECT FROM periodic_task
            WHERE due_at <= :due AND due_at > :due - interval '1 day') THEN 'task'
    END
""")
_BUSY = text("""
    SELECT CASE
        WHEN EXISTS (SELECT FROM lease WHERE until > :now) THEN 'lease'
        WHEN EXISTS (SELECT FROM periodic_task
            WHERE last_error IS NOT NULL AND due_at > :now - interval '1 day') THEN 'task'
    END
""")


def waiting(db: Database, queues: Sequence[Queue], due: datetime) -> str | None:
    """What a worker is needed for: outbox, replay, task (due by `due`) or queue; None for nothing.

    Raises one of DATABASE_ERRORS or QUEUE_ERRORS.
    """
    with db.system() as conn:
        found: str | None = conn.execute(_WAITING, {"due": due}).scalar()
    if found is None and any(queue.depth().total for queue in queues):
        return "queue"
    return found


def busy(db: Database, now: datetime) -> str | None:
    """What some worker is in the middle of: lease, or task (running, or failed and to be tried again)."""
    with db.system() as conn:
        found: str | None = conn.execute(_BUSY, {"now": now}).scalar()
    return found


def needed_worker(db: Database, queues: Sequence[Queue], clock: Clock) -> Needed:
    """What keeps a worker from stopping itself: whatever waits, whatever some worker is in the middle of."""

    def look() -> str | None:
        now = clock.now()
        return waiting(db, queues, now) or busy(db, now)

    return look


def first(looks: Sequence[Needed]) -> Needed:
    """What the first of them says that says something."""
    return lambda: next((reason for look in looks if (reason := look())), None)


def told(error: Exception) -> str:
    """One of FAILURES for a log line."""
    return str(error) if isinstance(error, UnavailableError) else describe(error)


class SelfStop:
    """A loop of the process: `polls` empty polls in a row of every queue, one last look, and it stops."""

    def __init__(self, needed: Needed, runtime: Runtime, host: Host, polls: int) -> None:
        self._needed = needed
        self._clock = runtime.clock
        self._pulse = runtime.pulse
        self._idle = runtime.idle
        self._host = host
        self._polls = polls

    def run(self, stop: threading.Event) -> None:
        """Until `stop`."""
        while not stop.is_set():
            self._pulse.expect(120)
            self.look(stop)
            self._clock.wait(stop, LOOK_EVERY)

    def look(self, stop: threading.Event) -> None:
        """Whatever comes of it, the next one comes after as many empty polls again."""
        if not self._is_idle():
            return
        try:
            if reason := self._needed():
                log.info("empty queues, but not stopping", extra={"reason": reason})
            elif self._is_idle():  # nothing arrived while we looked
                log.info("nothing to do: stopping", extra={"polls": self._polls})
                self._host.sleep(stop)
        except FAILURES as error:
            log.warning("empty queues, but cannot stop", extra={"error": told(error)})
        self._idle.restart()

    def _is_idle(self) -> bool:
        return self._idle.polls >= self._polls
