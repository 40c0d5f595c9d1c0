"""The front desk: lectures, enrollments and attendance over HTTP, and a look at what was stored and said."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from testkit.api import signed_in
from testkit.database import TestDatabase
from testkit.tokens import Issuer
from werkzeug.test import TestResponse

LECTURES = "/api/v1/lectures/lectures/"
SESSIONS = "/api/v1/lectures/sessions/"
ATTENDANCE = "/api/v1/lectures/attendance/"
ENROLLMENTS = "/api/v1/enrollments/"
MEMBERS = "/api/v1/enrollments/session-enrollments/"

Json = dict[str, Any]
# method, path, body
Request = tuple[str, str, Any]


@dataclass
class Desk:
    """A signed-in staff member of one academy. `client` is not for several threads: see `again`."""

    client: FlaskClient
    academy: TestDatabase
    tenant: str
    again: Callable[[], Desk] = field(repr=False)

    # --- requests -------------------------------------------------------------------------------------

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> TestResponse:
        given = {} if body is None else {"json": body}
        return self.client.open(path, method=method, **given, **options)

    def get(self, path: str, **query: Any) -> Json:
        answer = self.client.get(path, query_string=query)
        assert answer.status_code == 200, answer.text
        return answer.json

    def post(self, path: str, **body: Any) -> Json:
        answer = self.ask("POST", path, body)
        assert answer.status_code == 201, answer.text
        return answer.json

    def patch(self, path: str, **body: Any) -> Json:
        answer = self.ask("PATCH", path, body)
        assert answer.status_code == 200, answer.text
        return answer.json

    def delete(self, path: str) -> None:
        answer = self.client.delete(path)
        assert (answer.status_code, answer.data) == (204, b""), answer.text

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Status and code of an error answer."""
        answer = self.ask(method, path, body)
        assert answer.content_type == "application/problem+json", (method, path, body, answer.text)
        assert answer.json is not None
        return answer.status_code, answer.json["code"]

    # --- what is there --------------------------------------------------------------------------------

    def lecture(self, title: str = "수학", **fields: Any) -> str:
        return str(self.post(LECTURES, title=title, **fields)["id"])

    def session(self, lecture: str, **fields: Any) -> str:
        return str(self.post(SESSIONS, lecture=lecture, **fields)["id"])

    def students(self, number: int, *, deleted: bool = False) -> list[str]:
        """Students whom this context knows, named 학생0000 and so on, in the order of their names."""
        ids = [str(uuid4()) for _ in range(number)]
        self.academy.admin.execute(
            "INSERT INTO student_ref"
            " (tenant_id, student_id, name, parent_phone, school, grade, deleted, version)"
            " SELECT %s, id, '학생' || to_char(n - 1, 'FM0000'), '010' || to_char(n, 'FM00000000'),"
            " '한빛중', 2, %s, 1"
            " FROM unnest(%s::uuid[]) WITH ORDINALITY AS given (id, n)",
            (self.tenant, deleted, ids),
        )
        return ids

    def delete_students(self, ids: Sequence[str]) -> None:
        """What the event of a student's deletion leaves here, but for the enrollment's end."""
        self.academy.admin.execute(
            "UPDATE student_ref SET deleted = true WHERE student_id = ANY(%s::uuid[])", (list(ids),)
        )

    def enrolled(self, lecture: str, students: Sequence[str]) -> list[str]:
        """Enrollment ids in the order of the students' names."""
        answer = self.post(f"{ENROLLMENTS}bulk_create/", lecture=lecture, students=list(students))
        return [row["id"] for row in answer["results"]]

    def placed(self, session: str, enrollments: Sequence[str]) -> list[str]:
        """Session enrollment ids in the order of the students' names."""
        answer = self.post(f"{MEMBERS}bulk_create/", session=session, enrollments=list(enrollments))
        return [row["id"] for row in answer["results"]]

    def marks(self, session: str) -> list[Json]:
        return list(self.get(ATTENDANCE, session=session)["results"])

    # --- what was said and stored ---------------------------------------------------------------------

    def told(self, type: str) -> list[Json]:
        """The rows of the batches published so far, in order; of every tenant."""
        found = self.academy.admin.execute(
            "SELECT min(body) AS body FROM outbox WHERE type = %s GROUP BY id ORDER BY min(seq)",
            (f"enrollment.{type}.changed",),
        ).fetchall()
        rows: list[Json] = []
        for (body,) in found:
            columns = json.loads(body)["data"][f"{type}s"]
            rows += [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
        return rows

    def state(self) -> dict[str, list[Any]]:
        """Every row that a refused request must leave as it was."""
        tables = ("lecture", "session", "enrollment", "session_enrollment", "attendance", "outbox")
        return {
            table: self.academy.admin.execute(f"SELECT * FROM {table} ORDER BY id").fetchall()
            for table in tables
        }


MakeDesk = Callable[..., Desk]


@pytest.fixture
def desk_of(app: Flask, academy: TestDatabase, issuer: Issuer) -> MakeDesk:
    """`desk_of("other", role="teacher")`: somebody else, elsewhere."""

    def make(tenant: str = "demo", role: str = "staff") -> Desk:
        return Desk(signed_in(app, issuer, tenant, [role]), academy, tenant, lambda: make(tenant, role))

    return make


@pytest.fixture
def desk(desk_of: MakeDesk) -> Desk:
    return desk_of()


@pytest.fixture
def check_refusals(desk: Desk) -> Callable[[Sequence[tuple[Request, int, str]]], None]:
    """Every request is refused with its status and code, and none of them changes or says anything."""

    def check(table: Sequence[tuple[Request, int, str]]) -> None:
        before = desk.state()
        wrong = {}
        for (method, path, body), status, code in table:
            got = desk.refused(method, path, body)
            if got != (status, code):
                wrong[f"{method} {path} {str(body)[:200]}"] = (got, (status, code))
        assert not wrong
        assert desk.state() == before

    return check
