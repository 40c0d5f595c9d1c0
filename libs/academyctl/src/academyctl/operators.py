"""The operations API of every service, as one operator sees it."""

from __future__ import annotations

import getpass
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from contracts import SERVICES
from eventkit.clock import SEOUL

from academyctl.call import Call
from academyctl.client import ApiClient, Json
from academyctl.issuer import DevelopmentIssuer

_POLL = 0.3


class Operators:
    """Calls /api/v1/operations/<service>/… of the stack that ACADEMY_URL names, else of the local one.

    Every method raises ApiError, or OSError when nobody answers.
    """

    def __init__(self, base_url: str, token: str) -> None:
        self._client = ApiClient(base_url, token)

    @classmethod
    def of(cls, call: Call) -> Operators:
        """With ACADEMY_TOKEN, or as an operator of the development issuer (subject: the local user)."""
        base_url = call.settings.base_url or f"http://127.0.0.1:{call.settings.port}"
        return cls(base_url, call.settings.token or _development_token(call))

    def get(self, service: str, path: str, **query: str) -> Json:
        return self._client.get(f"/api/v1/operations/{service}/{path}", **query)

    def post(self, service: str, path: str, body: Json | None = None) -> Json:
        return self._client.post(f"/api/v1/operations/{service}/{path}", body or {})

    def patch(self, service: str, path: str, body: Json) -> Json:
        return self._client.patch(f"/api/v1/operations/{service}/{path}", body)

    def everywhere(self, path: str, **query: str) -> Iterator[tuple[str, Json]]:
        """The answer of each service."""
        for service in SERVICES:
            yield service, self.get(service, path, **query)

    def wait(self, service: str, replay_id: str, states: frozenset[str]) -> Json:
        """The replay once it is in one of the states."""
        while True:
            replay = self.get(service, f"replays/{replay_id}/")
            if replay["state"] in states:
                return replay
            time.sleep(_POLL)


def _development_token(call: Call) -> str:
    call.directories.make()
    issuer = DevelopmentIssuer(call.directories.secrets)
    return issuer.token("operations", ["viewer", "operator"], getpass.getuser(), timedelta(hours=1))


def seoul(moment: str | None) -> str:
    """An ISO moment as people here read it, or "-"."""
    return f"{datetime.fromisoformat(moment).astimezone(SEOUL):%m-%d %H:%M:%S}" if moment else "-"


def age(seconds: float) -> str:
    """A span for people: 4초, 4분, 3시간, 2일."""
    for size, unit in ((86_400, "일"), (3600, "시간"), (60, "분")):
        if seconds >= size:
            return f"{seconds / size:.0f}{unit}"
    return f"{max(seconds, 0):.0f}초"
