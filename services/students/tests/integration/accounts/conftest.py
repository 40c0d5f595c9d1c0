"""The students API at its door: academies whose imported students have a real initial password."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from servicekit.passwords import hash_password
from testkit.api import signed_in

TOKEN = "/api/v1/students/token/"
ME = "/api/v1/students/me/"
INITIAL = "처음-pass1"
OWN = "own password 1"


@dataclass
class Door:
    """Posts to the public routes; `address` is what the proxy saw."""

    app: Any
    academy: Any
    address: str = "203.0.113.7"

    def post(self, path: str, body: Any, **headers: str) -> Any:
        client = self.app.test_client()
        return client.post(TOKEN + path, json=body, headers={"X-Forwarded-For": self.address, **headers})

    def sign_in(self, login: str, password: str = OWN, academy: str = "demo") -> Any:
        return self.post("", {"academy": academy, "login_id": login, "password": password})

    def change(self, login: str, password: str = INITIAL, new: str = OWN, academy: str = "demo") -> Any:
        body = {"academy": academy, "login_id": login, "password": password, "new_password": new}
        return self.post("password/", body)

    def refresh(self, token: str) -> Any:
        return self.post("refresh/", {"refresh_token": token})

    def revoke(self, token: str) -> Any:
        return self.post("revoke/", {"refresh_token": token})

    def me(self, tokens: dict[str, Any], method: str = "GET", **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        return self.app.test_client().open(ME, method=method, headers=headers, **options)

    def settled(self, login: str) -> dict[str, Any]:
        """Tokens of an account that has chosen its password OWN."""
        answer = self.change(login)
        assert answer.status_code == 200, answer.get_json()
        return answer.get_json()

    def code(self, answer: Any) -> tuple[int, str]:
        return answer.status_code, answer.get_json()["code"]


@pytest.fixture(scope="session")
def initial_hash() -> str:
    return hash_password(INITIAL)


@pytest.fixture
def door(app, academy) -> Door:
    return Door(app, academy)


@pytest.fixture
def desk(app, issuer):
    return signed_in(app, issuer, "demo", ["staff"], "desk-1")


@pytest.fixture
def enrol(academy, initial_hash):
    """Import students whose initial password is INITIAL; their ids."""

    def run(*rows: dict[str, Any], tenant: str = "demo") -> list[str]:
        made = academy.resolve(*rows, tenant=tenant)
        academy.db.admin.execute("UPDATE initial_credential SET hash = %s", [initial_hash])
        return [row["student_id"] for row in made]

    return run


@pytest.fixture
def kim(enrol) -> str:
    """김하나: signs in as 01011112222, the parent as 01099998888."""
    return enrol({"name": "김하나", "parent_phone": "01099998888", "student_phone": "01011112222"})[0]
