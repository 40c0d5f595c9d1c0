"""Enrollment and students on two real databases, their handlers joined by hand: every event, in any order."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import enrollment.handlers
import openpyxl
import psycopg
import pytest
import students.handlers
from enrollment.adapters.sheet import annotate, read_roster
from enrollment.metrics import ALL
from enrollment.store import imports
from enrollment.usecases import chunks, undo
from enrollment.usecases.imports import ReadingPorts
from enrollment.usecases.workbooks import EndingPorts
from eventkit import inbox
from eventkit.clock import SYSTEM_CLOCK
from eventkit.envelope import Event, decode
from eventkit.ids import new_id
from eventkit.metrics import Metrics
from eventkit.queue import Queue
from eventkit.trace import Cause
from eventkit.uow import UnitOfWork, unit_of_work
from prometheus_client import CollectorRegistry
from servicekit.erasure import Eraser
from students.domain.audit import Actor, Pseudonyms
from testkit.database import TestDatabase
from testkit.objects import MemoryObjects
from testkit.sqs import FakeSqs
from testkit.workbooks import HEADER, workbook

TENANT = "hangang"
HASH = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA"
PSEUDONYMS = Pseudonyms(bytes(32))
COMPARED = {
    "enrollment": ("lecture", "session", "enrollment", "session_enrollment", "attendance", "student_ref"),
    "students": ("student", "parent", "account", "initial_credential", "student_tag", "tag"),
}
# what only rises: whoever was told of an import is told of its undo
RISING = {"version", "updated_at"}


class KilledError(Exception):
    """The process dies before the commit."""


class Wire:
    def __init__(self, databases: dict[str, TestDatabase], folder: Path, chance: random.Random) -> None:
        self.databases, self.folder, self.chance = databases, folder, chance
        self.objects = MemoryObjects()
        self.staff = Actor("user-1", PSEUDONYMS)
        # (service, event id) of what has been handled, and of whose first delivery has died
        self.done: set[tuple[str, UUID]] = set()
        self.died: set[tuple[str, UUID]] = set()
        # publisher → up to which event all has been handled
        self.behind: dict[str, int] = {}
        sqs = FakeSqs(SYSTEM_CLOCK)
        for name in self.databases:
            sqs.make_pair(name)
        erasers = {
            name: Eraser(Queue.open(sqs, f"{name}-dlq"), f"{name}.erasure.completed")
            for name in self.databases
        }
        db = self.databases["enrollment"].database
        reading = ReadingPorts(db, self.objects, read_roster, SYSTEM_CLOCK, "worker-1")
        ending = EndingPorts(self.objects, annotate, Metrics(CollectorRegistry(), ALL))
        ours, theirs = enrollment.handlers, students.handlers
        self.handlers: dict[tuple[str, str], Callable[..., None]] = {
            ("enrollment", "enrollment.import.accepted"): partial(ours.on_import_accepted, ports=reading),
            ("enrollment", "enrollment.import.completed"): partial(ours.on_import_completed, ports=ending),
            ("enrollment", "enrollment.import.failed"): partial(ours.on_import_failed, ports=ending),
            ("enrollment", "enrollment.plan.accepted"): ours.on_plan_accepted,
            ("enrollment", "enrollment.rows.reviewed"): ours.on_rows_reviewed,
            ("enrollment", "enrollment.undo.requested"): ours.on_undo_requested,
            ("enrollment", "students.roster.resolved"): ours.on_roster_resolved,
            ("enrollment", "students.roster.withdrawn"): ours.on_roster_withdrawn,
            ("enrollment", "students.student.changed"): ours.on_student_changed,
            ("enrollment", "students.student.purged"): partial(
                ours.on_student_purged, erase=erasers["enrollment"], objects=self.objects
            ),
            ("students", "enrollment.roster.parsed"): partial(theirs.on_roster_parsed, pseudonyms=PSEUDONYMS),
            ("students", "enrollment.roster.withdrawn"): partial(
                theirs.on_roster_withdrawn, pseudonyms=PSEUDONYMS
            ),
            ("students", "enrollment.erasure.completed"): theirs.on_erasure_completed,
        }

    # --- commands ---------------------------------------------------------------------------------

    @contextmanager
    def work(self, service: str, cause: Cause | None = None) -> Iterator[UnitOfWork]:
        db = self.databases[service].database
        with unit_of_work(db, TENANT, cause or Cause.start(), source=service) as uow:
            yield uow

    def lecture(self, title: str) -> Any:
        [row] = self.all(
            "enrollment",
            "INSERT INTO lecture (tenant_id, title, start_date) VALUES (%s, %s, '2026-03-02') RETURNING id",
            TENANT, title,
        )  # fmt: skip
        return row["id"]

    def upload(
        self,
        lecture: Any,
        rows: list[tuple[Any, ...]],
        *,
        header: tuple[str, ...] = HEADER,
        dry_run: bool = False,
    ) -> UUID:
        """An accepted roster."""
        job_id = new_id()
        path = workbook(self.folder / f"{job_id}.xlsx", {"명단": [header, *rows]}, "xlsxwriter")
        key = f"excel/{TENANT}/{job_id}.xlsx"
        self.objects.content[key] = path.read_bytes()
        with self.work("enrollment") as uow:
            job = imports.NewJob(
                id=job_id,
                lecture_id=lecture,
                session_id=None,
                object_key=key,
                file_sha256=f"{job_id.hex}{job_id.hex}",
                file_name="명단.xlsx",
                dry_run=dry_run,
                forced=False,
                requested_by="user-1",
                correlation_id=uow.cause.correlationid,
            )
            assert imports.add_job(uow.conn, TENANT, job)
            data = {"job_id": str(job_id), "job_type": "excel_parsing", "object_key": key}
            uow.publish(
                "enrollment.import.accepted",
                subject=str(job_id),
                data={**data, "initial_password_hash": HASH},
            )
        return job_id

    def run(self, lecture: Any, rows: list[tuple[Any, ...]], **options: Any) -> UUID:
        job_id = self.upload(lecture, rows, **options)
        self.settle()
        return job_id

    # --- events -----------------------------------------------------------------------------------

    def settle(self, *, deaths: float = 0.0) -> None:
        """Deliver until nothing is left, in any order, some twice; this part dies uncommitted at first."""
        while waiting := self.waiting():
            service, event = self.chance.choice(waiting)
            mark = (service, event.id)
            die = mark not in self.died and self.chance.random() < deaths
            self.died.add(mark)
            try:
                self.deliver(service, event, die=die)
            except KilledError:
                continue
            if self.chance.random() < 0.2:
                self.deliver(service, event)

    def waiting(self) -> list[tuple[str, Event]]:
        """What has been published for one of the two and not been handled."""
        found = []
        for publisher in self.databases:
            query = "SELECT seq, destination, body FROM outbox WHERE seq > %s ORDER BY seq"
            rows = self.all(publisher, query, self.behind.get(publisher, 0))
            events = [(row["destination"], decode(row["body"])) for row in rows]
            mine = [
                (service, event)
                for service, event in events
                if (service, event.type) in self.handlers and (service, event.id) not in self.done
            ]
            if rows and not mine:
                self.behind[publisher] = rows[-1]["seq"]
            found += mine
        return found

    def deliver(self, service: str, event: Event, *, die: bool = False) -> None:
        handler = self.handlers[service, event.type]
        with self.work(service, Cause.of(event)) as uow:
            fresh = inbox.claim(uow.conn, f"on_{event.type}", [event])
            if fresh:
                handler(uow, fresh)
            uow.flush()
            if die:
                raise KilledError
        self.done.add((service, event.id))

    # --- what is there ----------------------------------------------------------------------------

    def all(self, service: str, query: str, *values: Any) -> list[dict[str, Any]]:
        with self.databases[service].admin.cursor(row_factory=psycopg.rows.dict_row) as cursor:
            cursor.execute(query.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def state(self) -> dict[str, list[Any]]:
        """Both databases row by row, but for jobs, trails, and what only rises."""
        return {
            f"{service}.{table}": sorted(
                repr({name: value for name, value in row.items() if name not in RISING})
                for row in self.all(service, f"SELECT * FROM {table}")
            )
            for service, tables in COMPARED.items()
            for table in tables
        }

    def job(self, job_id: UUID) -> dict[str, Any]:
        [job] = self.all("enrollment", "SELECT * FROM import_job WHERE id = %s", job_id)
        return job

    def rows(self, job_id: UUID) -> dict[int, dict[str, Any]]:
        found = self.all("enrollment", "SELECT * FROM import_row WHERE job_id = %s ORDER BY row", job_id)
        return {row["row"]: row for row in found}

    def sheet(self, job_id: UUID) -> list[list[Any]]:
        """The result workbook's cells below its header."""
        [export] = self.all(
            "enrollment", "SELECT object_key FROM export_job WHERE target_id = %s AND status = 'DONE'", job_id
        )
        book = openpyxl.load_workbook(io.BytesIO(self.objects.content[export["object_key"]]))
        return [list(row) for row in book.active.iter_rows(min_row=2, values_only=True)]

    def student(self, name: str) -> dict[str, Any]:
        [student] = self.all("students", "SELECT * FROM student WHERE name = %s", name)
        return student


@pytest.fixture
def wire(migrated, tmp_path, monkeypatch):
    """Two databases; chunks are small, so that there is a half way."""
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 2)
    monkeypatch.setattr(undo, "CHUNK_ROWS", 1)
    databases = {name: migrated(name) for name in ("enrollment", "students")}
    return Wire(databases, tmp_path, random.Random(7))
