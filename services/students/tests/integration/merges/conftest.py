"""Staff of two academies, and short words for what the tests do often."""

import pytest
from testkit.api import signed_in

ROOT = "/api/v1/students/"
PASSWORD = "first-pass-1"


class Desk:
    """`post`, `get` and so on answer (status, body); paths are below /api/v1/students/."""

    def __init__(self, client):
        self.client = client

    def ask(self, method, path, body=None, **query):
        answer = self.client.open(ROOT + path, method=method, json=body, query_string=query)
        return answer.status_code, answer.get_json(silent=True)

    def post(self, path, body=None):
        return self.ask("POST", path, body)

    def get(self, path, **query):
        status, body = self.ask("GET", path, **query)
        assert status == 200, body
        return body

    def done(self, path, body=None):
        status, answer = self.post(path, body)
        assert status in (200, 201, 204), answer
        return answer

    def patch(self, student_id, **values):
        status, answer = self.ask("PATCH", f"{student_id}/", values)
        assert status == 200, answer
        return answer

    def create(self, name="김하나", parent_phone="01012345678", **values):
        body = {"name": name, "parent_phone": parent_phone, "initial_password": PASSWORD, **values}
        return self.done("", body)["id"]

    def tag(self, name):
        return self.done("tags/", {"name": name})["id"]

    def merge(self, winner, loser):
        return self.done("merge/", {"winner_id": winner, "loser_id": loser})

    def merged(self, winner, loser):
        return self.merge(winner, loser)["merge_id"]


@pytest.fixture
def desk(app, issuer):
    return Desk(signed_in(app, issuer, "demo", ["staff"], subject="staff-1"))


@pytest.fixture
def stranger(app, issuer):
    """The owner of another academy."""
    return Desk(signed_in(app, issuer, "other", ["owner"]))


@pytest.fixture
def trail(academy):
    """(action, pseudonym, details) of the audit trail."""
    return lambda *actions: academy.all(
        "SELECT action, pseudonym, details FROM audit WHERE action = ANY(%s) ORDER BY seq", list(actions)
    )
