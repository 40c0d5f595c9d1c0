"""What happens around every request: its id, its limits, its metrics and its one access-log line."""

from __future__ import annotations

import logging
import re
import time
from contextlib import ExitStack
from uuid import uuid4

from eventkit import logcontext
from eventkit.trace import child, trace_id
from eventkit.tracing import Tracer
from flask import Response, g, has_request_context, request

from servicekit.metrics import HttpMetrics
from servicekit.problem import Problem

log = logging.getLogger("servicekit.access")
_PROBES = frozenset({"/livez", "/readyz", "/health", "/metrics"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_LINGER = 64 << 20


def begin(tracer: Tracer) -> None:
    """Give the request its id (a sane X-Request-Id is kept), start its clock and its span."""
    g.started = time.perf_counter()
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else str(uuid4())
    logcontext.clear()
    name = f"{request.method} {_route()}"
    g.span = ExitStack()
    parent = request.headers.get("traceparent", "")
    g.traceparent = g.span.enter_context(tracer.span(name, parent, correlation_id=g.request_id))
    logcontext.bind(request_id=g.request_id, correlation_id=g.request_id, trace_id=trace_id(g.traceparent))


def end(_error: BaseException | None) -> None:
    """The span ends with the request."""
    if "span" in g:
        g.span.close()


def outgoing_headers() -> dict[str, str]:
    """For a call to another service: the same request id and trace; nothing outside a request."""
    if not has_request_context():
        return {}
    return {"X-Request-Id": g.request_id, "traceparent": child(g.traceparent)}


def _route() -> str:
    """The template, never the path, which holds ids without end."""
    return request.url_rule.rule if request.url_rule else "unmatched"


def refuse_bad_characters() -> None:
    """A NUL or broken UTF-8 in the address never reaches a view: PostgreSQL would fail on it."""
    address = (request.path, *(part for item in request.args.items(multi=True) for part in item))
    if any("\x00" in part or "�" in part for part in address):
        raise Problem("invalid_characters")


def hear_out(response: Response) -> Response:
    """Read on what is too large, up to _LINGER: a proxy that is closed on while it sends says we are down."""
    left = _LINGER if response.status_code == 413 else 0
    body = request.environ["wsgi.input"]
    while left > 0 and (chunk := body.read(min(left, 1 << 16))):
        left -= len(chunk)
    return response


def finish(response: Response, metrics: HttpMetrics) -> Response:
    """Headers, metrics and the access log; runs for errors too."""
    seconds = time.perf_counter() - g.started
    route = _route()
    metrics.observe(route, request.method, response.status_code, seconds)
    # probes come every few seconds, and every line costs money to keep
    probe = route in _PROBES and response.status_code == 200
    log.log(
        logging.DEBUG if probe else logging.INFO,
        "request",
        extra={
            "method": request.method,
            "route": route,
            "status": response.status_code,
            "ms": round(seconds * 1000, 1),
            "bytes": response.content_length,
        },
    )
    response.headers["X-Request-Id"] = g.request_id
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
