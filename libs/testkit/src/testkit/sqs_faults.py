"""Faults that a test asks of FakeSqs: calls that fail, entries that are refused, an outage."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

Matches = Callable[[dict[str, Any]], bool]


def refusal(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Entries of `operation` that match get this code in Failed."""

    operation: str
    matches: Matches
    code: str
    sender_fault: bool


@dataclass(slots=True)
class Faults:
    seed: int
    down: bool = False
    """Every call raises EndpointConnectionError."""
    calls: list[str] = field(default_factory=list)
    """Names of the operations called, in order."""
    random: random.Random = field(init=False)
    _errors: list[tuple[str, Exception]] = field(default_factory=list)
    _refusals: list[Refusal] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311 – for shuffling, repeatable

    def fail_next(self, operation: str, error: Exception | str) -> None:
        """The next call of `operation` ("SendMessageBatch") raises `error`; text is an error code."""
        self._errors.append((operation, refusal(error, operation) if isinstance(error, str) else error))

    def refuse(
        self, operation: str, matches: Matches, code: str = "InternalError", *, sender_fault: bool = False
    ) -> None:
        """Until forgive()."""
        self._refusals.append(Refusal(operation, matches, code, sender_fault))

    def forgive(self) -> None:
        self._refusals.clear()

    def call(self, operation: str) -> None:
        self.calls.append(operation)
        if self.down:
            raise EndpointConnectionError(endpoint_url="https://sqs.test")
        for position, (name, error) in enumerate(self._errors):
            if name == operation:
                del self._errors[position]
                raise error

    def entry(self, operation: str, entry: dict[str, Any]) -> Refusal | None:
        return next((r for r in self._refusals if r.operation == operation and r.matches(entry)), None)
