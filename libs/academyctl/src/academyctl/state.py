"""`<data>/stack.json`: what runs where, while a stack is up."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StackState:
    """`pids` by part name. `ready`: all parts were up. No password is in it; `database` is host:port/name."""

    supervisor: int
    base_url: str
    ready: bool
    database: str
    sqs_endpoint: str
    r2_endpoint: str
    pids: Mapping[str, int]
    restarts: Mapping[str, int]
    ports: Mapping[str, int]

    def write(self, path: Path) -> None:
        temporary = path.with_name(path.name + ".new")
        temporary.write_text(json.dumps(asdict(self), indent=1))
        os.replace(temporary, path)


def read_state(path: Path) -> StackState | None:
    """None when no stack has left a state here."""
    try:
        return StackState(**json.loads(path.read_text()))
    except FileNotFoundError:
        return None
