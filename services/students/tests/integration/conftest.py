"""The students API of one database, called by staff and by the owner."""

from __future__ import annotations

from typing import Any

import pytest
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from students.domain.audit import Actor
from testkit.api import signed_in

ROOT = "/api/v1/students/"


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
def app(plain_app):
    return plain_app


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
def by(pseudonyms):
    return Actor("user-1", pseudonyms)


@pytest.fixture
def working(academy):
    """`with working("demo") as uow:` a unit of work as a request has it."""
    return lambda tenant="demo": unit_of_work(academy.db.database, tenant, Cause.start(), source="students")


@pytest.fixture
def pseudonym(pseudonyms):
    return lambda student_id, tenant="demo": pseudonyms.of(tenant, student_id)
