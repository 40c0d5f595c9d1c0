"""Why something happens: the flow it belongs to, the event before it, its trace (W3C Trace Context)."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from eventkit.ids import new_id

if TYPE_CHECKING:
    from eventkit.envelope import Event

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})")


def new_traceparent() -> str:
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def trace_id(traceparent: str) -> str:
    """Its 32 hex digits, for log lines; "" for a malformed one."""
    match = _TRACEPARENT.fullmatch(traceparent)
    return match[1] if match else ""


def child(traceparent: str) -> str:
    """A new span of the same trace; a malformed parent starts a new trace, as W3C asks."""
    match = _TRACEPARENT.fullmatch(traceparent)
    if match is None:
        return new_traceparent()
    return f"00-{match[1]}-{secrets.token_hex(8)}-{match[2]}"


@dataclass(frozen=True, slots=True)
class Cause:
    """What published events inherit."""

    correlationid: str
    causationid: str | None
    traceparent: str

    @classmethod
    def start(cls, correlationid: str | None = None, traceparent: str = "") -> Self:
        """A flow begins: a request (`correlationid` is its id) or a periodic task."""
        return cls(correlationid or str(new_id()), None, child(traceparent))

    @classmethod
    def of(cls, event: Event) -> Self:
        """`event` is being handled."""
        return cls(event.correlationid, str(event.id), child(event.traceparent))

    def within(self, traceparent: str) -> Self:
        """The same cause, seen from a span."""
        return replace(self, traceparent=traceparent)
