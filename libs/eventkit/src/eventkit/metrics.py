"""Every metric of the kit in one table; the documentation is tested against it."""

from __future__ import annotations

from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

CounterName = Literal[
    "academy_messages_total",
    "academy_messages_received_total",
    "academy_handler_retries_total",
    "academy_dead_letters_total",
    "academy_queue_errors_total",
    "academy_heartbeat_extensions_total",
    "academy_heartbeat_lost_total",
    "academy_messages_renewed_total",
    "academy_outbox_sent_total",
    "academy_outbox_failures_total",
]
HistogramName = Literal["academy_handler_seconds", "academy_event_age_seconds"]
GaugeName = Literal[
    "academy_messages_in_flight",
    "academy_consumer_probing",
    "academy_outbox_unsent",
    "academy_outbox_oldest_seconds",
    "academy_outbox_parked",
    "academy_relay_elected",
]

# name -> (kind, labels, meaning)
METRICS: dict[str, tuple[Literal["counter", "histogram", "gauge"], tuple[str, ...], str]] = {
    "academy_messages_total": (
        "counter",
        ("queue", "type", "outcome"),
        "Messages settled; outcome is done, duplicate, returned or dead.",
    ),
    "academy_messages_received_total": ("counter", ("queue",), "Messages received; equals the sum settled."),
    "academy_handler_retries_total": (
        "counter",
        ("type", "reason"),
        "Transactions repeated: conflict (at once) or batch (one by one).",
    ),
    "academy_dead_letters_total": ("counter", ("type", "reason"), "Messages moved to the dead-letter queue."),
    "academy_queue_errors_total": ("counter", ("queue", "operation"), "Queue calls or batch entries failed."),
    "academy_heartbeat_extensions_total": ("counter", ("queue",), "Visibility extensions granted."),
    "academy_heartbeat_lost_total": (
        "counter",
        ("queue", "reason"),
        "Messages no longer extended: refused, deadline or stalled.",
    ),
    "academy_messages_renewed_total": (
        "counter",
        ("queue",),
        "Messages sent anew because an outage used up their last permitted receive.",
    ),
    "academy_outbox_sent_total": ("counter", ("destination", "type"), "Outbox rows the queue accepted."),
    "academy_outbox_failures_total": (
        "counter",
        ("destination", "outcome"),
        "Outbox rows not sent; outcome is retry or parked.",
    ),
    "academy_handler_seconds": ("histogram", ("type",), "Seconds of one handler transaction (a batch)."),
    "academy_event_age_seconds": ("histogram", ("type",), "Seconds from publish to handled."),
    "academy_messages_in_flight": ("gauge", ("queue",), "Messages this worker holds now."),
    "academy_consumer_probing": ("gauge", ("queue",), "1 while a dependency is down: one probe at a time."),
    "academy_outbox_unsent": ("gauge", (), "Outbox rows waiting (shown by the elected relay)."),
    "academy_outbox_oldest_seconds": ("gauge", (), "Age of the oldest waiting outbox row."),
    "academy_outbox_parked": ("gauge", (), "Outbox rows that can never be sent: somebody must look."),
    "academy_relay_elected": ("gauge", (), "1 on the worker whose relay sends."),
}
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)


class Metrics:
    """Consumers are single processes with threads: a plain registry, no multiprocess mode."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._counters = {name: Counter(name, *_rest(name), registry=registry) for name in _of("counter")}
        self._gauges = {name: Gauge(name, *_rest(name), registry=registry) for name in _of("gauge")}
        self._histograms = {
            name: Histogram(name, *_rest(name), registry=registry, buckets=_BUCKETS)
            for name in _of("histogram")
        }

    def count(self, name: CounterName, amount: float = 1, **labels: str) -> None:
        counter = self._counters[name]
        (counter.labels(**labels) if labels else counter).inc(amount)

    def observe(self, name: HistogramName, seconds: float, **labels: str) -> None:
        self._histograms[name].labels(**labels).observe(seconds)

    def set(self, name: GaugeName, value: float, **labels: str) -> None:
        gauge = self._gauges[name]
        (gauge.labels(**labels) if labels else gauge).set(value)


def _rest(name: str) -> tuple[str, tuple[str, ...]]:
    _, labels, meaning = METRICS[name]
    return meaning, labels


def _of(kind: str) -> list[str]:
    return [name for name, row in METRICS.items() if row[0] == kind]


ALL_NAMES = {*get_args(CounterName), *get_args(HistogramName), *get_args(GaugeName)}
