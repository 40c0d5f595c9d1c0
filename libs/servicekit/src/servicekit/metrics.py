"""HTTP metrics and /metrics, right under several gunicorn processes too."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from servicekit.settings import MULTIPROC_DIR

# name → (kind, meaning); with eventkit.metrics the one list of all metrics
NAMES: dict[str, tuple[str, str]] = {
    "http_requests_total": ("counter", "answers by service, route template, method and status class"),
    "http_request_seconds": ("histogram", "time to answer by service, route template and method"),
    "academy_periodic_success_timestamp_seconds": ("gauge", "when a periodic task last succeeded, by task"),
    "academy_periodic_runs_total": ("counter", "runs of periodic tasks by task and outcome (done, failed)"),
    "academy_purge_held": (
        "gauge",
        "people whom the daily purge held back, as of this worker's last run, by reason"
        " (fuse, legal_hold, cross_tenant_reference)",
    ),
    "academy_erasures_overdue": (
        "gauge",
        "erasures that a service has not answered for 24 h, by service; NaN where another worker knows",
    ),
}
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class HttpMetrics:
    """Counts the answers of one app. Labels hold route templates, never paths: paths hold ids without end."""

    def __init__(self, service: str) -> None:
        self._service = service
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "http_requests_total",
            NAMES["http_requests_total"][1],
            ("service", "route", "method", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "http_request_seconds",
            NAMES["http_request_seconds"][1],
            ("service", "route", "method"),
            registry=self.registry,
            buckets=_BUCKETS,
        )

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
