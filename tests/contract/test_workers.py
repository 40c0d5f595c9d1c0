"""Every worker hears what the event registry sends it, and has the metrics that its service declares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from types import FunctionType
from typing import Any

import pytest
from contracts import SERVICES
from eventkit.clock import SYSTEM_CLOCK
from eventkit.consumer import Consumer
from eventkit.deadletters.recording import recorded
from eventkit.effects import Effects
from eventkit.metrics import Metric
from servicekit import worker_kit
from servicekit.settings import load
from testkit.api import environment
from testkit.sqs import FakeSqs

# jobs that take long or hold a lock
LONG = {
    "enrollment": {
        "enrollment.import.accepted",
        "enrollment.import.completed",
        "enrollment.import.failed",
        "enrollment.plan.accepted",
        "enrollment.undo.requested",
        "enrollment.export.requested",
    },
    "students": {"enrollment.roster.parsed", "enrollment.roster.withdrawn"},
}


@pytest.fixture
def package(service):
    return service.replace("-", "_")


@pytest.fixture
def built(package, issuer, monkeypatch) -> list[Any]:
    """What the worker's consumer is made of; building it compares the subscriptions with the registry."""
    sqs = FakeSqs(SYSTEM_CLOCK)
    for name in SERVICES:
        sqs.make_pair(f"academy-{name}-events")
    parts: list[Any] = []

    def consumer(*given: Any, **more: Any) -> Consumer:
        parts.extend(given)
        return Consumer(*given, **more)

    monkeypatch.setattr(worker_kit, "sqs_client", lambda _settings: sqs)
    monkeypatch.setattr(worker_kit, "Consumer", consumer)
    settings = import_module(f"{package}.settings").Settings
    import_module(f"{package}.worker").build_worker(load(settings, environment(issuer)))
    return parts


@pytest.fixture
def heard(built):
    return built[4]


def test_each_event_has_the_handler_of_its_name(heard):
    wrong = {s.type: s.name for s in heard if s.name != f"on_{'_'.join(s.type.split('.')[1:])}"}
    assert wrong == {}


def test_every_handler_can_be_tried_without_effect(heard):
    """A dry run of a dead letter (eventkit.deadletters) gives it twins of its ports, and no real one."""
    for subscription in heard:
        twin = recorded(subscription.handler, None, Effects())
        real = set(map(id, ports_of(subscription.handler)))
        left = [port for port in ports_of(twin) if id(port) in real and not harmless(port)]
        assert left == [], subscription.name


def ports_of(port: Any) -> Iterator[Any]:
    """What a handler is bound to, and what that is made of."""
    if isinstance(port, partial):
        for inner in (*port.args, *port.keywords.values()):
            yield from ports_of(inner)
    elif is_dataclass(port):
        for part in fields(port):
            yield from ports_of(getattr(port, part.name))
    else:
        yield port


def harmless(port: Any) -> bool:
    """Values, functions, and what says of itself that it has no effect."""
    return isinstance(port, str | bytes | FunctionType) or port is SYSTEM_CLOCK


def test_long_jobs_come_one_at_a_time(service, heard):
    assert {s.type for s in heard if s.single} == LONG.get(service, set())


def test_every_metric_of_the_service_is_declared_to_its_worker(package, built):
    """One that is not would raise KeyError when it is first counted."""
    module = f"{package}.metrics"
    own = vars(import_module(module)).values() if find_spec(module) else ()
    made = {name.removesuffix("_total") for name in built[5].metrics.registry._names_to_collectors}
    missing = {m.name for m in own if isinstance(m, Metric) and m.name.removesuffix("_total") not in made}
    assert missing == set(), f"add them to ALL of {module}, and that to WorkerKit.open"
