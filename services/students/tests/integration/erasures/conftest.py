"""Purges and receipts step by step: the handlers called as the consumer does, answers made up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from contracts.erasure import CONTEXTS
from eventkit.clock import SYSTEM_CLOCK
from eventkit.envelope import Event
from eventkit.errors import UnavailableError
from eventkit.queue import Queue
from eventkit.trace import Cause
from eventkit.uow import UnitOfWork, unit_of_work
from servicekit.erasure import Eraser
from servicekit.settings import load
from servicekit.storage import ObjectInfo, ObjectMissingError
from sqlalchemy import Engine, event
from students import handlers
from students.adapters.ledger import ObjectLedger
from students.app import create_app
from students.domain.audit import Actor, Pseudonyms
from students.settings import Settings
from students.usecases.erasures import ErasingPorts
from students.usecases.purge import Purged, purge
from testkit.api import PSEUDONYM_KEY, environment
from testkit.sqs import FakeSqs

PSEUDONYMS = Pseudonyms(bytes.fromhex(PSEUDONYM_KEY))
DEAD = "academy-students-events-dlq"


@dataclass
class MemoryObjects:
    """An ObjectStore that can be away."""

    content: dict[str, bytes] = field(default_factory=dict)
    away: bool = False

    def put_file(self, key: str, path: Path, content_type: str = "application/octet-stream") -> None:
        self._reach()
        self.content[key] = path.read_bytes()

    def download_to(self, key: str, path: Path) -> None:
        self._reach()
        if key not in self.content:
            raise ObjectMissingError
        path.write_bytes(self.content[key])

    def head(self, key: str) -> ObjectInfo:
        self._reach()
        return ObjectInfo(key, len(self.content[key]), datetime.now(UTC))

    def delete(self, keys: Sequence[str]) -> None:
        self._reach()
        for key in keys:
            self.content.pop(key, None)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        self._reach()
        return (self.head(key) for key in sorted(self.content) if key.startswith(prefix))

    def presign_get(self, key: str, expires: timedelta, filename: str) -> str:
        return f"memory:{key}"

    def _reach(self) -> None:
        if self.away:
            raise UnavailableError("storage")


@dataclass
class Erasures:
    """One students database with its bucket and its dead letters."""

    academy: Any
    make_event: Callable[..., Event]
    objects: MemoryObjects = field(default_factory=MemoryObjects)
    sqs: FakeSqs = field(default_factory=lambda: FakeSqs(SYSTEM_CLOCK))

    def __post_init__(self) -> None:
        self.sqs.make_pair("academy-students-events")
        eraser = Eraser(Queue.open(self.sqs, DEAD), "students.erasure.completed")
        self.ports = ErasingPorts(self.objects, ObjectLedger(self.objects), PSEUDONYMS, eraser)

    def work(self, tenant: str = "demo") -> Any:
        return unit_of_work(self.academy.db.database, tenant, Cause.start(), source="students")

    def purge(self, *student_ids: Any, tenant: str = "demo", reason: str = "requested") -> Purged:
        """Purge these from the trash, as a manager does."""
        with self.work(tenant) as uow:
            return purge(uow, Actor("user-1", PSEUDONYMS), [UUID(str(one)) for one in student_ids], reason)

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
def erasures(academy, make_event) -> Erasures:
    return Erasures(academy, make_event)


@pytest.fixture
def app(academy, issuer):
    return create_app(load(Settings, environment(issuer, academy.db.url)))


@pytest.fixture
def statements() -> Callable[[], Any]:
    """`with statements() as found:` the SQL that runs meanwhile."""

    @contextmanager
    def watching() -> Iterator[list[str]]:
        found: list[str] = []

        def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
            found.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        try:
            yield found
        finally:
            event.remove(Engine, "before_cursor_execute", note)

    return watching
