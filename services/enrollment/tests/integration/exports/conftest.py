"""Exports over HTTP, made by the handler as the worker binds it, read back from the object store."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import openpyxl
import pytest
from enrollment import handlers
from enrollment.adapters.sheet import annotate
from enrollment.adapters.sheet.writer import write_sheet
from enrollment.usecases.exports import ExportPorts
from eventkit.clock import SYSTEM_CLOCK
from eventkit.envelope import decode
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from flask.testing import FlaskClient
from testkit.database import TestDatabase
from testkit.objects import MemoryObjects

EXPORTS = "/api/v1/enrollments/exports/"
TENANT = "demo"


@dataclass
class Exports:
    client: FlaskClient
    academy: TestDatabase
    objects: MemoryObjects

    def ask(self, kind: str, target: Any) -> dict[str, Any]:
        answer = self.client.post(EXPORTS, json={"kind": kind, "target_id": str(target)})
        assert answer.status_code == 202, answer.text
        return dict(answer.json)

    def show(self, export: dict[str, Any]) -> dict[str, Any]:
        answer = self.client.get(f"{EXPORTS}{export['id']}/")
        assert answer.status_code == 200, answer.text
        return dict(answer.json)

    def work(self) -> None:
        """What the worker does with every request in the outbox; as often as it is called."""
        ports = ExportPorts(self.academy.database, self.objects, write_sheet, annotate, SYSTEM_CLOCK)
        query = "SELECT body FROM outbox WHERE type = 'enrollment.export.requested' ORDER BY seq"
        for (body,) in self.academy.admin.execute(query).fetchall():
            event = decode(body)
            cause = Cause.of(event)
            with unit_of_work(self.academy.database, event.tenantid, cause, source="enrollment") as uow:
                handlers.on_export_requested(uow, [event], ports=ports)

    def made(self, kind: str, target: Any) -> dict[str, Any]:
        asked = self.ask(kind, target)
        self.work()
        return self.show(asked)

    def sheet(self, export: dict[str, Any]) -> Any:
        """The worksheet of a finished export."""
        key = f"exports/{TENANT}/{export['id']}_{export['file_name']}"
        return openpyxl.load_workbook(io.BytesIO(self.objects.content[key])).active

    def run(self, statement: str, *values: Any) -> Any:
        return self.academy.admin.execute(statement.encode(), values)

    def lecture(self, title: str = "중2 수학", students: int = 3, sessions: int = 2) -> str:
        """With everybody in every session, UNSET."""
        [(lecture,)] = self.run(
            "INSERT INTO lecture (tenant_id, title) VALUES ('demo', %s) RETURNING id", title
        ).fetchall()
        self.run(
            'INSERT INTO session (tenant_id, lecture_id, "order", title, date)'
            " SELECT 'demo', %s, n, n || '차시', CASE WHEN n = 1 THEN date '2026-03-02' END"
            " FROM generate_series(1, %s) n",
            lecture, sessions,
        )  # fmt: skip
        self.run(
            "WITH made AS (INSERT INTO student_ref (tenant_id, student_id, name, parent_phone, student_phone,"
            " school, grade, version) SELECT 'demo', gen_random_uuid(), '학생' || to_char(n, 'FM000000'),"
            " '010' || to_char(n, 'FM00000000'), NULL, '한빛중', 2, 1 FROM generate_series(1, %s) n"
            " RETURNING student_id) INSERT INTO enrollment (tenant_id, lecture_id, student_id)"
            " SELECT 'demo', %s, student_id FROM made",
            students, lecture,
        )  # fmt: skip
        for table in ("session_enrollment", "attendance"):
            self.run(
                f"INSERT INTO {table} (tenant_id, session_id, enrollment_id) SELECT 'demo', s.id, e.id"
                " FROM session s JOIN enrollment e USING (lecture_id) WHERE lecture_id = %s",
                lecture,
            )
        return str(lecture)


@pytest.fixture
def exports(client: FlaskClient, academy: TestDatabase, objects: MemoryObjects) -> Exports:
    return Exports(client, academy, objects)
