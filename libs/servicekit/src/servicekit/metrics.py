"""HTTP metrics and /metrics, right under several gunicorn processes too; and those of pools and tasks."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from eventkit.metrics import Counter, Gauge, Histogram, Metrics
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from servicekit.settings import MULTIPROC_DIR

HTTP_REQUESTS = Counter(
    "http_requests_total",
    "Answers by route template, method and status class.",
    ("service", "route", "method", "status"),
)
HTTP_SECONDS = Histogram(
    "http_request_seconds", "Time to answer by route template and method.", ("service", "route", "method")
)
PERIODIC_SUCCESS = Gauge(
    "academy_periodic_success_timestamp_seconds", "When a periodic task last succeeded.", ("task",)
)
PERIODIC_RUNS = Counter(
    "academy_periodic_runs_total", "Runs of periodic tasks; outcome is done or failed.", ("task", "outcome")
)
PERIODIC_INTERVAL = Gauge(
    "academy_periodic_interval_seconds", "Time between two runs of a periodic task.", ("task",)
)
POOL_CONNECTIONS = Gauge(
    "academy_db_pool_connections",
    "Database connections asked for; state is in_use, or waiting for one to come free.",
    ("state",),
)
POOL_LIMIT = Gauge("academy_db_pool_limit", "Database connections that may be in use at once.")
HTTP = (HTTP_REQUESTS, HTTP_SECONDS)
POOL = (POOL_CONNECTIONS, POOL_LIMIT)
PERIODIC = (PERIODIC_SUCCESS, PERIODIC_RUNS, PERIODIC_INTERVAL)
API = (*HTTP, *POOL)
WORKER = (*PERIODIC, *POOL)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})


class HttpMetrics:
    """Counts the answers of one app. Labels hold route templates, never paths: paths hold ids without end."""

    def __init__(self, service: str) -> None:
        self._service = service
        self.figures = Metrics(CollectorRegistry(), API)

    def observe(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answer."""
        service, method = self._service, method if method in _METHODS else "other"
        of_class = f"{status // 100}xx"
        self.figures.count(HTTP_REQUESTS, service=service, route=route, method=method, status=of_class)
        self.figures.observe(HTTP_SECONDS, seconds, service=service, route=route, method=method)

    def page(self) -> tuple[bytes, str]:
        """The exposition text of all processes, and its content type."""
        if MULTIPROC_DIR not in os.environ:
            return generate_latest(self.figures.registry), CONTENT_TYPE_LATEST
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # untyped in the library
        return generate_latest(together), CONTENT_TYPE_LATEST


def pool_use(figures: Metrics, limit: int) -> Callable[[str], AbstractContextManager[None]]:
    """What a Database of `limit` connections counts its use with: a block for each state."""
    figures.set(POOL_LIMIT, limit)
    for state in ("in_use", "waiting"):
        figures.set(POOL_CONNECTIONS, 0, state=state)
    return lambda state: figures.during(POOL_CONNECTIONS, state=state)


def wipe(directory: Path) -> None:
    """An empty directory for the value files; those of an earlier run would count as living processes."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True, mode=0o700)
