"""Requests over kept-alive connections, each timed from when it was meant to start.

An answer that comes late delays what follows in the same visit, as it does for a person, but no other visit:
latency counted from the intended start shows a server's pause to everybody who would have come meanwhile
(coordinated omission, Tene: "How NOT to Measure Latency").
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import urllib3


@dataclass(frozen=True)
class Answer:
    """Of one request; `status` 0: nobody answered. `seconds` from the intended start."""

    operation: str
    route: str
    status: int
    code: str
    seconds: float
    expected: bool


@dataclass
class Caller:
    """What all visits share: connections, and the list of answers (append is atomic)."""

    base_url: str
    answers: list[Answer] = field(default_factory=list)

    def __post_init__(self) -> None:
        timeout = urllib3.Timeout(connect=10, read=60)
        self._http = urllib3.PoolManager(
            num_pools=4, maxsize=256, block=False, retries=False, timeout=timeout
        )

    def send(self, method: str, url: str, headers: Mapping[str, str], body: Any) -> tuple[int, bytes]:
        """Status 0 when nobody answers."""
        try:
            if isinstance(body, Form):
                fields = {**body.fields, "file": (body.filename, body.content, body.content_type)}
                answer = self._http.request(method, url, fields=fields, headers=headers)
            else:
                answer = self._http.request(method, url, body=body, headers=headers)
        except urllib3.exceptions.HTTPError:
            return 0, b""
        return answer.status, answer.data


@dataclass(frozen=True)
class Form:
    """A multipart form with one file."""

    fields: Mapping[str, str]
    filename: str
    content: bytes
    content_type: str


class RefusedError(Exception):
    """An answer that the visit did not expect; it is recorded, and the visit ends."""


@dataclass
class Visit:
    """One operation under way: `at` is when its next request is meant to start (time.perf_counter)."""

    caller: Caller
    operation: str
    at: float

    def call(
        self, method: str, path: str, route: str, token: str = "", body: Any = None, **headers: str
    ) -> Any:
        """The answer's JSON, or its bytes. Raises RefusedError for anything but 2xx."""
        sent = {"Authorization": f"Bearer {token}"} if token else {}
        if isinstance(body, dict):
            body, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        url = path if "://" in path else self.caller.base_url + path
        status, content = self.caller.send(method, url, sent | headers, body)
        now = time.perf_counter()
        document = _json(content)
        ok = 200 <= status < 300
        code = "" if ok else str(document.get("code", "")) if isinstance(document, dict) else ""
        seconds = now - self.at
        self.caller.answers.append(Answer(self.operation, f"{method} {route}", status, code, seconds, ok))
        self.at = now
        if not ok:
            raise RefusedError(f"{method} {route}: {status} {code}")
        return document

    def pause(self, seconds: float) -> None:
        """As a page waits before it asks again."""
        self.at += seconds
        time.sleep(max(0.0, self.at - time.perf_counter()))


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content
