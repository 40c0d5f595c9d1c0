"""Purging again what a database restored from a backup has brought back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from eventkit.uow import UnitOfWork

from students.domain.audit import Actor
from students.domain.erasures import LedgerEntry, Subject
from students.domain.purge import Reason
from students.store import erasures as store
from students.store import students
from students.usecases.purge import purge


@dataclass(frozen=True, slots=True)
class Replayed:
    """`purged`: people who were back. `sent`: people who were not, and whom every service forgets again.
    `refused`: people who are back and stay, by code."""

    purged: int = 0
    sent: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: Replayed) -> Replayed:
        refused = self.refused + other.refused
        return Replayed(self.purged + other.purged, self.sent + other.sent, refused)


def replay(uow: UnitOfWork, by: Actor, entry: LedgerEntry) -> Replayed:
    """Erase the people of a ledger entry of this tenant again, any number of times.

    Who is back, active or in the trash, is purged under a new erasure of reason "replayed"; one who is
    refused waits in the trash. Who is not back keeps the erasure that the certificate names, or gets the
    ledger's under its own id. Its event is sent again, and without names: nobody knows them any more. So
    a missing receipt comes after all, and one that is there stays as it is.
    """
    students.lock_identities(uow.conn, uow.tenant)
    ids = [subject.student_id for subject in entry.subjects]
    back = store.put_in_trash(uow.conn, uow.tenant, ids)
    # the certificate of somebody who is back would be a lie
    store.drop_subjects(uow.conn, uow.tenant, back)
    done = purge(uow, by, back, Reason.REPLAYED)
    absent = [subject for subject in entry.subjects if subject.student_id not in set(back)]
    _send_again(uow, entry, absent)
    return Replayed(len(done.purged), len(absent), Counter(str(one.code) for one in done.refused))


def _send_again(uow: UnitOfWork, entry: LedgerEntry, absent: Sequence[Subject]) -> None:
    store.recreate(uow.conn, uow.tenant, entry, absent)
    ids = [subject.student_id for subject in absent]
    for erasure_id, group in store.by_erasure(uow.conn, uow.tenant, ids).items():
        people = {
            "student_id": [str(one) for one in group],
            "name": [""] * len(group),
            "parent_phone": [""] * len(group),
            "student_phone": [None] * len(group),
        }
        uow.publish(
            "students.student.purged",
            subject=str(erasure_id),
            data={"erasure_id": str(erasure_id), "students": people},
        )
