"""A purged student: nobody's recipient, and no message tells of them."""

from __future__ import annotations

from collections.abc import Sequence

from eventkit.clock import SYSTEM_CLOCK
from eventkit.erasure import Counts, Person
from eventkit.uow import UnitOfWork

from messaging.domain.messages import Status
from messaging.store import erasure as store
from messaging.store.ledger import Move
from messaging.usecases import ending

ERASED = "erased"


def erase_students(uow: UnitOfWork, people: Sequence[Person]) -> Counts:
    """What waits to be sent about them alone is cancelled and its price given back; what has left stays in
    the ledger, without number and text."""
    ids = [person.id for person in people]
    about = store.messages_about(uow.conn, uow.tenant, ids)
    waiting = [Move(one, ERASED) for one in about]
    ending.move(uow.conn, uow.tenant, Status.CANCELLED, waiting, SYSTEM_CLOCK.now())
    phones = [phone for one in people for phone in (one.parent_phone, one.student_phone) if phone]
    return store.erase(uow.conn, uow.tenant, ids, about, phones)
