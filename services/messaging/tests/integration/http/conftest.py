"""The API over the ledger of the test academy, with its provider and its clock."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from messaging.app import create_app
from messaging.domain.recipients import Fingerprints
from messaging.settings import Settings
from servicekit.settings import load
from testkit.api import environment, signed_in

PRINTS = Fingerprints(b"k" * 32)
API = "/api/v1/messaging/"


@dataclass
class Desk:
    """A signed-in staff member; paths are below /api/v1/messaging/."""

    client: Any
    academy: Any
    tenant: str

    def ask(self, method, path, body=None, **options):
        given = {} if body is None else {"json": body}
        return self.client.open(API + path, method=method, **given, **options)

    def get(self, path, **query):
        return self._good(self.client.get(API + path, query_string=query), 200)

    def post(self, path, status=200, **body):
        return self._good(self.ask("POST", path, body), status)

    def patch(self, path, **body):
        return self._good(self.ask("PATCH", path, body), 200)

    def refused(self, method, path, body=None):
        """Status and code of a problem, whose detail is Korean."""
        answer = self.ask(method, path, body)
        assert answer.content_type == "application/problem+json", (method, path, body, answer.text)
        assert any("가" <= letter <= "힣" for letter in answer.json["detail"])
        return answer.status_code, answer.json["code"]

    def problem(self, path, **body):
        return self.ask("POST", path, body).json

    def students(self, *people, deleted=False):
        """Ids of (name, parent phone, student phone) whom this context knows."""
        ids = []
        for name, parent, *own in people:
            made = self.academy.db.admin.execute(
                "INSERT INTO recipient (tenant_id, student_id, name, parent_phone, student_phone, version,"
                " deleted) VALUES (%s, gen_random_uuid(), %s, %s, %s, 1, %s) RETURNING student_id",
                [self.tenant, name, parent, own[0] if own else None, deleted],
            )
            ids.append(str(made.fetchone()[0]))
        return ids

    def template(self, **values):
        return self.post("templates/", 201, **{"name": "안내", "content": "#{student_name} 안내", **values})

    def approve(self, template_id, code="T1"):
        self.academy.db.admin.execute(
            "UPDATE template SET review = 'APPROVED', provider_code = %s WHERE id = %s", [code, template_id]
        )

    def send(self, **body):
        """Estimated, then sent."""
        confirm = self.post("estimate/", **body)["confirm"]
        return self.post("send/", 202, **body, confirm=confirm)

    def fingerprint(self, phone):
        return PRINTS.of(self.tenant, phone)

    def state(self):
        """Every row that a refused request must leave as it was."""
        tables = ("template", "batch", "message", "message_body", "credit_entry", "credit_hold", "outbox")
        return {table: self.academy.all(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables}

    def _good(self, answer, status):
        assert answer.status_code == status, answer.text
        return answer.json


@pytest.fixture
def app(academy, provider, issuer):
    made = create_app(load(Settings, environment(issuer, academy.db.url)))
    kit = made.extensions["servicekit"]
    ports = replace(kit.deps, provider=provider, fingerprints=PRINTS, clock=academy.clock)
    made.extensions["servicekit"] = replace(kit, deps=ports)
    return made


@pytest.fixture
def desk_of(app, academy, issuer):
    """`desk_of("other")`: somebody else, elsewhere."""
    return lambda tenant="hangang", role="staff": Desk(
        signed_in(app, issuer, tenant, [role]), academy, tenant
    )


@pytest.fixture
def desk(desk_of):
    return desk_of()


@pytest.fixture
def check_refusals(desk):
    """Every ((method, path, body), status, code) is refused so, and none of them changes anything."""

    def check(table):
        before = desk.state()
        wrong = {}
        for (method, path, body), *expected in table:
            got = desk.refused(method, path, body)
            if got != tuple(expected):
                wrong[f"{method} {path} {str(body)[:200]}"] = got
        assert wrong == {}
        assert desk.state() == before

    return check


@pytest.fixture
def nobody():
    """An id of nothing."""
    return str(UUID(int=404))
