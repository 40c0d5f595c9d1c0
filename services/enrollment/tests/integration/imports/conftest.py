"""Imports step by step: the handlers called as the consumer does, the students service's answers made up."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from contracts.columns import rows as table
from enrollment import handlers
from enrollment.domain.roster import RosterRow
from enrollment.metrics import ALL
from enrollment.store import imports as store
from enrollment.usecases import chunks
from enrollment.usecases.imports import ReadingPorts
from enrollment.usecases.workbooks import EndingPorts
from eventkit.clock import SYSTEM_CLOCK, Clock
from eventkit.envelope import Event, decode
from eventkit.ids import new_id
from eventkit.metrics import Metrics
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from prometheus_client import CollectorRegistry
from testkit.database import TestDatabase
from testkit.events import MakeEvent

HASH = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA"
Batches = Callable[[Path], Iterator[list[RosterRow]]]
Verdicts = Callable[[int, str], tuple[str, UUID | None, str | None]]
"""(row, name) → what the students service says: outcome, student, code."""


def copied(source: Path, target: Path, _told: Any, **_: Any) -> None:
    """In place of annotate, where the sheet itself does not matter."""
    target.write_bytes(source.read_bytes())


@dataclass
class Imports:
    """One database and object store; every method may be called from any thread."""

    academy: TestDatabase
    objects: Any
    make_event: MakeEvent
    tenant: str = "demo"
    clock: Clock = SYSTEM_CLOCK
    annotate: Any = copied

    def of(self, tenant: str) -> Imports:
        return replace(self, tenant=tenant)

    # --- what is there before ---------------------------------------------------------------------

    def lecture(self, title: str = "수학", start_date: str | None = "2026-03-02") -> Any:
        return self.one(
            "INSERT INTO lecture (tenant_id, title, start_date) VALUES (%s, %s, %s) RETURNING id",
            self.tenant, title, start_date,
        )["id"]  # fmt: skip

    def session(self, lecture: UUID, order: int = 2) -> Any:
        return self.one(
            'INSERT INTO session (tenant_id, lecture_id, "order", title)'
            " VALUES (%s, %s, %s, %s) RETURNING id",
            self.tenant, lecture, order, f"{order}차시",
        )["id"]  # fmt: skip

    def enrollment(self, lecture: UUID, student: UUID, status: str = "ACTIVE") -> Any:
        return self.one(
            "INSERT INTO enrollment (tenant_id, lecture_id, student_id, status)"
            " VALUES (%s, %s, %s, %s) RETURNING id",
            self.tenant, lecture, student, status,
        )["id"]  # fmt: skip

    def job(self, lecture: UUID | None, *, session: UUID | None = None, dry_run: bool = False) -> Event:
        """An accepted upload; the event that says so."""
        job_id = new_id()
        job = store.NewJob(
            id=job_id,
            lecture_id=lecture,
            session_id=session,
            object_key=f"excel/{self.tenant}/{job_id}.xlsx",
            file_sha256=uuid4().hex * 2,
            file_name="명단.xlsx",
            dry_run=dry_run,
            forced=False,
            requested_by="user-1",
            correlation_id="request-1",
        )
        with self.academy.database.tenant(self.tenant) as conn:
            assert store.add_job(conn, self.tenant, job)
        self.objects.content[job.object_key] = b"sheet"
        data = {"job_id": str(job_id), "job_type": "excel_parsing", "object_key": job.object_key}
        return self.make_event(
            "enrollment.import.accepted", self.tenant, {**data, "initial_password_hash": HASH}, str(job_id)
        )

    # --- what the worker does ---------------------------------------------------------------------

    def read(self, accepted: Event, batches: Batches | Sequence[RosterRow], owner: str = "worker-1") -> None:
        """on_import_accepted with these rows for a sheet; no inbox, so that redeliveries get through."""
        reader = batches if callable(batches) else _batches(batches)
        ports = ReadingPorts(self.academy.database, self.objects, reader, self.clock, owner)
        self.handle([accepted], lambda uow, events: handlers.on_import_accepted(uow, events, ports=ports))

    def handle(self, events: Sequence[Event], handler: Callable[..., None]) -> None:
        cause = Cause.of(events[0])
        with unit_of_work(self.academy.database, self.tenant, cause, source="enrollment") as uow:
            handler(uow, events)

    def answers(self, accepted: Event, verdicts: Verdicts) -> list[Event]:
        """What the students service would say to each published chunk."""
        return [
            self.answer(chunk, verdicts) for chunk in self.published("enrollment.roster.parsed", accepted)
        ]

    def answer(self, chunk: Event, verdicts: Verdicts) -> Event:
        names = ("row", "outcome", "student_id", "code", "version")
        columns: dict[str, list[Any]] = {name: [] for name in names}
        for row, name in table(chunk.data["rows"], "row", "name"):
            outcome, student, code, *version = verdicts(row, name)
            columns["row"].append(row)
            columns["outcome"].append(outcome)
            columns["student_id"].append(str(student) if student else None)
            columns["code"].append(code)
            columns["version"].append(version[0] if version else None)
        data = {"job_id": chunk.data["job_id"], "chunk": chunk.data["chunk"], "rows": columns}
        return self.make_event("students.roster.resolved", self.tenant, data, chunk.data["job_id"])

    def enroll(self, *answers: Event) -> None:
        """on_roster_resolved, all in one transaction."""
        self.handle(answers, handlers.on_roster_resolved)

    def run(self, accepted: Event, rows: Sequence[RosterRow], verdicts: Verdicts) -> dict[str, Any]:
        """The whole import; the finished job."""
        self.read(accepted, rows)
        for answer in self.answers(accepted, verdicts):
            self.enroll(answer)
        return self.state(accepted)

    def end(
        self, ended: Sequence[Event], handler: Callable[..., None], figures: Metrics | None = None
    ) -> None:
        """on_import_completed or on_import_failed."""
        metrics = figures or Metrics(CollectorRegistry(), ALL)
        ports = EndingPorts(self.objects, self.annotate, metrics)
        self.handle(ended, partial(handler, ports=ports))

    # --- what came of it --------------------------------------------------------------------------

    def published(self, type: str, accepted: Event | None = None) -> list[Event]:
        """What lies in the outbox, each event once, in order."""
        found = self.all(
            "SELECT min(body) AS body FROM outbox WHERE type = %s AND tenant_id = %s"
            " AND correlation_id = coalesce(%s, correlation_id) GROUP BY id ORDER BY min(seq)",
            type, self.tenant, accepted.correlationid if accepted else None,
        )  # fmt: skip
        return [decode(row["body"]) for row in found]

    def state(self, accepted: Event) -> dict[str, Any]:
        return self.one("SELECT * FROM import_job WHERE id = %s", accepted.data["job_id"])

    def rows(self, accepted: Event) -> list[dict[str, Any]]:
        return self.all("SELECT * FROM import_row WHERE job_id = %s ORDER BY row", accepted.data["job_id"])

    def outcomes(self, accepted: Event) -> dict[int, str | None]:
        return {row["row"]: row["outcome"] for row in self.rows(accepted)}

    def count(self, name: str) -> Any:
        return self.one(f"SELECT count(*) AS n FROM {name} WHERE tenant_id = %s", self.tenant)["n"]

    def one(self, query: str, *values: Any) -> dict[str, Any]:
        found = self.all(query, *values)
        assert len(found) == 1, found
        return found[0]

    def all(self, query: str, *values: Any) -> list[dict[str, Any]]:
        with self.academy.admin.cursor(row_factory=psycopg.rows.dict_row) as cursor:
            cursor.execute(query, values)
            return cursor.fetchall() if cursor.description else []


def _batches(rows: Sequence[RosterRow]) -> Batches:
    def read(_path: Path) -> Iterator[list[RosterRow]]:
        for start in range(0, len(rows), 700):
            yield list(rows[start : start + 700])

    return read


@pytest.fixture
def imports(academy: TestDatabase, objects: Any, make_event: MakeEvent) -> Imports:
    return Imports(academy, objects, make_event)


@pytest.fixture
def usable() -> Callable[..., RosterRow]:
    """`usable(row, name, **more)`: a row of a sheet that is fit to be enrolled."""

    def make(row: int, name: str = "", **more: Any) -> RosterRow:
        plain = RosterRow(
            row=row,
            verdict="usable",
            code=None,
            reason=None,
            name=name or f"학생{row}",
            parent_phone=f"010{row:08d}",
            student_phone=None,
            school="서울고",
            school_type="HIGH",
            grade=2,
            gender="M",
            school_class=None,
            major=None,
            memo=None,
            extra={},
        )
        return replace(plain, **more)

    return make


@pytest.fixture
def all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No chunk waits until others have been answered."""
    monkeypatch.setattr(chunks, "CHUNKS_UNDER_WAY", 1000)


@pytest.fixture
def created() -> Verdicts:
    """Every row is a new student, the same one each time it is asked about."""
    students: dict[tuple[int, str], UUID] = {}
    lock = threading.Lock()

    def verdict(row: int, name: str) -> tuple[str, UUID, None]:
        with lock:
            return "created", students.setdefault((row, name), new_id()), None

    return verdict


@pytest.fixture
def everything(academy: TestDatabase) -> Callable[[], str]:
    """All rows of all tables as one text, to look for what must not be there."""

    def dump() -> str:
        names = academy.admin.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'enrollment' ORDER BY 1"
        ).fetchall()
        tables: Iterable[str] = (name for (name,) in names)
        return json.dumps(
            [academy.admin.execute(f"SELECT to_jsonb(t) FROM {name} t").fetchall() for name in tables],
            ensure_ascii=False,
        )

    return dump
