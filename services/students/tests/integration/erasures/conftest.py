"""Purges and receipts step by step: the handlers called as the consumer does, answers made up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from contracts.erasure import CONTEXTS
from eventkit.clock import SYSTEM_CLOCK
from eventkit.envelope import Event
from eventkit.queue import Queue
from eventkit.trace import Cause
from eventkit.uow import UnitOfWork, unit_of_work
from servicekit.erasure import Eraser
from students import handlers
from students.adapters.ledger import ObjectLedger
from students.domain.audit import Actor, Pseudonyms
from students.usecases.erasures import ErasingPorts
from students.usecases.purge import Purged, purge
from testkit.objects import MemoryObjects
from testkit.sqs import FakeSqs

DEAD = "academy-students-events-dlq"


@dataclass
class Erasures:
    """One students database with its bucket and its dead letters."""

    academy: Any
    make_event: Callable[..., Event]
    pseudonyms: Pseudonyms
    objects: MemoryObjects = field(default_factory=MemoryObjects)
    sqs: FakeSqs = field(default_factory=lambda: FakeSqs(SYSTEM_CLOCK))

    def __post_init__(self) -> None:
        self.sqs.make_pair("academy-students-events")
        eraser = Eraser(Queue.open(self.sqs, DEAD), "students.erasure.completed")
        self.ports = ErasingPorts(self.objects, ObjectLedger(self.objects), self.pseudonyms, eraser)

    def work(self, tenant: str = "demo") -> Any:
        return unit_of_work(self.academy.db.database, tenant, Cause.start(), source="students")

    def purge(self, *student_ids: Any, tenant: str = "demo", reason: str = "requested") -> Purged:
        """Purge these from the trash, as a manager does."""
        with self.work(tenant) as uow:
            return purge(
                uow, Actor("user-1", self.pseudonyms), [UUID(str(one)) for one in student_ids], reason
            )

    def delete_and_purge(self, *student_ids: Any, **options: Any) -> Event:
        """The students.student.purged of it."""
        self.academy.delete(*student_ids)
        done = self.purge(*student_ids, **options)
        assert done.refused == []
        return self.events()[-1]

    def events(self) -> list[Event]:
        return self.academy.published("students.student.purged")

    def erase(self, *events: Event) -> None:
        """on_student_purged, all in one transaction."""
        self._handle(events, lambda uow: handlers.on_student_purged(uow, events, ports=self.ports))

    def own_receipt(self) -> Event:
        return self.academy.published("students.erasure.completed")[-1]

    def receipt(self, context: str, purged: Event, *counts: tuple[str, str, int], **changes: Any) -> Event:
        """The answer of a context: (student, kind, count) …"""
        table = {name: [row[at] for row in counts] for at, name in enumerate(("student_id", "kind", "count"))}
        data = {"erasure_id": purged.data["erasure_id"], "counts": table, **changes}
        return self.make_event(f"{context}.erasure.completed", purged.tenantid, data, purged.correlationid)

    def answer(self, *receipts: Event) -> None:
        """on_erasure_completed, all in one transaction."""
        self._handle(receipts, lambda uow: handlers.on_erasure_completed(uow, receipts))

    def answer_all(self, purged: Event, but: Sequence[str] = ()) -> None:
        """A receipt of every context, students' own included, each in its own transaction."""
        for context in CONTEXTS:
            if context not in but:
                self.answer(self.receipt(context, purged))

    def _handle(self, events: Sequence[Event], handle: Callable[[UnitOfWork], None]) -> None:
        first = events[0]
        with unit_of_work(
            self.academy.db.database, first.tenantid, Cause.of(first), source="students"
        ) as uow:
            handle(uow)


@pytest.fixture
def erasures(academy, make_event, pseudonyms) -> Erasures:
    return Erasures(academy, make_event, pseudonyms)
