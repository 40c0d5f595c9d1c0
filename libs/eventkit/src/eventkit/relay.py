"""Send what the outbox holds. One elected relay per service, in order, marking only what SQS accepted.

A crash between sending and marking sends again: ids are stable, so the receiver's inbox drops it.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby, islice
from typing import Any

import psycopg
from botocore.exceptions import ClientError

from eventkit import metrics, outbox
from eventkit.backoff import Backoff
from eventkit.failures import DATABASE_ERRORS
from eventkit.outbox import Failure, Unsent
from eventkit.ports import Database
from eventkit.queue import QUEUE_ERRORS, Outgoing, Queue, Refused, batches
from eventkit.runtime import Runtime

log = logging.getLogger(__name__)

FETCH = 200
SAFETY_POLL = 2.0  # seconds; a NOTIFY sent while the relay was disconnected is lost
STANDBY_POLL = 3.0
MEASURE_EVERY = 5.0
SLICE = 0.5  # how long a stop may go unnoticed
_RETRY = Backoff(base=1.0, cap=300.0)
_RECONNECT = Backoff(base=1.0, cap=15.0)
# Answers about the content of a request: the same rows would be refused again, other rows would not.
_CONTENT_CODES = {
    "InvalidMessageContents",
    "InvalidParameterValue",
    "BatchRequestTooLong",
    "InvalidAttributeValue",
}


_TRACEPARENT = re.compile(r'"traceparent":"([0-9a-f-]{55})"')  # before "data", which may be large


@dataclass(frozen=True, slots=True)
class _Pause:
    """A destination that cannot be reached is left alone until then."""

    until: float
    failures: int


class Relay:
    """`queues` maps each destination service to its queue."""

    def __init__(self, db: Database, queues: Mapping[str, Queue], runtime: Runtime) -> None:
        self._db = db
        self._queues = queues
        self._clock = runtime.clock
        self._metrics = runtime.metrics
        self._points = runtime.points
        self._pulse = runtime.pulse
        self._pauses: dict[str, _Pause] = {}
        self._measure_at = 0.0

    def run(self, stop: threading.Event) -> None:
        """Until `stop`: be elected, send, wait for NOTIFY. Survives losing the database."""
        losses = 0
        while not stop.is_set():
            try:
                with closing(self._db.dedicated()) as session:
                    losses = 0
                    self._serve(session, stop)
            except DATABASE_ERRORS as error:
                losses += 1
                if losses == 1:
                    log.warning("relay lost the database", extra={"error": type(error).__name__})
                self._rest(stop, _RECONNECT.delay(losses))
            finally:
                self._metrics.set(metrics.RELAY_ELECTED, 0)

    def _rest(self, stop: threading.Event, seconds: float) -> None:
        self._pulse.expect(seconds)
        self._clock.wait(stop, seconds)

    def _serve(self, session: psycopg.Connection[Any], stop: threading.Event) -> None:
        # A host that vanished must not keep the lock for the two hours that TCP allows by default.
        session.execute("SET tcp_keepalives_idle = 30")
        session.execute("SET tcp_keepalives_interval = 10")
        session.execute("SET tcp_keepalives_count = 3")
        while not stop.is_set() and not elect(session, self._db.schema):
            self._rest(stop, STANDBY_POLL)
        if stop.is_set():
            return
        log.info("relay elected", extra={"schema": self._db.schema})
        self._metrics.set(metrics.RELAY_ELECTED, 1)
        session.execute(f'LISTEN "{outbox.channel(self._db.schema)}"')
        while not stop.is_set():
            session.execute("SELECT 1")  # the lock lives exactly as long as this session
            self._pulse.expect(60)
            looked_at = self.run_once()
            if self._clock.monotonic() >= self._measure_at:
                self.measure()
            if looked_at < FETCH:
                self._await_notify(session, stop)

    def _await_notify(self, session: psycopg.Connection[Any], stop: threading.Event) -> None:
        waited = 0.0
        while waited < SAFETY_POLL and not stop.is_set():
            if list(session.notifies(timeout=SLICE, stop_after=1)):
                return
            waited += SLICE

    def measure(self) -> None:
        """Show the backlog as metrics."""
        self._measure_at = self._clock.monotonic() + MEASURE_EVERY
        with self._db.system() as conn:
            backlog = outbox.backlog(conn)
        self._metrics.set(metrics.OUTBOX_UNSENT, backlog.unsent)
        self._metrics.set(metrics.OUTBOX_OLDEST, backlog.oldest_seconds)
        self._metrics.set(metrics.OUTBOX_PARKED, backlog.parked)

    def run_once(self) -> int:
        """One round over at most FETCH due rows; returns how many were looked at."""
        now = self._clock.monotonic()
        paused = [destination for destination, pause in self._pauses.items() if pause.until > now]
        with self._db.system() as conn:
            rows = outbox.due(conn, self._clock.now(), FETCH, paused)
        if not rows:
            return 0
        sent: list[int] = []
        failures: list[Failure] = []
        by_destination = sorted(rows, key=lambda row: row.destination)  # stable: order by seq is kept
        for destination, group in groupby(by_destination, key=lambda row: row.destination):
            self._deliver(destination, list(group), sent, failures)
        with self._db.system() as conn:
            if sent:
                outbox.mark_sent(conn, sent)
            if failures:
                outbox.mark_failed(conn, failures)
        self._points("relay.after_mark")
        return len(rows)

    def _deliver(
        self, destination: str, rows: list[Unsent], sent: list[int], failures: list[Failure]
    ) -> None:
        queue = self._queues.get(destination)
        if queue is None:
            self._pause(destination, "no_queue")
            return
        rest = iter(rows)
        for batch in batches(_outgoing(row) for row in rows):
            try:
                refused = self._send(queue, batch)
            except QUEUE_ERRORS as error:  # the queue fails, not these rows: they stay as they are
                self._metrics.count(metrics.QUEUE_ERRORS, queue=queue.name, operation="send")
                self._pause(destination, _code(error))
                return
            for position, row in enumerate(islice(rest, len(batch))):
                if position in refused:
                    failures.append(self._failure(row, refused[position]))
                else:
                    sent.append(row.seq)
                    self._metrics.count(metrics.OUTBOX_SENT, destination=destination, type=row.type)
        if self._pauses.pop(destination, None):
            log.info("destination accepts events again", extra={"destination": destination})

    def _pause(self, destination: str, code: str) -> None:
        failures = self._pauses[destination].failures + 1 if destination in self._pauses else 1
        until = self._clock.monotonic() + _RECONNECT.delay(failures)
        self._pauses[destination] = _Pause(until, failures)
        if failures == 1:
            log.warning("destination takes no events", extra={"destination": destination, "code": code})

    def _send(self, queue: Queue, batch: list[Outgoing]) -> dict[int, Refused]:
        self._points("relay.before_send")
        try:
            refused = queue.send_batch(batch)
        except ClientError as error:
            if _code(error) not in _CONTENT_CODES:
                raise
            refused = self._send_singly(queue, batch, error)
        self._points("relay.after_send")
        return refused

    def _send_singly(self, queue: Queue, batch: list[Outgoing], error: ClientError) -> dict[int, Refused]:
        """SQS refused the whole request for its content: find the row that did it."""
        if len(batch) == 1:
            return {0: Refused(_code(error), permanent=True)}
        refused: dict[int, Refused] = {}
        for position, message in enumerate(batch):
            try:
                answer = queue.send_batch([message])
            except ClientError as single:
                if _code(single) not in _CONTENT_CODES:
                    raise
                answer = {0: Refused(_code(single), permanent=True)}
            if answer:
                refused[position] = answer[0]
        return refused

    def _failure(self, row: Unsent, why: Refused) -> Failure:
        outcome = "parked" if why.permanent else "retry"
        self._metrics.count(metrics.OUTBOX_FAILURES, destination=row.destination, outcome=outcome)
        extra = {"seq": row.seq, "type": row.type, "destination": row.destination, "code": why.code}
        log.warning("event %s", outcome, extra=extra)
        retry_at = self._clock.now() + timedelta(seconds=_RETRY.delay(row.attempts + 1))
        return Failure(row.seq, why.code, None if why.permanent else retry_at)


def elect(session: psycopg.Connection[Any], schema: str) -> bool:
    """Whether this session is the schema's relay; it stays so until it ends."""
    row = session.execute(
        "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [f"relay:{schema}"]
    ).fetchone()
    return bool(row and row[0])


def _outgoing(row: Unsent) -> Outgoing:
    """The stored text as it is; the attributes are for people who look into a queue."""
    found = _TRACEPARENT.search(row.body, 0, 8192)
    return Outgoing(row.body, {"type": row.type} | ({"traceparent": found[1]} if found else {}))


def _code(error: Exception) -> str:
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "ClientError"))
    return type(error).__name__
