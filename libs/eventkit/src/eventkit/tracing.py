"""Spans, for whoever exports them (servicekit.tracing); without one, ids still pass from cause to effect."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from eventkit.trace import child


class Tracer(Protocol):
    def span(self, name: str, parent: str, **facts: str) -> AbstractContextManager[str]:
        """A span below the traceparent `parent` for the block, whose own traceparent it yields.

        `facts` hold no personal data. A malformed parent starts a new trace (W3C Trace Context).
        """


class NoTracer:
    """Nobody collects spans."""

    @contextmanager
    def span(self, name: str, parent: str, **facts: str) -> Iterator[str]:
        yield child(parent)


NO_TRACER = NoTracer()
