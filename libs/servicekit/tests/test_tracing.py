"""One trace from a request to its events; spans reach a collector, texts of errors do not."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from eventkit.trace import Cause, child, new_traceparent, trace_id
from eventkit.tracing import NO_TRACER
from flask.testing import FlaskClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from servicekit.logs import JsonFormatter
from servicekit.settings import CommonSettings, load
from servicekit.tracing import OtelTracer, tracer_of
from testkit.api import environment
from testkit.tokens import Issuer

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE = "0af7651916cd43dd8448eb211c80319c"


class Collector:
    """Takes OTLP over HTTP and keeps the spans."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.arrived = threading.Event()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                request = ExportTraceServiceRequest.FromString(body)
                for resource in request.resource_spans:
                    for scope in resource.scope_spans:
                        collector.spans += scope.spans
                collector.arrived.set()
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def tracer(collector: Collector, issuer: Issuer) -> Iterator[OtelTracer]:
    settings = environment(issuer) | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint}
    made = tracer_of("kit", load(CommonSettings, settings))
    assert isinstance(made, OtelTracer)
    yield made
    made.close()


def test_without_a_collector_ids_still_pass_on(issuer: Issuer) -> None:
    assert tracer_of("kit", load(CommonSettings, environment(issuer))) is NO_TRACER
    with NO_TRACER.span("work", PARENT) as inner:
        assert trace_id(inner) == TRACE
        assert inner != PARENT


@pytest.mark.parametrize("parent", ["", "nonsense", "00-" + "0" * 32 + "-" + "1" * 16 + "-01"])
def test_a_malformed_parent_starts_a_new_trace(tracer: OtelTracer, parent: str) -> None:
    with tracer.span("work", parent) as inner:
        assert trace_id(inner) not in ("", TRACE, "0" * 32)


def test_spans_nest_and_reach_the_collector(tracer: OtelTracer, collector: Collector) -> None:
    with tracer.span("request", PARENT, tenant="demo") as outer, tracer.span("handle", outer) as inner:
        pass
    tracer.close()
    assert collector.arrived.wait(10)
    handled, request = sorted(collector.spans, key=lambda span: span.name)
    assert {span.trace_id.hex() for span in collector.spans} == {TRACE}
    assert handled.parent_span_id == request.span_id
    assert request.parent_span_id.hex() == PARENT.split("-")[2]
    assert inner.split("-")[2] == handled.span_id.hex()
    assert {a.key: a.value.string_value for a in request.attributes} == {"tenant": "demo"}


def test_of_an_error_only_the_class_is_told(tracer: OtelTracer, collector: Collector) -> None:
    with pytest.raises(KeyError), tracer.span("handle", new_traceparent()):
        raise KeyError("010-1234-5678 김하나")
    tracer.close()
    assert collector.arrived.wait(10)
    [span] = collector.spans
    assert span.status.message == "KeyError"
    assert "김하나" not in str(span)
    assert "1234" not in str(span.events)


def test_a_request_keeps_the_callers_trace_in_its_answer_and_log(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    lines: list[dict[str, Any]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(JsonFormatter("kit").format(record)))

    access = logging.getLogger("servicekit.access")
    access.setLevel(logging.INFO)
    keep = Keep()
    access.addHandler(keep)
    try:
        client.get("/api/v1/notes/", headers={"traceparent": PARENT})
    finally:
        access.removeHandler(keep)
    assert lines[-1]["trace_id"] == TRACE


def test_an_event_carries_its_causes_trace() -> None:
    cause = Cause.start("request-1", PARENT)
    assert trace_id(cause.traceparent) == trace_id(child(cause.traceparent)) == TRACE
