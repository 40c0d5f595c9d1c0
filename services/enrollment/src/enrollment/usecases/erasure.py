"""A purged student leaves nothing here but counts. Media hears of it itself, so nothing is announced."""

from __future__ import annotations

from collections.abc import Sequence

from eventkit.erasure import Counts, Person
from eventkit.uow import UnitOfWork

from enrollment.store import erasure as store


def other_names(uow: UnitOfWork, people: Sequence[Person]) -> list[Person]:
    """What else imports have called them: a number may have changed since."""
    return store.known_as(uow.conn, uow.tenant, [person.id for person in people])


def erase_students(uow: UnitOfWork, people: Sequence[Person]) -> Counts:
    return store.erase(uow.conn, uow.tenant, people)
