"""Spans to an OpenTelemetry collector (OTLP over HTTP), where OTEL_EXPORTER_OTLP_ENDPOINT names one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING

from eventkit.failures import describe
from eventkit.tracing import NO_TRACER, Tracer

from servicekit.settings import CommonSettings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span


def tracer_of(service: str, settings: CommonSettings) -> Tracer:
    """The SDK is loaded only when somebody collects."""
    if not settings.otel_endpoint:
        return NO_TRACER
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - 20 MB that most do not need
        OTLPSpanExporter,
    )

    endpoint = f"{settings.otel_endpoint.rstrip('/')}/v1/traces"
    return OtelTracer(service, settings.build_id, OTLPSpanExporter(endpoint, timeout=5))


class OtelTracer:
    """A Tracer whose spans go to `exporter` in batches, from a thread of its own."""

    def __init__(self, service: str, build: str, exporter: SpanExporter) -> None:
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - as above
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - as above
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - as above

        resource = Resource.create({"service.name": service, "service.version": build})
        self._provider = TracerProvider(resource=resource)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("academy")

    @contextmanager
    def span(self, name: str, parent: str, **facts: str) -> Iterator[str]:
        from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415 - as above
            TraceContextTextMapPropagator,
        )

        context = TraceContextTextMapPropagator().extract({"traceparent": parent})
        with (
            self._tracer.start_as_current_span(
                name, context, attributes=facts, record_exception=False, set_status_on_exception=False
            ) as span,
            ExitStack() as ending,
        ):
            ending.push(partial(_tell, span))
            ids = span.get_span_context()
            yield f"00-{ids.trace_id:032x}-{ids.span_id:016x}-{int(ids.trace_flags):02x}"

    def close(self) -> None:
        """Send what waits, and nothing more; the end of the process does so too."""
        self._provider.shutdown()


def _tell(
    span: Span, _kind: type[BaseException] | None, error: BaseException | None, _where: TracebackType | None
) -> None:
    """Of an exception only its class: its text may hold personal data."""
    from opentelemetry.trace import StatusCode  # noqa: PLC0415 - as above

    if error is not None:
        span.set_status(StatusCode.ERROR, describe(error))
