"""Commands of the messaging context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.columns import concat
from eventkit.envelope import Event
from eventkit.erasure import Counts, Person
from eventkit.projection import project
from eventkit.uow import UnitOfWork

from messaging import store


def follow_students(uow: UnitOfWork, students: Mapping[str, Sequence[Any]]) -> None:
    """Keep the numbers current; nothing is ever sent because of it (earlier system, failure 8)."""
    project(uow, store.recipient, students)


def follow_merges(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Merged or un-merged: a loser is reached no more, then again, like one who was deleted and restored."""
    project(uow, store.recipient, concat(event.data["students"] for event in events))


def erase_students(uow: UnitOfWork, people: Sequence[Person]) -> Counts:
    """A purged student is nobody's recipient; bodies of sent messages come with their context."""
    return store.erase(uow.conn, uow.tenant, [person.id for person in people])
