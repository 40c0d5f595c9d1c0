"""Proof that loops move, for /livez: each promises when it will be heard of again."""

from __future__ import annotations

import threading

from eventkit.clock import Clock

GRACE = 30.0


class Pulse:
    """Thread safe; a loop is known by its thread's name."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: dict[str, float] = {}

    def expect(self, seconds: float) -> None:
        """This thread is alive and will call again within `seconds` (plus a grace)."""
        self._due[threading.current_thread().name] = self._clock.monotonic() + seconds + GRACE

    def leave(self) -> None:
        """This thread ends as it should."""
        self._due.pop(threading.current_thread().name, None)

    def stalled(self) -> list[str]:
        """Names of loops that broke their promise."""
        now = self._clock.monotonic()
        return sorted(name for name, due in list(self._due.items()) if due < now)
