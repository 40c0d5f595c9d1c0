"""How long a worker has had nothing to do: what it asks first before it stops itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Idle:
    """Counts empty polls in a row of every queue; thread safe.

    A failure starts the count anew, and so does the end of work; while there is work nothing counts.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._empty: dict[str, int] = {}
        self._working = 0

    def watch(self, queue: str) -> None:
        """This queue must be empty too."""
        with self._lock:
            self._empty[queue] = 0

    def empty(self, queue: str) -> None:
        """The queue was asked, answered, and had nothing."""
        with self._lock:
            self._empty[queue] += 1

    def restart(self) -> None:
        """Something failed, or was tried in vain: whatever was counted says nothing."""
        with self._lock:
            self._restart()

    @contextmanager
    def work(self) -> Iterator[None]:
        """A message is held or a periodic task runs."""
        with self._lock:
            self._working += 1
        try:
            yield
        finally:
            with self._lock:
                self._working -= 1
                self._restart()

    @property
    def polls(self) -> int:
        """Empty polls in a row of the queue that had the fewest."""
        with self._lock:
            return 0 if self._working else min(self._empty.values(), default=0)

    def _restart(self) -> None:
        self._empty = dict.fromkeys(self._empty, 0)
