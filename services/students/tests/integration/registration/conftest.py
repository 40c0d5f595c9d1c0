"""The students API with somebody outside who asks, and staff who decide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from testkit.api import signed_in
from testkit.at_once import at_once

URL = "/api/v1/students/registration_requests/"
PASSWORD = "비밀번호-1234"


@dataclass
class Desk:
    """Both sides of the counter; each request comes from an address of its own unless it names one."""

    app: Any
    academy: Any
    sign_in: Callable[..., Any]

    def __post_init__(self) -> None:
        self._addresses = count(1)
        self.staff = self.sign_in()

    def post(self, body: Any, *, address: str | None = None, **options: Any) -> Any:
        """The public route, as whoever sends this body."""
        number = next(self._addresses)
        address = address or f"10.1.{number // 250}.{number % 250}"
        headers = {"X-Forwarded-For": address}
        return self.app.test_client().post(URL, json=body, headers=headers, **options)

    def ask(self, name: str = "김하나", phone: str = "01020000001", **more: Any) -> Any:
        """A good request with these fields changed; None leaves one out."""
        address = more.pop("address_seen", None)
        good = {
            "academy": "demo",
            "name": name,
            "parent_phone": phone,
            "password": PASSWORD,
            "consent": True,
            **more,
        }
        given = {key: value for key, value in good.items() if value is not None}
        return self.post(given, address=address)

    def asked(self, *args: Any, **more: Any) -> str:
        """The id of a request that was just made."""
        assert self.ask(*args, **more).status_code == 202
        return str(self.academy.all("SELECT max(id::text) FROM registration_request")[0][0])

    def listed(self, status: str | None = None, by: Any = None, **query: Any) -> list[dict[str, Any]]:
        if status:
            query["status"] = status
        answer = (by or self.staff).get(URL, query_string=query)
        assert answer.status_code == 200, answer.get_json()
        found: list[dict[str, Any]] = answer.get_json()["results"]
        return found

    def decide(self, path: str, body: Any = None, by: Any = None, **options: Any) -> Any:
        """POST below the requests: "<id>/approve/", "bulk_reject/"…"""
        return (by or self.staff).post(f"{URL}{path}", json=body or {}, **options)

    def setting(self, on: bool) -> None:
        answer = self.sign_in(["owner"]).patch(f"{URL}settings/", json={"auto_approve": on})
        assert answer.status_code == 200, answer.get_json()

    def student(self, name: str = "김하나", phone: str = "01020000001", **more: Any) -> str:
        """Somebody who is a student already."""
        [row] = self.academy.resolve({"name": name, "parent_phone": phone, **more}, job=uuid4())
        return str(row["student_id"])

    def one(self, query: str, *values: Any) -> Any:
        [row] = self.academy.all(query, *values)
        return row

    def count(self, table: str) -> int:
        return int(self.one(f"SELECT count(*) FROM {table}")[0])

    def at_once(self, *calls: Callable[[], Any]) -> list[Any]:
        """What each of the calls answered, made at the same time."""
        return [one.result() for one in at_once(*calls)]

    def trail(self) -> list[tuple[Any, ...]]:
        """Actor, action, whether it is about a person, details: oldest first, imports left out."""
        rows: list[tuple[Any, ...]] = self.academy.all(
            "SELECT actor, action, pseudonym IS NOT NULL, details FROM audit"
            " WHERE actor NOT LIKE 'job:%%' ORDER BY seq"
        )
        return rows


@pytest.fixture
def desk(app: Any, academy: Any, issuer: Any) -> Desk:
    def sign_in(roles: Any = ("staff",), tenant: str = "demo") -> Any:
        return signed_in(app, issuer, tenant, roles)

    return Desk(app, academy, sign_in)
