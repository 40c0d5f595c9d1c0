"""The metrics of one process."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from eventkit.metrics import Counter, Finding, Gauge, Metrics
from prometheus_client import CollectorRegistry
from testkit.clock import FakeClock

THINGS = Counter("academy_things_total", "Things.", ("kind",))
OPEN = Gauge("academy_open", "Open things.", ("kind",))


def value(metrics: Metrics, name: str, kind: str) -> float | None:
    return metrics.registry.get_sample_value(name, {"kind": kind})


def test_a_rehearsal_counts_where_nobody_sees_it() -> None:
    metrics = Metrics(CollectorRegistry(), (THINGS,))
    metrics.count(THINGS, 0, kind="a")
    metrics.recording(None).count(THINGS, kind="a")
    assert value(metrics, "academy_things_total", "a") == 0


def test_what_was_not_declared_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        Metrics(CollectorRegistry(), (THINGS,)).set(OPEN, 1, kind="a")


def test_a_finding_is_complete_and_ages() -> None:
    metrics, clock = Metrics(CollectorRegistry(), (OPEN,)), FakeClock()
    finding = Finding(metrics, OPEN, ("a", "b"), clock, good_for=timedelta(hours=1))

    def shown() -> list[float | None]:
        return [value(metrics, "academy_open", kind) for kind in ("a", "b")]

    assert all(map(math.isnan, shown()))
    finding.show({"a": 3})
    assert shown() == [3, 0]
    clock.advance(3599)
    assert shown() == [3, 0]
    clock.advance(2)
    assert all(map(math.isnan, shown()))
