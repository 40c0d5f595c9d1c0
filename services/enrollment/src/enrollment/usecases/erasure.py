"""A purged student leaves nothing here but counts. Media hears of it itself, so nothing is announced."""

from __future__ import annotations

from collections.abc import Sequence

from eventkit.erasure import Counts, Person
from eventkit.uow import UnitOfWork
from servicekit.storage import ObjectStore

from enrollment.store import erasure as store
from enrollment.store import exports


def other_names(uow: UnitOfWork, people: Sequence[Person]) -> list[Person]:
    """What else imports have called them: a number may have changed since."""
    return store.known_as(uow.conn, uow.tenant, [person.id for person in people])


def erase_students(uow: UnitOfWork, people: Sequence[Person], *, objects: ObjectStore) -> Counts:
    """Which workbooks a person is in is not knowable without opening them, so all of the academy's go."""
    objects.delete(exports.withdraw_all(uow.conn, uow.tenant))
    return store.erase(uow.conn, uow.tenant, people)
