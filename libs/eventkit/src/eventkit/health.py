"""The worker's health port: /livez, /readyz, /health and /metrics. No error text ever leaves here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from eventkit.ports import Database
from eventkit.queue import QUEUE_ERRORS, Queue

Answer = tuple[int, str, bytes]
Page = Callable[[], Answer]
_JSON = "application/json"


def health(service: str, db: Database) -> Answer:
    """What target groups ask for (operations guide 1.2)."""
    connected = _answers(db.ping)
    body = {
        "status": "healthy" if connected else "unhealthy",
        "service": service,
        "database": "connected" if connected else "disconnected",
    }
    return (200 if connected else 503), _JSON, orjson.dumps(body)


def livez(stalled: list[str]) -> Answer:
    """Dead when a loop broke its promise to move; no dependency can make it so."""
    status = 503 if stalled else 200
    return status, _JSON, orjson.dumps({"alive": not stalled, "stalled": stalled})


def readyz(db: Database, queues: list[Queue], *, draining: bool) -> Answer:
    checks = {"draining": draining, "database": _answers(db.ping)}
    checks["queue"] = all(_answers(queue.ping) for queue in queues)
    ready = checks["database"] and checks["queue"] and not draining
    return (200 if ready else 503), _JSON, orjson.dumps({"ready": ready, **checks})


def metrics(registry: CollectorRegistry) -> Answer:
    return 200, CONTENT_TYPE_LATEST, generate_latest(registry)


def _answers(ping: Callable[[], None]) -> bool:
    try:
        ping()
    except (SQLAlchemyError, *QUEUE_ERRORS):
        return False
    return True


def server(bind: str, pages: Mapping[str, Page]) -> ThreadingHTTPServer:
    """`bind` is "host:port" (port 0 picks one). The caller runs serve_forever() and shutdown()."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            page = pages.get(self.path.split("?", 1)[0].rstrip("/") or "/")
            status, content_type, body = page() if page else (404, _JSON, b'{"error":"not_found"}')
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Probes every few seconds are not news."""

    host, _, port = bind.rpartition(":")
    httpd = ThreadingHTTPServer((host, int(port)), Handler)
    httpd.daemon_threads = True
    return httpd
