"""Periodic tasks: one run across all workers, a durable due time, and one catch-up after downtime."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from eventkit.clock import SEOUL
from eventkit.errors import PermanentError, TransientError, UnknownOutcomeError
from eventkit.failures import DATABASE_ERRORS, describe, place
from eventkit.ports import Database
from eventkit.queue import QUEUE_ERRORS
from eventkit.runtime import Runtime
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from servicekit.metrics import PERIODIC_INTERVAL, PERIODIC_RUNS, PERIODIC_SUCCESS

log = logging.getLogger(__name__)

_TICK = 60.0  # seconds between looks at the due time, which another worker may have moved
_PROMPT_TICK = 5.0  # of a task that may be hastened
_RETRY = timedelta(minutes=5)
_LONGEST = 3600.0  # seconds a body may run before /livez doubts the loop

FAILURES = (
    *DATABASE_ERRORS, SQLAlchemyError, *QUEUE_ERRORS, OSError,
    TransientError, PermanentError, UnknownOutcomeError,
)  # fmt: skip
"""What a body may fail with; anything else is a bug and ends the process, as in every loop of the worker."""

Body = Callable[[Database, datetime], None]


@dataclass(frozen=True, slots=True)
class PeriodicTask:
    """`body(db, now)` either `every` interval, or `daily_at` a time of day in Seoul.

    The first run of an interval is at once, of a daily task at its next hour. A body must be safe to run
    again: a crash after its effect repeats it. After a failure or a crash it is tried again in 5 minutes.
    A `prompt` task is one that handlers hasten.
    Raises ValueError unless exactly one schedule is given.
    """

    name: str
    body: Body
    every: timedelta | None = None
    daily_at: time | None = None
    prompt: bool = False

    def __post_init__(self) -> None:
        if (self.every is None) == (self.daily_at is None):
            raise ValueError(f"{self.name}: give either every or daily_at")

    @property
    def interval(self) -> timedelta:
        """Between two runs."""
        return self.every or timedelta(days=1)

    def first(self, now: datetime) -> datetime:
        """The first due time of a task that never ran."""
        return now if self.every else self._next_daily(now)

    def following(self, due: datetime, now: datetime) -> datetime:
        """The due time after a run: in step with the schedule, missed times left out."""
        if self.every is None:
            return self._next_daily(now)
        return due + self.every if due + self.every > now else now + self.every

    def _next_daily(self, now: datetime) -> datetime:
        assert self.daily_at is not None
        local = now.astimezone(SEOUL)
        today = datetime.combine(local.date(), self.daily_at, SEOUL)
        return (today if today > local else today + timedelta(days=1)).astimezone(UTC)


def hasten(conn: Connection, name: str) -> None:
    """The next run of a prompt task is due when this transaction commits; a worker sees it within 5 s.

    For work that an event has brought: the task need not come often, and an idle worker may stop itself.
    """
    conn.execute(_HASTEN, {"name": name})


class PeriodicLoop:
    """Runs one task in its own thread of the worker.

    The last success that it shows is the task's, whichever worker ran it and however long ago: every look at
    the due time reads it. A task that never succeeded has none.
    """

    def __init__(self, task: PeriodicTask, db: Database, runtime: Runtime) -> None:
        self._task = task
        self._tick = _PROMPT_TICK if task.prompt else _TICK
        self._db = db
        self._clock = runtime.clock
        self._pulse = runtime.pulse
        self._idle = runtime.idle
        self._metrics = runtime.metrics
        self._metrics.set(PERIODIC_INTERVAL, task.interval.total_seconds(), task=task.name)
        for outcome in ("done", "failed"):
            self._metrics.count(PERIODIC_RUNS, 0, task=task.name, outcome=outcome)

    def run(self, stop: threading.Event) -> None:
        """Until `stop`. Survives losing the database."""
        while not stop.is_set():
            self._pulse.expect(_LONGEST)
            try:
                pause = self.tick()
            except DATABASE_ERRORS as error:
                log.warning("periodic task waits for the database", extra=self._about(error))
                pause = self._tick / 2
            self._pulse.expect(pause)
            self._clock.wait(stop, pause)

    def tick(self) -> float:
        """Run the task if it is due and nobody else runs it; seconds until the next look."""
        due = self._due()
        if due > self._clock.now():
            return min((due - self._clock.now()).total_seconds(), self._tick)
        with closing(self._db.dedicated()) as session:
            lock = f"periodic:{self._db.schema}:{self._task.name}"
            taken = session.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [lock]).fetchone()
            if not (taken and taken[0]):
                return self._tick / 2
            due = self._due()  # the worker that had the lock may just have run it
            if due <= self._clock.now():
                self._execute(due)
        return 0.0

    def _execute(self, due: datetime) -> None:
        started = self._clock.now()
        # written first: whatever ends this run, even kill -9, the next try comes no sooner than this
        retry = started + min(self._task.every or _RETRY, _RETRY)
        self._record(_STARTED, now=started, due=retry)
        try:
            with self._idle.work():
                self._task.body(self._db, started)
        except FAILURES as error:
            log.warning("periodic task failed", extra={**self._about(error), "place": place(error)})
            self._metrics.count(PERIODIC_RUNS, task=self._task.name, outcome="failed")
            self._record(_FAILED, error=describe(error))
            return
        finished = self._clock.now()
        self._record(_FINISHED, due=self._task.following(due, finished), now=finished)
        self._metrics.count(PERIODIC_RUNS, task=self._task.name, outcome="done")
        self._metrics.set(PERIODIC_SUCCESS, finished.timestamp(), task=self._task.name)
        log.info(
            "periodic task done", extra={"task": self._task.name, "seconds": (finished - started).seconds}
        )

    def _due(self) -> datetime:
        with self._db.system() as conn:
            conn.execute(_ADD, {"name": self._task.name, "due": self._task.first(self._clock.now())})
            found = conn.execute(_DUE, {"name": self._task.name}).one()
        if found.finished_at is not None:
            self._metrics.set(PERIODIC_SUCCESS, found.finished_at.timestamp(), task=self._task.name)
        due: datetime = found.due_at
        return due

    def _record(self, statement: str, **values: object) -> None:
        with self._db.system() as conn:
            conn.execute(text(statement), {"name": self._task.name, **values})

    def _about(self, error: Exception) -> dict[str, str]:
        return {"task": self._task.name, "error": describe(error)}


_ADD = text("INSERT INTO periodic_task (name, due_at) VALUES (:name, :due) ON CONFLICT DO NOTHING")
_DUE = text("SELECT due_at, finished_at FROM periodic_task WHERE name = :name")
_HASTEN = text("UPDATE periodic_task SET due_at = now() WHERE name = :name AND due_at > now()")
_STARTED = """
    UPDATE periodic_task SET started_at = :now, due_at = :due, last_error = 'unfinished' WHERE name = :name
"""
_FINISHED = "UPDATE periodic_task SET finished_at = :now, due_at = :due, last_error = NULL WHERE name = :name"
_FAILED = "UPDATE periodic_task SET last_error = :error WHERE name = :name"
