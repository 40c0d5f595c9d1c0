"""Commands of the messaging context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eventkit.projection import project
from eventkit.uow import UnitOfWork

from messaging import store


def follow_students(uow: UnitOfWork, students: Mapping[str, Sequence[Any]]) -> None:
    """Keep the numbers current; nothing is ever sent because of it (earlier system, failure 8)."""
    project(uow, store.recipient, students)
