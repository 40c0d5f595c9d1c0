"""Loaded by each Python process of deploy/aws/record-calls: notes new calls to AWS, by whom and on what."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.client import BaseClient

_SEEN: set[str] = set()
_CALL = BaseClient._make_api_call


def _note(who: str, what: str, call: str) -> None:
    line = f"{who} {what} {call}"
    if line not in _SEEN:
        _SEEN.add(line)
        with Path(os.environ["ACADEMY_AWS_CALLS"], str(os.getpid())).open("a") as file:
            file.write(f"{line}\n")


def _who() -> str:
    """The class of servicekit.hosts that calls, else the role of this process: api, worker, encoder."""
    frame = sys._getframe(2)
    while frame:
        if frame.f_globals.get("__name__") == "servicekit.hosts" and "self" in frame.f_locals:
            return type(frame.f_locals["self"]).__name__
        frame = frame.f_back
    return "api" if "gunicorn" in sys.argv[0] else sys.argv[1]


def _on(arguments: dict[str, Any]) -> str:
    """Of a queue: own, dead or another's; of anything else: what it is called for."""
    queue = arguments.get("QueueName") or arguments.get("QueueUrl", "").rpartition("/")[2]
    package = Path(sys.argv[0]).parent.name
    if not queue:
        return "calls"
    if queue.endswith("-dlq"):
        return "dead"
    return "own" if package.replace("_", "-") in queue else "others"


def _noting(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
    name = client.meta.service_model.service_name
    if name != "s3":  # that is R2
        _note(_who(), _on(arguments), f"{name}:{operation}")
    return _CALL(client, operation, arguments)


def _noting_dead(method: Callable[..., Any]) -> Callable[..., Any]:
    """What the kit does on a dead-letter queue that only a test in memory brings about."""

    @functools.wraps(method)
    def noting(sqs: Any, **arguments: Any) -> Any:
        if sys._getframe(1).f_globals["__name__"].startswith("eventkit.") and _on(arguments) == "dead":
            _note("worker", "dead", "sqs:" + "".join(map(str.capitalize, method.__name__.split("_"))))
        return method(sqs, **arguments)

    return noting


BaseClient._make_api_call = _noting
if any("pytest" in word for word in sys.orig_argv):
    from testkit.sqs import FakeSqs

    for _name in ("receive_message", "delete_message_batch", "change_message_visibility_batch"):
        setattr(FakeSqs, _name, _noting_dead(getattr(FakeSqs, _name)))
