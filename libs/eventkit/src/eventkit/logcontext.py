"""Ids that every log line of a request or of a handled event carries; per thread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

_NOTHING: Mapping[str, str] = MappingProxyType({})
_bound: ContextVar[Mapping[str, str]] = ContextVar("log_context", default=_NOTHING)


def bind(**fields: str) -> None:
    """Add fields (request_id, correlation_id, trace_id, tenant) to every line until `clear`."""
    _bound.set({**_bound.get(), **fields})


def clear() -> None:
    """Forget what was bound."""
    _bound.set(_NOTHING)


def current() -> Mapping[str, str]:
    return _bound.get()


@contextmanager
def bound(**fields: str) -> Iterator[None]:
    """For the block."""
    token = _bound.set({**_bound.get(), **fields})
    try:
        yield
    finally:
        _bound.reset(token)
