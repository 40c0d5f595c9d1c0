"""The students API of one database, called by staff and by the owner."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from servicekit.settings import load
from students.app import create_app
from students.domain.audit import Actor, Pseudonyms
from students.settings import Settings
from testkit.api import PSEUDONYM_KEY, environment, signed_in

ROOT = "/api/v1/students/"
PSEUDONYMS = Pseudonyms(bytes.fromhex(PSEUDONYM_KEY))


class Office:
    """What staff and managers of an academy send; `ask` answers (status, body)."""

    def __init__(self, app: Any, issuer: Any, tenant: str = "demo") -> None:
        self._app, self._issuer, self._tenant = app, issuer, tenant

    def ask(self, method: str, path: str, body: Any = None, role: str = "owner") -> tuple[int, Any]:
        client = signed_in(self._app, self._issuer, self._tenant, [role], subject=f"{role}-1")
        answer = client.open(ROOT + path, method=method, json=body)
        return answer.status_code, answer.get_json(silent=True)

    def post(self, path: str, body: Any = None, role: str = "owner") -> tuple[int, Any]:
        return self.ask("POST", path, body, role)

    def delete(self, path: str, role: str = "staff") -> tuple[int, Any]:
        return self.ask("DELETE", path, role=role)

    def done(self, path: str, **body: Any) -> Any:
        status, answer = self.post(path, body)
        assert status == 200, answer
        return answer


@pytest.fixture
def app(academy, issuer):
    return create_app(load(Settings, environment(issuer, academy.db.url)))


@pytest.fixture
def office(app, issuer):
    return Office(app, issuer)


@pytest.fixture
def other_office(app, issuer):
    return Office(app, issuer, "other")


@pytest.fixture
def enrolled(academy, person):
    """`enrolled(3, tenant=...)`: ids of so many new students, in order."""

    def make(count, *, tenant="demo", start=1):
        rows = academy.resolve(*(person(start + n) for n in range(count)), tenant=tenant)
        return [row["student_id"] for row in rows]

    return make


@pytest.fixture
def trail(academy):
    """(action, pseudonym) of the audit trail, oldest first, imports left out."""

    def read(*actions, tenant="demo"):
        rows = academy.all(
            "SELECT action, pseudonym, actor, details FROM audit WHERE tenant_id = %s ORDER BY seq", tenant
        )
        return [row for row in rows if row[0] in actions or not actions]

    return read


@pytest.fixture
def by():
    return Actor("user-1", PSEUDONYMS)


@pytest.fixture
def working(academy):
    """`with working("demo") as uow:` a unit of work as a request has it."""
    return lambda tenant="demo": unit_of_work(academy.db.database, tenant, Cause.start(), source="students")


@pytest.fixture
def pseudonym():
    return lambda student_id, tenant="demo": PSEUDONYMS.of(tenant, student_id)


class Model:
    """Guide 3.1 by brute force: reads every row, decides in Python, knows nothing of the service's SQL."""

    def __init__(self, academy: Any, tenant: str) -> None:
        rows = academy.all(
            "SELECT s.id::text, s.name_key, s.parent_phone, s.deleted_at, s.merged_into, h.student_id"
            " FROM student s LEFT JOIN legal_hold h ON h.student_id = s.id WHERE s.tenant_id = %s",
            tenant,
        )
        groups: dict[tuple[str, str], list[tuple[Any, str]]] = {}
        for student, name, phone, deleted_at, merged_into, _ in rows:
            if deleted_at is not None and merged_into is None:
                groups.setdefault((name, phone), []).append((deleted_at, student))
        self.groups = {key: sorted(members) for key, members in groups.items() if len(members) > 1}
        self.refused = {key for key in self.groups if len(set(key[1][3:])) == 1 or key[1] == "01012345678"}
        held = {student for student, *_, hold in rows if hold is not None}
        extra = {
            student
            for key, members in self.groups.items()
            if key not in self.refused
            for _, student in members[1:]
        }
        self.removed = extra - held
        self.survivors = {student for student, *_ in rows} - self.removed
        lines = [",".join(student for _, student in members) for members in self.groups.values()]
        self.digest = hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


@pytest.fixture
def model(academy):
    return lambda tenant="demo": Model(academy, tenant)


@pytest.fixture
def left(academy):
    """Ids of a tenant's students."""
    return lambda tenant="demo": {
        one for (one,) in academy.all("SELECT id::text FROM student WHERE tenant_id = %s", tenant)
    }


@pytest.fixture
def deleted(academy):
    """`deleted("김하나", "01011112222", 3, 2, 2)`: records deleted so many days ago; their ids, in order."""

    def make(name, phone, *days, tenant="demo"):
        rows = academy.all(
            "INSERT INTO student (tenant_id, id, name, name_key, parent_phone, deleted_at)"
            " SELECT %s, gen_random_uuid(), %s, %s, %s, date_trunc('day', now()) - d * interval '1 day'"
            " FROM unnest(%s::int[]) AS d RETURNING id::text",
            tenant, name, name, phone, list(days),
        )  # fmt: skip
        return [student for (student,) in rows]

    return make
