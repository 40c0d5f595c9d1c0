"""A loop of the worker that does one thing again and again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from eventkit.clock import Clock
from eventkit.failures import DATABASE_ERRORS, describe
from eventkit.ports import Database
from eventkit.runtime import Runtime
from sqlalchemy.exc import SQLAlchemyError

from messaging.ports import ProviderUnavailableError
from messaging.store import turns

log = logging.getLogger(__name__)

_LONGEST = 180.0  # seconds; above a provider call with both of its transactions
_AFTER_FAILURE = 5.0
FAILURES = (*DATABASE_ERRORS, SQLAlchemyError, ProviderUnavailableError)
"""What a step may fail with and be tried again; anything else ends the process, as in every loop."""


def needed_sender(db: Database, clock: Clock) -> Callable[[], str | None]:
    """What keeps a worker from stopping itself, and wakes it: the table of messages is no queue of SQS."""

    def look() -> str | None:
        with db.system() as conn:
            return turns.needed(conn, clock.now())

    return look


class Tending:
    """`step()` until `stop`: at once again while it says that there is more, else after `pause` seconds."""

    def __init__(self, name: str, step: Callable[[], bool], runtime: Runtime, pause: float) -> None:
        self._name = name
        self._step = step
        self._clock = runtime.clock
        self._pulse = runtime.pulse
        self._idle = runtime.idle
        self._pause = pause

    def run(self, stop: threading.Event) -> None:
        """Survives losing the database and the provider."""
        while not stop.is_set():
            self._pulse.expect(_LONGEST)
            try:
                more = self._step()
            except FAILURES as error:
                log.warning("step failed", extra={"loop": self._name, "error": describe(error)})
                self._rest(stop, _AFTER_FAILURE)
                continue
            if more:
                self._idle.restart()  # a worker with something to send does not stop itself
            else:
                self._rest(stop, self._pause)

    def _rest(self, stop: threading.Event, seconds: float) -> None:
        self._pulse.expect(seconds)
        self._clock.wait(stop, seconds)
