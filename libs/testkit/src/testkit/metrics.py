"""Every metric that some process shows, gathered from the modules that declare them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from contracts import SERVICES, package_of
from eventkit import metrics as eventkit
from eventkit.metrics import Metric
from servicekit import metrics as servicekit


@dataclass(frozen=True, slots=True)
class Group:
    """What is looked at together: one dashboard, `deploy/grafana/<name>.json`."""

    name: str
    title: str
    metrics: tuple[Metric, ...]


def groups() -> list[Group]:
    """Each declared metric is in exactly one of them."""
    return [
        Group("api", "HTTP APIs", servicekit.HTTP),
        Group("delivery", "Events, queues and outbox", eventkit.KIT),
        Group("processes", "Database pools and periodic tasks", (*servicekit.POOL, *servicekit.PERIODIC)),
        *_of_services(),
    ]


def _of_services() -> Iterator[Group]:
    for service in SERVICES:
        module = f"{package_of(service)}.metrics"
        if find_spec(module):
            yield Group(service, f"Service {service}", import_module(module).ALL)
