"""A purged student: nobody's recipient, and no message tells of them."""

from __future__ import annotations

from collections.abc import Sequence

from eventkit.erasure import Counts, Person
from eventkit.uow import UnitOfWork

from messaging.store import erasure as store


def erase_students(uow: UnitOfWork, people: Sequence[Person]) -> Counts:
    """What waited to be sent about them is cancelled with its price given back."""
    ids = [person.id for person in people]
    about = store.messages_about(uow.conn, uow.tenant, ids)
    phones = [phone for one in people for phone in (one.parent_phone, one.student_phone) if phone]
    return store.erase(uow.conn, uow.tenant, ids, about, phones)
