"""When a dependency is down: one probe at a time instead of draining the queue into the dead letters."""

from __future__ import annotations

import logging
import threading

from eventkit import metrics
from eventkit.backoff import Backoff
from eventkit.metrics import Metrics

log = logging.getLogger(__name__)

THRESHOLD = 3
_PAUSE = Backoff(base=1.0, cap=30.0)


class Probing:
    """Counts outages in a row over all threads of a consumer."""

    def __init__(self, queue: str, counters: Metrics) -> None:
        self._queue = queue
        self._metrics = counters
        self._lock = threading.Lock()
        self._failures = 0
        counters.set(metrics.CONSUMER_PROBING, 0, queue=queue)

    @property
    def active(self) -> bool:
        return self._failures >= THRESHOLD

    def pause(self) -> float:
        """Seconds until the next probe: growing with the outage, half of it jittered."""
        longest = max(self._failures - THRESHOLD, 0) + 1
        return 0.5 + _PAUSE.delay(longest)

    def failed(self, what: str) -> None:
        with self._lock:
            self._failures += 1
            entered = self._failures == THRESHOLD
        if entered:
            self._metrics.set(metrics.CONSUMER_PROBING, 1, queue=self._queue)
            log.error("dependency down, probing", extra={"queue": self._queue, "error": what})

    def succeeded(self) -> None:
        if not self._failures:
            return
        with self._lock:
            left = self.active
            self._failures = 0
        if left:
            self._metrics.set(metrics.CONSUMER_PROBING, 0, queue=self._queue)
            log.info("dependency back", extra={"queue": self._queue})
