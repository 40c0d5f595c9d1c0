"""Several callers at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

T = TypeVar("T")


def at_once(*calls: Callable[[], T]) -> list[Future[T]]:
    """Each call in a thread, all started together; their futures, done: `result()` or `exception()`."""
    gate = Barrier(len(calls))

    def start(call: Callable[[], T]) -> T:
        gate.wait(30)
        return call()

    with ThreadPoolExecutor(len(calls)) as callers:
        return [callers.submit(start, call) for call in calls]
