"""One HTTP call that tells "it surely did not leave" from "nobody knows".

http.client and not a library with a pool: a connection that is kept may be dead when it is written to, and
most libraries then try again by themselves, which sends twice.
"""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

_MOST = 64 << 20


class NotSentError(Exception):
    """No connection: the request never left."""


class LostError(Exception):
    """The request was at least partly written, and no whole answer came."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is None where it is no JSON object or array."""

    status: int
    body: Any


def call(method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float) -> Answer:
    """`timeout` bounds connecting, writing, and each wait for a part of the answer, in seconds.

    Raises NotSentError, LostError. Redirects are answers, not followed.
    """
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout)
    try:
        _connect(connection)
        return _exchange(connection, method, f"{parts.path}?{parts.query}".rstrip("?"), headers, body)
    finally:
        connection.close()


def _connect(connection: http.client.HTTPConnection) -> None:
    try:
        connection.connect()
    except (OSError, http.client.HTTPException) as error:
        raise NotSentError(type(error).__name__) from error


def _exchange(
    connection: http.client.HTTPConnection,
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes | None,
) -> Answer:
    try:
        connection.request(method, target, body, dict(headers))
        response = connection.getresponse()
        content = response.read(_MOST)
    except (OSError, http.client.HTTPException) as error:
        raise LostError(type(error).__name__) from error
    return Answer(response.status, _parsed(content))


def _parsed(content: bytes) -> Any:
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict | list) else None
