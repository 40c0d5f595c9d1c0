"""The encoder's loop: claim a job, run its attempt, write down what became of it."""

from __future__ import annotations

import errno
import logging
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from typing import Any

import psycopg
from eventkit import logcontext
from eventkit.errors import PermanentError, TransientError
from eventkit.failures import DATABASE_ERRORS, describe, place
from eventkit.idle import Idle
from eventkit.ports import Database
from servicekit import periodic
from sqlalchemy.exc import SQLAlchemyError

from media.domain.failures import EncodeError
from media.domain.jobs import JobState
from media.store import jobs, videos
from media.usecases.encoding.attempt import Attempt, EncodingPorts, FencedError, StoppingError
from media.usecases.encoding.ending import ended, fail
from media.usecases.encoding.pipeline import encode_video
from media.usecases.encoding.scratch import Scratch

log = logging.getLogger(__name__)

POLL = 5.0
"""Seconds; a NOTIFY wakes sooner, but a job whose wait has ended sends none."""
_SLICE = 0.5  # how long a stop may go unnoticed
_RECONNECT = 5.0
FAILURES = (*periodic.FAILURES, EncodeError)
"""What an attempt may fail with. A bug ends the process: the lease runs out, which counts as one failure."""
_QUEUE = "encode_job"  # as the process's idleness counts it


class EncodeLoop:
    """One job at a time: ffmpeg uses every core there is."""

    def __init__(
        self, ports: EncodingPorts, scratch: Scratch, idle: Idle, mend: Callable[[Database, datetime], None]
    ) -> None:
        """`mend` is what an idle encoder does before it waits: jobs of encoders that are gone."""
        self._ports = ports
        self._scratch = scratch
        self._mend = mend
        self._idle = idle
        idle.watch(_QUEUE)

    def run(self, stop: threading.Event) -> None:
        """Until `stop`. Survives losing the database."""
        try:
            while not stop.is_set():
                try:
                    with closing(self._ports.db.dedicated()) as session:
                        session.execute(f'LISTEN "{jobs.channel(self._ports.db.schema)}"')
                        self._serve(session, stop)
                except DATABASE_ERRORS as error:
                    log.warning("encoder waits for the database", extra={"error": describe(error)})
                    self._idle.restart()
                    self._ports.pulse.expect(_RECONNECT)
                    self._ports.clock.wait(stop, _RECONNECT)
        finally:
            self._scratch.close()

    def _serve(self, session: psycopg.Connection[Any], stop: threading.Event) -> None:
        while not stop.is_set():
            self._ports.pulse.expect(60)
            if not self.run_once(stop):
                self._await_notify(session, stop)

    def _await_notify(self, session: psycopg.Connection[Any], stop: threading.Event) -> None:
        waited = 0.0
        while waited < POLL and not stop.is_set():
            if list(session.notifies(timeout=_SLICE, stop_after=1)):
                return
            waited += _SLICE

    def run_once(self, stop: threading.Event) -> bool:
        """The next job to its end, if one is due; whether one was. Raises one of DATABASE_ERRORS."""
        with self._ports.db.system() as conn:
            claim = jobs.claim(conn, self._ports.worker, self._ports.clock.now())
        if claim is None:
            self._mend(self._ports.db, self._ports.clock.now())
            self._idle.empty(_QUEUE)
            return False
        with (
            self._idle.work(),
            logcontext.bound(correlation_id=claim.correlation_id, job_id=str(claim.job_id)),
        ):
            self._work(claim, stop)
        return True

    def _work(self, claim: jobs.Claim, stop: threading.Event) -> None:
        log.info("encoding", extra={"video_id": str(claim.video_id), "attempt": claim.attempt})
        attempt = Attempt(claim, self._ports, stop)
        with attempt.beating(), self._scratch.folder(f"{claim.job_id}-{claim.attempt}") as folder:
            try:
                encode_video(attempt, folder)
            except StoppingError:
                self._hand_back(attempt)
            except FencedError:
                self._leave(attempt)
            except FAILURES as error:
                self._fail(attempt, error)
            else:
                ended(self._ports.metrics, "succeeded", attempt.seconds)

    def _hand_back(self, attempt: Attempt) -> None:
        now = self._ports.clock.now()
        with self._ports.db.tenant(attempt.claim.tenant) as conn:
            jobs.hand_back(conn, attempt.claim, attempt.seconds, now)
        ended(self._ports.metrics, "returned", attempt.seconds)

    def _leave(self, attempt: Attempt) -> None:
        """Somebody else's job is left alone; a deleted video's ends, if nobody has ended it yet."""
        claim, now = attempt.claim, self._ports.clock.now()
        with self._ports.db.tenant(claim.tenant) as conn:
            if videos.hold(conn, claim.tenant, claim.video_id) is None:
                jobs.settle(conn, claim, JobState.CANCELLED, attempt.seconds, now)
        ended(self._ports.metrics, "fenced", attempt.seconds)

    def _fail(self, attempt: Attempt, error: Exception) -> None:
        code = _code(error)
        detail = error.detail if isinstance(error, EncodeError) else ""
        about = {"code": code, "detail": detail, "error": describe(error), "place": place(error)}
        log.warning("encoding failed", extra=about)
        self._until_written(lambda: fail(self._ports, attempt.claim, code, attempt.seconds), attempt)

    def _until_written(self, write: Callable[[], bool], attempt: Attempt) -> None:
        """An outage of the database must not make one failure into two. Raises one of DATABASE_ERRORS."""
        while True:
            try:
                write()
                return
            except DATABASE_ERRORS as error:
                if self._ports.clock.wait(attempt.stop, _RECONNECT):
                    raise
                log.warning("encoder waits for the database", extra={"error": describe(error)})


def _code(error: Exception) -> str:
    """Of domain.failures, for whatever an attempt raised."""
    if isinstance(error, EncodeError):
        return error.code
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "no_space"
    if isinstance(error, TransientError | PermanentError | SQLAlchemyError | psycopg.Error):
        return "storage_unavailable"
    return "encoder_failed"
