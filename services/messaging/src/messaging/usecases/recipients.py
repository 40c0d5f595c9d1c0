"""Whom a message may reach, as the students service says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.columns import concat
from eventkit.envelope import Event
from eventkit.projection import project
from eventkit.uow import UnitOfWork

from messaging.store.tables import enrollment_ref, recipient


def follow_students(uow: UnitOfWork, students: Mapping[str, Sequence[Any]]) -> None:
    """Keep the numbers current; nothing is ever sent because of it (earlier system, failure 8)."""
    project(uow, recipient, students)


def follow_merges(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Merged or un-merged: a loser is reached no more, then again, like one who was deleted and restored."""
    project(uow, recipient, concat(event.data["students"] for event in events))


def follow_enrollments(uow: UnitOfWork, enrollments: Mapping[str, Sequence[Any]]) -> None:
    """Keep who is enrolled in which lecture."""
    project(uow, enrollment_ref, enrollments)
