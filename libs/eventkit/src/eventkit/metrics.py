"""Every metric is declared once, as data: documentation, dashboards and alerts are made from that.

Names follow Prometheus: base units, counters end in _total. A service declares its own in `metrics.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Self

import prometheus_client as prometheus
from prometheus_client import CollectorRegistry

from eventkit.clock import Clock

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)


@dataclass(frozen=True, slots=True)
class Metric:
    """`labels` have few values each: never an id, a name or a path."""

    name: str
    meaning: str
    labels: tuple[str, ...] = ()


class Counter(Metric):
    """Only grows."""

    __slots__ = ()


class Gauge(Metric):
    """Goes up and down."""

    __slots__ = ()


class Histogram(Metric):
    """Seconds, in BUCKETS."""

    __slots__ = ()


MESSAGES = Counter(
    "academy_messages_total",
    "Messages settled; outcome is done, duplicate, returned or dead.",
    ("queue", "type", "outcome"),
)
MESSAGES_RECEIVED = Counter(
    "academy_messages_received_total", "Messages received; equals the sum settled.", ("queue",)
)
HANDLER_RETRIES = Counter(
    "academy_handler_retries_total",
    "Transactions repeated: conflict (at once) or batch (one by one).",
    ("type", "reason"),
)
DEAD_LETTERS = Counter(
    "academy_dead_letters_total", "Messages moved to the dead-letter queue.", ("type", "reason")
)
QUEUE_ERRORS = Counter(
    "academy_queue_errors_total", "Queue calls or batch entries failed.", ("queue", "operation")
)
HEARTBEAT_EXTENSIONS = Counter(
    "academy_heartbeat_extensions_total", "Visibility extensions granted.", ("queue",)
)
HEARTBEAT_LOST = Counter(
    "academy_heartbeat_lost_total",
    "Messages no longer extended: refused, deadline or stalled.",
    ("queue", "reason"),
)
MESSAGES_RENEWED = Counter(
    "academy_messages_renewed_total",
    "Messages sent anew so that receives without a fault of theirs do not count.",
    ("queue",),
)
OUTBOX_SENT = Counter("academy_outbox_sent_total", "Outbox rows the queue accepted.", ("destination", "type"))
OUTBOX_FAILURES = Counter(
    "academy_outbox_failures_total",
    "Outbox rows not sent; outcome is retry or parked.",
    ("destination", "outcome"),
)
HANDLER_SECONDS = Histogram(
    "academy_handler_seconds", "Seconds of one handler transaction (a batch).", ("type",)
)
EVENT_AGE = Histogram("academy_event_age_seconds", "Seconds from publish to handled.", ("type",))
MESSAGES_IN_FLIGHT = Gauge("academy_messages_in_flight", "Messages this worker holds now.", ("queue",))
CONSUMER_PROBING = Gauge(
    "academy_consumer_probing", "1 while a dependency is down: one probe at a time.", ("queue",)
)
OUTBOX_UNSENT = Gauge("academy_outbox_unsent", "Outbox rows waiting (shown by the elected relay).")
OUTBOX_OLDEST = Gauge("academy_outbox_oldest_seconds", "Age of the oldest waiting outbox row.")
OUTBOX_PARKED = Gauge("academy_outbox_parked", "Outbox rows that can never be sent: somebody must look.")
RELAY_ELECTED = Gauge("academy_relay_elected", "1 on the worker whose relay sends.")
QUEUE_VISIBLE = Gauge(
    "academy_queue_visible_messages", "Messages that wait in the queue (SQS's estimate).", ("queue",)
)
QUEUE_IN_FLIGHT = Gauge(
    "academy_queue_in_flight_messages", "Messages that some worker holds (SQS's estimate).", ("queue",)
)
QUEUE_OLDEST = Gauge(
    "academy_queue_oldest_seconds",
    "Age of the oldest event of the last receive; 0 for an empty one.",
    ("queue",),
)
DEAD_LETTER_QUEUE = Gauge(
    "academy_dead_letter_queue_messages", "Dead letters that are not yet in the table.", ("queue",)
)
DEAD_LETTERS_OPEN = Gauge("academy_dead_letters_open", "Dead letters that wait for somebody.", ("type",))
DRAINED = Gauge(
    "academy_drained_messages",
    "The receipt of this worker's end: received = done + duplicate + returned + dead.",
    ("queue", "outcome"),
)
LEDGER_PUBLISHED = Gauge(
    "academy_ledger_published", "Events sent in the 24 h before the last full hour.", ("destination",)
)
LEDGER_SETTLED = Gauge(
    "academy_ledger_settled",
    "Of those events, what this service has handled or keeps as dead letters.",
    ("service",),
)

KIT = (
    MESSAGES,
    MESSAGES_RECEIVED,
    HANDLER_RETRIES,
    DEAD_LETTERS,
    QUEUE_ERRORS,
    HEARTBEAT_EXTENSIONS,
    HEARTBEAT_LOST,
    MESSAGES_RENEWED,
    OUTBOX_SENT,
    OUTBOX_FAILURES,
    HANDLER_SECONDS,
    EVENT_AGE,
    MESSAGES_IN_FLIGHT,
    CONSUMER_PROBING,
    OUTBOX_UNSENT,
    OUTBOX_OLDEST,
    OUTBOX_PARKED,
    RELAY_ELECTED,
    QUEUE_VISIBLE,
    QUEUE_IN_FLIGHT,
    QUEUE_OLDEST,
    DEAD_LETTER_QUEUE,
    DEAD_LETTERS_OPEN,
    DRAINED,
    LEDGER_PUBLISHED,
    LEDGER_SETTLED,
)


class Metrics:
    """The declared metrics of one process. Raises KeyError for a metric that was not among `declared`."""

    def __init__(self, registry: CollectorRegistry, declared: Iterable[Metric] = KIT) -> None:
        self.registry = registry
        self._declared = tuple(declared)
        self._made = {metric.name: made_in(registry, metric) for metric in self._declared}

    def recording(self, _effects: object) -> Self:
        """For a rehearsal (deadletters.recording): the same metrics, where nobody sees them."""
        return type(self)(CollectorRegistry(), self._declared)

    def count(self, metric: Counter, amount: float = 1, **labels: str) -> None:
        """An amount of 0 shows it before its first time: Prometheus sees no increase in a new counter."""
        self._of(metric, labels).inc(amount)

    def observe(self, metric: Histogram, seconds: float, **labels: str) -> None:
        self._of(metric, labels).observe(seconds)

    def set(self, metric: Gauge, value: float, **labels: str) -> None:
        self._of(metric, labels).set(value)

    def follow(self, metric: Gauge, value: Callable[[], float], **labels: str) -> None:
        """Ask `value` whenever somebody looks; only in a process without siblings, as a worker is."""
        self._of(metric, labels).set_function(value)

    def during(self, metric: Gauge, **labels: str) -> AbstractContextManager[None]:
        """One more for as long as the block lasts."""
        block: AbstractContextManager[None] = self._of(metric, labels).track_inprogress()
        return block

    def _of(self, metric: Metric, labels: dict[str, str]) -> Any:
        collector = self._made[metric.name]
        return collector.labels(**labels) if labels else collector


class Finding:
    """A gauge with one label: what a periodic task found, on whichever worker it ran.

    One older than `good_for` claims nothing (NaN): another worker has a newer one, and no alarm stays on.
    """

    def __init__(
        self, metrics: Metrics, gauge: Gauge, values: Iterable[str], clock: Clock, good_for: timedelta
    ) -> None:
        self._clock = clock
        self._good_for = good_for.total_seconds()
        self._found: Mapping[str, float] = {}
        self._good_until = float("-inf")
        for value in values:
            metrics.follow(gauge, partial(self._value, value), **dict.fromkeys(gauge.labels, value))

    def show(self, found: Mapping[str, float]) -> None:
        """By the label's value; what is missing is 0."""
        self._found = found
        self._good_until = self._clock.monotonic() + self._good_for

    def _value(self, value: str) -> float:
        fresh = self._clock.monotonic() < self._good_until
        return self._found.get(value, 0) if fresh else float("nan")


def made_in(registry: CollectorRegistry, metric: Metric) -> Any:
    """The declared metric as prometheus_client has it; a gauge of several processes is their sum."""
    about = (metric.name, metric.meaning, metric.labels)
    if isinstance(metric, Histogram):
        return prometheus.Histogram(*about, registry=registry, buckets=BUCKETS)
    if isinstance(metric, Counter):
        return prometheus.Counter(*about, registry=registry)
    return prometheus.Gauge(*about, registry=registry, multiprocess_mode="livesum")
