"""HTTP metrics and /metrics, right under several gunicorn processes too; and those of periodic tasks."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from eventkit.metrics import Counter, Gauge, Histogram, made_in
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
API = (HTTP_REQUESTS, HTTP_SECONDS)
WORKER = (PERIODIC_SUCCESS, PERIODIC_RUNS)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})


class HttpMetrics:
    """Counts the answers of one app. Labels hold route templates, never paths: paths hold ids without end."""

    def __init__(self, service: str) -> None:
        self._service = service
        self.registry = CollectorRegistry()
        self._requests = made_in(self.registry, HTTP_REQUESTS)
        self._seconds = made_in(self.registry, HTTP_SECONDS)

    def observe(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answer."""
        method = method if method in _METHODS else "other"
        self._requests.labels(self._service, route, method, f"{status // 100}xx").inc()
        self._seconds.labels(self._service, route, method).observe(seconds)

    def page(self) -> tuple[bytes, str]:
        """The exposition text of all processes, and its content type."""
        if MULTIPROC_DIR not in os.environ:
            return generate_latest(self.registry), CONTENT_TYPE_LATEST
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together), CONTENT_TYPE_LATEST


def wipe(directory: Path) -> None:
    """An empty directory for the value files; those of an earlier run would count as living processes."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True, mode=0o700)
