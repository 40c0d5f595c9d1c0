"""Server-sent events from a few threads: streams are short and few, and hold no database connection.

A stream takes a thread of gunicorn's for as long as it lasts, so most of them are kept for requests; who gets
none polls.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson
from eventkit.ports import Database
from eventkit.trace import Cause
from eventkit.uow import UnitOfWork, unit_of_work
from flask import Response
from marshmallow import Schema
from servicekit.problem import Problem

Look = Callable[[UnitOfWork], dict[str, Any] | None]
LOOK_EVERY = 1.0
LONGEST = 20.0  # less than a stopping process waits (25 s); the client connects again
_ENDED = ("DONE", "FAILED")


class Streams:
    """At most `limit` streams at once in this process of `service`."""

    def __init__(self, db: Database, service: str, limit: int) -> None:
        self._db = db
        self._service = service
        self._free = threading.BoundedSemaphore(limit)

    def answer(self, tenant: str, look: Look, schema: Schema) -> Response:
        """What `look` sees, through `schema`, whenever it changes. Raises Problem 503 too_many_streams."""
        if not self._free.acquire(blocking=False):
            detail = "실시간 연결이 많아 잠시 뒤 다시 확인합니다."
            raise Problem("too_many_streams", detail, status=503, headers={"Retry-After": "5"})
        answer = Response(self._events(tenant, look, schema), content_type="text/event-stream")
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["X-Accel-Buffering"] = "no"
        # also when nobody reads a line of it
        answer.call_on_close(self._free.release)
        return answer

    def _events(self, tenant: str, look: Look, schema: Schema) -> Iterator[bytes]:
        began, last = time.monotonic(), b""
        yield b"retry: 2000\n\n"
        while time.monotonic() - began < LONGEST:
            with unit_of_work(self._db, tenant, Cause.start(), source=self._service) as uow:
                seen = look(uow)
            if seen is None:
                return
            body = orjson.dumps(schema.dump(seen))
            # a comment shows a client that is gone
            yield b": \n\n" if body == last else b"event: job\ndata: " + body + b"\n\n"
            if seen["status"] in _ENDED and (seen["undo"] or {}).get("status") != "UNDOING":
                return
            last = body
            time.sleep(LOOK_EVERY)
