"""The worker's loop over replays: dry run, then apply in a ramp that stops when a cause repeats itself."""

from __future__ import annotations

import logging
import threading
from contextlib import closing
from uuid import UUID

from eventkit import inbox
from eventkit.deadletters import replays
from eventkit.deadletters.letters import Failure
from eventkit.deadletters.rehearsal import Rehearsal, failed
from eventkit.deadletters.replays import Item, Replay
from eventkit.envelope import Event
from eventkit.errors import UndecodableError
from eventkit.failures import DATABASE_ERRORS, describe, must_wait
from eventkit.handling import attempt, work_of
from eventkit.ports import Database
from eventkit.runtime import Runtime
from eventkit.subscription import Subscription

log = logging.getLogger(__name__)

RAMP = (1, 2, 5, 20, 50, 100)
LOOK_EVERY = 3.0
_RETRY_AFTER = 10.0
_LONGEST_ROUND = 3600.0
_DRY_BATCH = 50
_GROUPS = 20


class Replayer:
    """One per worker, one at work per service (an advisory lock).

    Every item is a transaction of its own that holds the inbox row, the effect and the outcome: whatever
    kills the worker, the next one goes on behind the last commit.
    """

    def __init__(
        self, service: str, db: Database, rehearsal: Rehearsal, runtime: Runtime, build: str
    ) -> None:
        self._service = service
        self._db = db
        self._rehearsal = rehearsal
        self._runtime = runtime
        self._build = build

    def run(self, stop: threading.Event) -> None:
        """Until `stop`. Survives losing the database and every dependency of a handler."""
        while not stop.is_set():
            self._runtime.pulse.expect(_LONGEST_ROUND)
            pause = LOOK_EVERY
            error = attempt(lambda: self.work(stop))
            if error is not None and not (isinstance(error, DATABASE_ERRORS) or must_wait(error)):
                raise error
            if error is not None:
                log.warning("replay waits", extra={"error": describe(error)})
                pause = _RETRY_AFTER
            self._runtime.pulse.expect(pause)
            self._runtime.clock.wait(stop, pause)

    def work(self, stop: threading.Event | None = None) -> None:
        """All that is to be done now, unless another worker does it.

        Raises what must be waited for (failures.must_wait), and DATABASE_ERRORS.
        """
        stop = stop or threading.Event()
        if not self._anything():
            return
        with closing(self._db.dedicated()) as session:
            lock = f"replay:{self._db.schema}"
            row = session.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [lock]).fetchone()
            if not (row and row[0]):
                return
            self._judge_groups(stop)
            while not stop.is_set() and (replay := self._next()):
                session.execute("SELECT 1")  # the lock lives exactly as long as this session
                self._runtime.pulse.expect(_LONGEST_ROUND)
                self._go_on(replay, stop)
            session.execute("SELECT pg_advisory_unlock_all()")  # a closed session keeps it a moment longer

    def _anything(self) -> bool:
        with self._db.system() as conn:
            return bool(replays.at_work(conn) or replays.unjudged(conn, self._build, 1))

    def _next(self) -> Replay | None:
        with self._db.system() as conn:
            return replays.at_work(conn)

    def _go_on(self, replay: Replay, stop: threading.Event) -> None:
        if replay.state == "rehearsing":
            self._rehearse(replay, stop)
        else:
            self._apply(replay, stop)

    # dry runs

    def _judge_groups(self, stop: threading.Event) -> None:
        """Once per build and cause: would one of these letters be handled now?"""
        while not stop.is_set():
            with self._db.system() as conn:
                found = replays.unjudged(conn, self._build, _GROUPS)
            for fingerprint, body in found:
                forecast = self._rehearsal.try_out(body)
                with self._db.system() as conn:
                    replays.judge(conn, fingerprint, self._build, forecast.word)
            if len(found) < _GROUPS:
                return

    def _rehearse(self, replay: Replay, stop: threading.Event) -> None:
        with self._db.system() as conn:
            items = replays.untried(conn, replay.id, _DRY_BATCH)
            if not items:
                replays.move(conn, replay.id, ("rehearsing",), "rehearsed")
        forecasts = []
        for item in items:
            if stop.is_set():
                break
            forecasts.append((item.position, self._rehearsal.try_out(item.body)))
        with self._db.system() as conn:
            for position, forecast in forecasts:
                replays.note_forecast(conn, replay.id, position, forecast)

    # applying

    def _apply(self, replay: Replay, stop: threading.Event) -> None:
        """One step of the ramp; between steps somebody may pause or cancel."""
        size = RAMP[min(replay.step, len(RAMP) - 1)]
        with self._db.system() as conn:
            items = replays.unapplied(conn, replay.id, size)
            if not items:
                replays.move(conn, replay.id, ("applying",), "done")
                return
        for item in items:
            if stop.is_set() or not self._apply_one(replay.id, item):
                return
        with self._db.system() as conn:
            replays.end_step(conn, replay.id)

    def _apply_one(self, replay_id: UUID, item: Item) -> bool:
        """Whether the replay may go on."""
        if item.letter_state != "open":  # discarded, or settled by another replay, since it was chosen
            with self._db.system() as conn:
                replays.note_outcome(conn, replay_id, item, "settled")
            return True
        try:
            event, subscription = self._rehearsal.read(item.body)
        except UndecodableError as error:
            return self._failed(replay_id, item, Failure(item.type, item.handler, error.code, ""))
        raised = attempt(lambda: self._effect(replay_id, item, event, subscription))
        if raised is None:
            return True
        if must_wait(raised):
            raise raised
        return self._failed(replay_id, item, failed(subscription, raised))

    def _effect(self, replay_id: UUID, item: Item, event: Event, subscription: Subscription) -> None:
        with work_of(self._service, self._db, self._runtime, [event]) as uow:
            with uow.as_system():
                if not replays.take(uow.conn, item):
                    return  # discarded, edited or redacted since it was read: the next step looks again
            fresh = inbox.claim(uow.conn, subscription.name, [event])
            self._runtime.points("replay.after_inbox")
            if fresh:
                subscription.handler(uow, fresh)
            uow.flush()
            with uow.as_system():
                replays.note_outcome(uow.conn, replay_id, item, "done" if fresh else "duplicate")
            self._runtime.points("replay.before_commit")
        self._runtime.points("replay.after_commit")

    def _failed(self, replay_id: UUID, item: Item, failure: Failure) -> bool:
        """Stops when the letter died of what it had died of before, or when another of this replay did."""
        with self._db.system() as conn:
            repeated = failure.fingerprint == item.fingerprint or replays.failed_of(
                conn, replay_id, failure.fingerprint
            )
            replays.note_failure(conn, replay_id, item, failure, self._runtime.clock.now())
            if repeated:
                reason = f"repeated:{failure.fingerprint}:{failure.reason}"
                replays.move(conn, replay_id, ("applying", "paused"), "stopped", reason)
        log.warning("letter died again", extra={"replay": str(replay_id), "reason": failure.reason})
        return not repeated
