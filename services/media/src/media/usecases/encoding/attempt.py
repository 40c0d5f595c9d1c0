"""One attempt of one job: its lease, its progress, and what may end it before its time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

from eventkit.backoff import JITTER, Backoff, Jitter
from eventkit.clock import Clock
from eventkit.errors import TransientError
from eventkit.failures import DATABASE_ERRORS, describe, is_outage
from eventkit.metrics import Metrics
from eventkit.ports import Database
from eventkit.pulse import Pulse
from eventkit.trace import Cause
from eventkit.uow import UnitOfWork, unit_of_work
from servicekit.storage import ObjectStore
from sqlalchemy import Connection

from media.domain.failures import EncodeError
from media.domain.jobs import LEASE, RENEW_EVERY, STALL_LIMIT, Step
from media.events import SERVICE
from media.ports import Transcoder
from media.store import jobs

log = logging.getLogger(__name__)
T = TypeVar("T")

EncodePoint = Literal[
    "claimed", "downloaded", "encoded", "uploaded", "kept", "before_viewable", "viewable",
    "finished", "before_ready", "ready",
]  # fmt: skip
"""Where tests make an encoder die."""
ENCODE_POINTS: tuple[EncodePoint, ...] = get_args(EncodePoint)

_REPORT_EVERY = 1.0


class StoppingError(Exception):
    """The encoder is told to stop: the job goes back as it is."""


class FencedError(Exception):
    """The job is another attempt's by now, or nobody's: whatever this one writes is refused."""


def no_points(_point: EncodePoint) -> None:
    """Production: nothing happens."""


@dataclass(frozen=True, slots=True)
class EncodingPorts:
    """What encoding needs; `worker` names this process."""

    db: Database
    objects: ObjectStore
    transcoder: Transcoder
    clock: Clock
    pulse: Pulse
    metrics: Metrics
    worker: str
    jitter: Jitter = JITTER
    points: Callable[[EncodePoint], None] = no_points


class Attempt:
    """The lease is renewed only as long as the work gets on: a beat that proves nothing is worse than none.

    `check` raises as soon as the attempt is over; whoever waits or works in pieces calls it.
    """

    def __init__(self, claim: jobs.Claim, ports: EncodingPorts, stop: threading.Event) -> None:
        self.claim = claim
        self.ports = ports
        self.cause = Cause.start(claim.correlation_id)
        self.stop = stop
        self._lost = threading.Event()
        self._clock = ports.clock
        self._began = self._moved = ports.clock.monotonic()
        self._moved_at = ports.clock.now()
        self._step, self._fraction = Step.PREPARING, 0.0
        self._window = (0.0, 0.01)
        self._anchor: tuple[float, float] | None = None
        self._report_at = 0.0

    @property
    def seconds(self) -> float:
        """Since it was claimed."""
        return self._clock.monotonic() - self._began

    def check(self) -> None:
        """Raises StoppingError, FencedError, or EncodeError encoder_stalled."""
        if self._lost.is_set():
            raise FencedError
        if self.stop.is_set():
            raise StoppingError
        if self._stalled():
            raise EncodeError("encoder_stalled")

    def enter(self, step: Step, start: float, end: float) -> None:
        """`step` begins and will take the whole job from share `start` to share `end` of it (0 to 1)."""
        self._step, self._fraction, self._window = step, 0.0, (start, end)
        if step is Step.TRANSCODING and self._anchor is None:
            self._anchor = (self._clock.monotonic(), start)
        self._got_on()
        self._report()
        self.check()

    def moved(self, fraction: float) -> None:
        """So much of the step is done (0 to 1); only growth counts as progress. Raises as `check`."""
        if fraction > self._fraction:
            self._fraction = min(fraction, 1.0)
            self._got_on()
            if self._clock.monotonic() >= self._report_at:
                self._report()
        self.check()

    def patiently(self, call: Callable[[], T]) -> T:
        """`call`, again while what it needs is away: no encoding is lost to a restart of the store.

        After STALL_LIMIT it raises EncodeError storage_unavailable. Raises as `check`.
        """
        pause, failures = Backoff(base=1.0, cap=30.0, jitter=self.ports.jitter), 0
        while True:
            try:
                return call()
            except (TransientError, *DATABASE_ERRORS) as error:
                if not isinstance(error, TransientError) and not is_outage(error):
                    raise
                failures += 1
                log.warning("waiting for a dependency", extra={"error": describe(error)})
                if self._stalled():
                    raise EncodeError("storage_unavailable", describe(error)) from error
                self._clock.wait(self.stop, pause.delay(failures))
                self.check()

    @contextmanager
    def transaction(self) -> Iterator[UnitOfWork]:
        """Of the job's tenant; what it publishes belongs to the upload's flow."""
        with unit_of_work(
            self.ports.db, self.claim.tenant, self.cause, source=SERVICE, clock=self._clock
        ) as uow:
            yield uow

    @contextmanager
    def beating(self) -> Iterator[None]:
        """The lease is kept for as long as the block lasts."""
        ended = threading.Event()
        beat = threading.Thread(target=self._beat, args=[ended], name="encode-lease", daemon=True)
        beat.start()
        try:
            yield
        finally:
            ended.set()
            beat.join(timeout=5)

    def _beat(self, ended: threading.Event) -> None:
        while not self._clock.wait(ended, RENEW_EVERY.total_seconds()):
            self.beat()

    def beat(self) -> None:
        """Renew the lease, unless nothing has moved for too long."""
        if self._stalled() or self._lost.is_set():
            return
        until = self._clock.now() + LEASE
        self._write(lambda conn: jobs.renew(conn, self.claim, until, self._moved_at))

    def _report(self) -> None:
        self._report_at = self._clock.monotonic() + _REPORT_EVERY
        self._write(lambda conn: jobs.report(conn, self.claim, self._shown(), self._moved_at))

    def _write(self, body: Callable[[Connection], bool]) -> None:
        """What the next beat writes again anyway need not succeed."""
        try:
            with self.ports.db.tenant(self.claim.tenant) as conn:
                mine = body(conn)
        except DATABASE_ERRORS as error:
            log.warning("heartbeat not written", extra={"error": describe(error)})
            return
        if not mine:
            self._lost.set()

    def _shown(self) -> dict[str, object]:
        start, end = self._window
        done = start + (end - start) * self._fraction
        return {
            "step": self._step,
            "step_percent": int(100 * self._fraction),
            "percent": min(99, int(100 * done)),
            "remaining_seconds": self._remaining(done),
        }

    def _remaining(self, done: float) -> int | None:
        """By the pace since encoding began; nothing before that says anything."""
        if self._anchor is None or done - self._anchor[1] < 0.02:
            return None
        spent = self._clock.monotonic() - self._anchor[0]
        return int(spent * (1 - done) / (done - self._anchor[1]))

    def _got_on(self) -> None:
        self._moved, self._moved_at = self._clock.monotonic(), self._clock.now()
        self.ports.pulse.expect(STALL_LIMIT.total_seconds() + 120)

    def _stalled(self) -> bool:
        return self._clock.monotonic() - self._moved > STALL_LIMIT.total_seconds()
