"""Every metric is declared once, as data: documentation, dashboards and alerts are made from that.

Names follow Prometheus: base units, counters end in _total. A service declares its own in `metrics.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import prometheus_client as prometheus
from prometheus_client import CollectorRegistry

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
    "Messages sent anew because their last permitted receive was used up without a fault of theirs.",
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
)


class Metrics:
    """The declared metrics of one worker process, which has threads and no children: a plain registry.

    Raises KeyError for a metric that was not among `declared`.
    """

    def __init__(self, registry: CollectorRegistry, declared: Iterable[Metric] = KIT) -> None:
        self.registry = registry
        made = [(metric, made_in(registry, metric)) for metric in declared]
        self._made = {metric.name: collector for metric, collector in made}

    def count(self, metric: Counter, amount: float = 1, **labels: str) -> None:
        self._of(metric, labels).inc(amount)

    def observe(self, metric: Histogram, seconds: float, **labels: str) -> None:
        self._of(metric, labels).observe(seconds)

    def set(self, metric: Gauge, value: float, **labels: str) -> None:
        self._of(metric, labels).set(value)

    def follow(self, metric: Gauge, value: Callable[[], float], **labels: str) -> None:
        """Ask `value` whenever somebody looks."""
        self._of(metric, labels).set_function(value)

    def _of(self, metric: Metric, labels: dict[str, str]) -> Any:
        collector = self._made[metric.name]
        return collector.labels(**labels) if labels else collector


def made_in(registry: CollectorRegistry, metric: Metric) -> Any:
    """The declared metric as prometheus_client has it."""
    if isinstance(metric, Histogram):
        return prometheus.Histogram(
            metric.name, metric.meaning, metric.labels, registry=registry, buckets=BUCKETS
        )
    kind = prometheus.Counter if isinstance(metric, Counter) else prometheus.Gauge
    return kind(metric.name, metric.meaning, metric.labels, registry=registry)
