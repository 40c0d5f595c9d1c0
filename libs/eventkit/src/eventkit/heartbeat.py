"""Keeps every message this worker holds invisible to others, until it is settled or given up."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from eventkit import metrics
from eventkit.queue import QUEUE_ERRORS, Message, Queue
from eventkit.runtime import Runtime

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Held:
    """Times are monotonic seconds; waiting messages have no deadline yet."""

    message: Message
    extended: float
    deadline: float | None = None
    stall: float | None = None
    progress: float = 0.0
    lost: bool = False


class Heartbeat:
    """Shared by the threads of one consumer."""

    def __init__(self, queue: Queue, runtime: Runtime) -> None:
        self._queue = queue
        self._clock = runtime.clock
        self._metrics = runtime.metrics
        self._pulse = runtime.pulse
        self._lock = threading.Lock()
        self._held: dict[str, _Held] = {}
        for reason in ("refused", "deadline", "stalled"):
            self._metrics.count(metrics.HEARTBEAT_LOST, 0, queue=queue.name, reason=reason)

    def hold(self, messages: Iterable[Message]) -> None:
        """Just received: extend from now on."""
        now = self._clock.monotonic()
        with self._lock:
            self._held |= {message.receipt: _Held(message, now) for message in messages}
        self._show()

    def start(self, messages: Sequence[Message], deadline: timedelta, stall: timedelta | None) -> None:
        """Their handler starts."""
        now = self._clock.monotonic()
        with self._lock:
            for held in self._of(messages):
                held.deadline = now + deadline.total_seconds()
                held.stall = None if stall is None else stall.total_seconds()
                held.progress = now

    def progress(self, messages: Sequence[Message]) -> None:
        """Their handler moved on."""
        with self._lock:
            for held in self._of(messages):
                held.progress = self._clock.monotonic()

    def drop(self, messages: Iterable[Message]) -> set[str]:
        """Let go; the receipts that were still held, so that each is settled by one thread only."""
        with self._lock:
            dropped = {message.receipt for message in messages if self._held.pop(message.receipt, None)}
        self._show()
        return dropped

    def held(self) -> list[Message]:
        with self._lock:
            return [held.message for held in self._held.values()]

    def run(self, stop: threading.Event) -> None:
        """Until `stop`, which must come after the last message was settled."""
        period = self._queue.visibility / 6
        while not stop.is_set():
            self._pulse.expect(period + 60)
            self.beat()
            self._clock.wait(stop, period)

    def beat(self) -> None:
        """Extend what was not extended for a third of the visibility; give up what is overdue."""
        now = self._clock.monotonic()
        with self._lock:
            alive = [held for held in self._held.values() if not held.lost]
            for held in alive:
                if reason := _overdue(held, now):
                    self._give_up(held, reason)
            due = [h for h in alive if not h.lost and now - h.extended >= self._queue.visibility / 3]
        if due:
            self._extend(due, now)

    def _extend(self, due: list[_Held], now: float) -> None:
        try:
            refused = self._queue.extend_batch([(h.message.receipt, self._queue.visibility) for h in due])
        except QUEUE_ERRORS:  # the next beat tries again; there are two before the visibility ends
            self._metrics.count(metrics.QUEUE_ERRORS, queue=self._queue.name, operation="extend")
            return
        for held in due:
            if held.message.receipt not in refused:
                held.extended = now
                self._metrics.count(metrics.HEARTBEAT_EXTENSIONS, queue=self._queue.name)
            elif held.message.receipt in self._held:  # else it was settled meanwhile
                self._give_up(held, "refused")

    def _give_up(self, held: _Held, reason: str) -> None:
        held.lost = True
        self._metrics.count(metrics.HEARTBEAT_LOST, queue=self._queue.name, reason=reason)
        log.warning("message no longer held", extra={"queue": self._queue.name, "reason": reason})

    def _of(self, messages: Iterable[Message]) -> list[_Held]:
        return [self._held[m.receipt] for m in messages if m.receipt in self._held]

    def _show(self) -> None:
        self._metrics.set(metrics.MESSAGES_IN_FLIGHT, len(self._held), queue=self._queue.name)


def _overdue(held: _Held, now: float) -> str | None:
    if held.deadline is not None and now >= held.deadline:
        return "deadline"
    if held.stall is not None and now >= held.progress + held.stall:
        return "stalled"
    return None
