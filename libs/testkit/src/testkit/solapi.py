"""The provider of messages for tests: academyctl's simulator as a process, and how a test directs it."""

from __future__ import annotations

import json
import secrets
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from academyctl.embedded import solapi
from academyctl.embedded.program import running

from testkit.servers import free_ports


@dataclass(frozen=True, slots=True)
class Simulator:
    """Where it answers, and who may ask."""

    endpoint: str
    key: str
    secret: str

    def settings(self, **values: Any) -> None:
        """balance, prices, senders, opted_out, deliver_after."""
        self._call("settings", values)

    def faults(self, **values: Any) -> None:
        """academyctl.simulator.faults."""
        self._call("faults", values)

    def decide(self, code: str, status: str, comment: str | None = None) -> None:
        """What Kakao's reviewers say of a template."""
        self._call(f"templates/{code}", {"status": status, "comment": comment})

    @property
    def record(self) -> list[dict[str, Any]]:
        """Every message that it took, oldest first."""
        found: list[dict[str, Any]] = []
        while page := self._call(f"record?after={found[-1]['seq'] if found else 0}"):
            found += page
        return found

    @property
    def bill(self) -> dict[str, Any]:
        """taken, delivered, pending, price."""
        answer: dict[str, Any] = self._call("bill")
        return answer

    def _call(self, path: str, body: Any = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.endpoint}/_simulator/{path}", content)  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
            return json.load(answer)


@contextmanager
def simulator(directory: Path, webhook: str = "") -> Iterator[Simulator]:
    """Its own process, with its record under `directory`."""
    key, secret, port = secrets.token_hex(8).upper(), secrets.token_hex(16), free_ports()
    directory.mkdir(parents=True, exist_ok=True)
    with running(solapi.program(directory, port, key, secret, webhook), directory / "solapi.log"):
        yield Simulator(solapi.endpoint(port), key, secret)
