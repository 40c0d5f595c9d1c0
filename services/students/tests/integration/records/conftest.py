"""A client of the records API, one of another academy, and short words for what tests do often."""

import pytest
from testkit.api import signed_in

LIST = "/api/v1/students/"
PASSWORD = "first-pass-1"


@pytest.fixture
def app(app_with_objects):
    return app_with_objects


@pytest.fixture
def client(app, issuer):
    return signed_in(app, issuer, "demo", ["staff"])


@pytest.fixture
def stranger(app, issuer):
    """The owner of another academy."""
    return signed_in(app, issuer, "other", ["owner"])


@pytest.fixture
def post(client):
    """`post(name="김하나")`: create a student; the answer."""

    def send(by=client, **values):
        body = {"name": "김하나", "parent_phone": "010-1234-5678", "initial_password": PASSWORD, **values}
        return by.post(LIST, json=body)

    return send


@pytest.fixture
def create(post):
    """As `post`, for a student that is created; the detail."""

    def send(**values):
        answer = post(**values)
        assert answer.status_code == 201, answer.get_json()
        return answer.get_json()

    return send


@pytest.fixture
def tag(client):
    """`tag("신입생")`: a new tag's id."""

    def make(name, by=client):
        answer = by.post(f"{LIST}tags/", json={"name": name})
        assert answer.status_code == 201, answer.get_json()
        return answer.get_json()["id"]

    return make


@pytest.fixture
def trail(academy):
    """(actor, action, details) of the audit trail, in order."""

    def read(action=None):
        return academy.all(
            "SELECT actor, action, details FROM audit WHERE action = coalesce(%s, action) ORDER BY seq",
            action,
        )

    return read
