"""The operations routes of a small service "kit" whose dead letters are about real event types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from eventkit.clock import SYSTEM_CLOCK
from eventkit.deadletters import letters
from eventkit.deadletters.letters import Letter
from eventkit.deadletters.rehearsal import Rehearsal
from eventkit.deadletters.replayer import Replayer
from eventkit.envelope import Event, encode
from eventkit.ids import new_id
from eventkit.metrics import Metrics
from eventkit.runtime import Runtime
from eventkit.subscription import by_type, on
from eventkit.uow import UnitOfWork
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry
from sqlalchemy import text
from testkit.api import internal, signed_in
from testkit.database import TestDatabase
from testkit.events import MakeEvent
from testkit.tokens import Issuer
from werkzeug.test import TestResponse

TYPE = "students.student.changed"
NAMES = ("김하나", "이두리", "hana lee")
PHONES = ("01012345678", "01022223333", "01099998888")


def note(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """What the mended service does with such an event: one row for each student in it."""
    for event in events:
        for student_id in event.data["students"]["student_id"]:
            row = {"id": new_id(), "t": uow.tenant, "body": student_id[-4:]}
            uow.conn.execute(text("INSERT INTO note (id, tenant_id, body) VALUES (:id, :t, :body)"), row)


@dataclass
class Desk:
    """An operator's place: the API, the table behind it, and the worker that does what it is told."""

    app: Flask
    kit: TestDatabase
    issuer: Issuer
    make_event: MakeEvent

    def __post_init__(self) -> None:
        self.operator = self.at("operator")
        self.viewer = self.at("viewer")

    def at(self, *roles: str, subject: str = "") -> Caller:
        """Somebody with these roles, called so."""
        client = signed_in(self.app, self.issuer, "operations", roles, subject or f"{roles[0]}-1")
        return Caller(client, "/api/v1/operations/kit/")

    @property
    def inside(self) -> Caller:
        return Caller(internal(self.app), "/internal/operations/")

    def event(self, number: int = 0, tenant: str = "demo") -> Event:
        """With a name and a phone that must never be shown."""
        nothing = [None]
        students = {
            "student_id": [str(UUID(int=number + 1))], "version": [1], "name": [NAMES[number % 3]],
            "parent_phone": [PHONES[number % 3]], "student_phone": nothing, "school": ["서울고"],
            "grade": nothing, "deleted": [False],
        }  # fmt: skip
        return self.make_event(TYPE, tenant, {"students": students}, correlation=f"job-{number}")

    def bury(self, count: int = 1, *, tenant: str = "demo", reason: str = "refused") -> list[UUID]:
        """Ids of letters, the first seen first."""
        return [self.put(self.event(number, tenant), reason) for number in range(count)]

    def put(self, event: Event, reason: str = "refused") -> UUID:
        return self.put_body(encode(event), reason, event)

    def put_body(self, body: str, reason: str = "not_json", event: Event | None = None) -> UUID:
        letter_id = new_id()
        letter = Letter(
            id=letter_id, key=str(event.id if event else letter_id),
            tenant_id=event.tenantid if event else "",
            event_id=event.id if event else None, type=event.type if event else "unknown",
            handler="note" if event else "", reason=reason, place="handlers.py:7 note" if event else "",
            correlation_id=event.correlationid if event else None,
            published_at=event.time if event else None, source_queue="academy-kit-events", attempts=6,
            seen_at=datetime.now(UTC), body=body,
        )  # fmt: skip
        with self.kit.database.system() as conn:
            letters.keep(conn, [letter])
        return letter_id

    def work(self) -> None:
        """What a worker of this build finds to do."""
        runtime = Runtime(SYSTEM_CLOCK, Metrics(CollectorRegistry()))
        rehearsal = Rehearsal("kit", self.kit.database, by_type([on(TYPE, note)]), runtime)
        Replayer("kit", self.kit.database, rehearsal, runtime, "development").work()

    def replay(self, who: Caller | None = None, **chosen: Any) -> str:
        """A replay that has been tried; its id."""
        made = (who or self.operator).post("replays/", chosen or {"type": TYPE})
        assert made.status_code == 201, made.text
        self.work()
        return str(made.get_json()["id"])

    def audited(self) -> list[tuple[str, str]]:
        """(actor, action), oldest first."""
        return self.kit.admin.execute("SELECT actor, action FROM operator_audit ORDER BY seq").fetchall()

    def one(self, query: str) -> Any:
        found = self.kit.admin.execute(query.encode()).fetchone()
        assert found
        return found[0]


@dataclass(frozen=True)
class Caller:
    """A client under the operations' prefix."""

    client: FlaskClient
    prefix: str

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.client.get(self.prefix + path, query_string=query)

    def post(self, path: str, body: Any = None) -> TestResponse:
        return self.client.post(self.prefix + path, json={} if body is None else body)

    def patch(self, path: str, body: Any) -> TestResponse:
        return self.client.patch(self.prefix + path, json=body)


@pytest.fixture
def desk(app: Flask, kit: TestDatabase, issuer: Issuer, make_event: MakeEvent) -> Desk:
    return Desk(app, kit, issuer, make_event)
