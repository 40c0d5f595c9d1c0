"""Asking another service over its internal API."""

from __future__ import annotations

import http.client
import json
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.error import URLError

from servicekit.lifecycle import outgoing_headers

FAILURES = (URLError, OSError, http.client.HTTPException, ValueError, LookupError, TypeError, AttributeError)
"""What asking, and reading an answer of another shape, may fail with."""
_MAX_ANSWER = 16 << 20


def ask(
    url: str,
    token: str,
    body: Mapping[str, Any],
    *,
    seconds: float,
    cause: Mapping[str, str] | None = None,
) -> Any:
    """The JSON that a POST with the internal token answers. Raises one of FAILURES.

    `cause` is outgoing_headers() of the request that is answered, where this is another thread.
    """
    headers = {
        "Content-Type": "application/json",
        "X-Worker-Token": token,
        **(outgoing_headers() if cause is None else cause),
    }
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310 - http(s) by the settings
    with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310 - as above
        return json.loads(answer.read(_MAX_ANSWER))
