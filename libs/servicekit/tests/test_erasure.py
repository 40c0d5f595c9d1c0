"""One receipt per purge, with what each person had; and what is held is told to other services only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from eventkit.clock import SYSTEM_CLOCK
from eventkit.consumer import Consumer
from eventkit.envelope import Event, decode, encode
from eventkit.erasure import Counts, Person
from eventkit.metrics import Metrics
from eventkit.queue import Queue
from eventkit.runtime import Runtime
from eventkit.schema import create_whole_kit
from eventkit.subscription import on
from eventkit.trace import Cause
from eventkit.uow import UnitOfWork, unit_of_work
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry
from servicekit.app import create_base_app
from servicekit.erasure import Eraser, holdings_blueprint
from servicekit.rls import enable_rls
from servicekit.settings import CommonSettings, load
from sqlalchemy import Connection, text
from testkit.api import environment, internal
from testkit.database import Operations, TestDatabase
from testkit.events import MakeEvent
from testkit.plugin import MakeDatabase
from testkit.sqs import FakeSqs
from testkit.tokens import Issuer

ONE, TWO, THREE = (UUID(int=n) for n in range(1, 4))


def build(op: Operations) -> None:
    create_whole_kit(op, "kit")
    op.execute("CREATE TABLE note (tenant_id text NOT NULL, student_id uuid NOT NULL)")
    enable_rls(op, "note")


@pytest.fixture
def kit(make_database: MakeDatabase) -> TestDatabase:
    database = make_database("kit", build)
    for tenant, student in (("demo", ONE), ("demo", ONE), ("demo", TWO), ("other", ONE)):
        database.admin.execute("INSERT INTO note VALUES (%s, %s)", (tenant, student))
    return database


@pytest.fixture
def sqs() -> FakeSqs:
    sqs = FakeSqs(SYSTEM_CLOCK)
    sqs.make_pair("kit")
    return sqs


@pytest.fixture
def work(kit: TestDatabase) -> Callable[[], Any]:
    @contextmanager
    def begin() -> Iterator[UnitOfWork]:
        with unit_of_work(kit.database, "demo", Cause.start(), source="media") as uow:
            yield uow

    return begin


def purge(make_event: MakeEvent, erasure: int, *students: UUID, correlation: str = "c") -> Event:
    columns = {
        "student_id": [str(student) for student in students],
        "name": ["김하나" for _ in students],
        "parent_phone": ["01012345678" for _ in students],
        "student_phone": [None for _ in students],
    }
    data = {"erasure_id": str(UUID(int=100 + erasure)), "students": columns}
    return make_event("students.student.purged", "demo", data, correlation)


def forget_notes(uow: UnitOfWork, people: Sequence[Person]) -> Counts:
    gone = text("DELETE FROM note WHERE student_id = ANY(:ids) RETURNING student_id")
    found = uow.conn.execute(gone, {"ids": [person.id for person in people]}).scalars()
    return Counter((student, "notes") for student in found)


def receipts(kit: TestDatabase) -> list[Event]:
    query = "SELECT body FROM outbox WHERE type = 'media.erasure.completed' ORDER BY seq"
    return [decode(body) for (body,) in kit.admin.execute(query)]


def counted(receipt: Event) -> list[tuple[str, str, int]]:
    columns = receipt.data["counts"]
    return list(zip(columns["student_id"], columns["kind"], columns["count"], strict=True))


def eraser(sqs: FakeSqs) -> Eraser:
    return Eraser(Queue.open(sqs, "kit-dlq"), "media.erasure.completed")


def test_every_purge_is_answered_once_with_what_its_people_had(
    kit: TestDatabase, sqs: FakeSqs, work: Callable[[], Any], make_event: MakeEvent
) -> None:
    first = purge(make_event, 1, ONE, THREE, correlation="first")
    again = purge(make_event, 2, ONE, TWO, correlation="again")
    nobody = purge(make_event, 3, THREE)
    with work() as uow:
        eraser(sqs)(uow, [first, again, nobody], forget_notes)
    answers = receipts(kit)
    assert [answer.data["erasure_id"] for answer in answers] == [
        event.data["erasure_id"] for event in (first, again, nobody)
    ]
    assert [counted(answer) for answer in answers] == [
        [(str(ONE), "notes", 2)],
        [(str(TWO), "notes", 1)],
        [],
    ]
    assert [(a.correlationid, a.causationid) for a in answers[:2]] == [
        ("first", str(first.id)),
        ("again", str(again.id)),
    ]
    assert kit.admin.execute("SELECT tenant_id FROM note").fetchall() == [("other",)]
    assert kit.admin.execute("SELECT tenant_id, student_id FROM erased ORDER BY 2").fetchall() == [
        ("demo", ONE),
        ("demo", TWO),
        ("demo", THREE),
    ]


def test_a_second_delivery_answers_nothing(kit: TestDatabase, sqs: FakeSqs, make_event: MakeEvent) -> None:
    erase = eraser(sqs)

    def on_student_purged(uow: UnitOfWork, events: Sequence[Event]) -> None:
        erase(uow, events, forget_notes)

    body = encode(purge(make_event, 1, ONE))
    for _ in range(3):
        sqs.send_message(QueueUrl=sqs.queue("kit").url, MessageBody=body)
    runtime = Runtime(SYSTEM_CLOCK, Metrics(CollectorRegistry()))
    heard = [on("students.student.purged", on_student_purged)]
    consumer = Consumer("media", Queue.open(sqs, "kit"), erase.dead, kit.database, heard, runtime)
    receipt = consumer.poll()
    assert (receipt.done, receipt.duplicate) == (1, 2)
    assert [counted(answer) for answer in receipts(kit)] == [[(str(ONE), "notes", 2)]]


def test_other_names_of_a_person_are_erased_too_and_counted_as_the_same_person(
    kit: TestDatabase, sqs: FakeSqs, work: Callable[[], Any], make_event: MakeEvent
) -> None:
    body = "옛이름 010-8888-7777"
    sqs.send_message(QueueUrl=sqs.queue("kit-dlq").url, MessageBody=body)
    with work() as uow:
        eraser(sqs)(
            uow,
            [purge(make_event, 1, ONE)],
            forget_notes,
            known_as=lambda _uow, people: [Person(people[0].id, "옛이름", "01088887777")],
        )
    assert sqs.bodies("kit-dlq") == ["*** ***"]
    assert [counted(answer) for answer in receipts(kit)] == [
        [(str(ONE), "dead_letters", 1), (str(ONE), "notes", 2)]
    ]


# --- what is held ---------------------------------------------------------------------------------


def count_notes(conn: Connection, tenant: str, students: Sequence[UUID]) -> Counts:
    query = text("SELECT student_id, count(*) FROM note WHERE student_id = ANY(:ids) GROUP BY 1")
    return Counter({(student, "notes"): n for student, n in conn.execute(query, {"ids": list(students)})})


@pytest.fixture
def client(kit: TestDatabase, issuer: Issuer) -> FlaskClient:
    settings = load(CommonSettings, environment(issuer, kit.url))
    blueprints = [holdings_blueprint(count_notes)]
    return internal(create_base_app("kit", settings, kit.database, blueprints=blueprints))


PATH = "/internal/erasure/holdings/"


def test_holdings_are_of_the_named_tenant_and_leave_out_who_has_nothing(client: FlaskClient) -> None:
    asked = {"tenant_id": "demo", "student_ids": [str(ONE), str(TWO), str(THREE)]}
    answer = client.post(PATH, json=asked)
    assert answer.status_code == 200
    assert answer.get_json() == {"holdings": {str(ONE): {"notes": 2}, str(TWO): {"notes": 1}}}
    answer = client.post(PATH, json={**asked, "tenant_id": "other"})
    assert answer.get_json() == {"holdings": {str(ONE): {"notes": 1}}}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"tenant_id": "../demo"}, "tenant_id"),
        ({"tenant_id": "demo\n"}, "tenant_id"),
        ({"tenant_id": ""}, "tenant_id"),
        ({"tenant_id": None}, "tenant_id"),
        ({"tenant_id": 7}, "tenant_id"),
        ({"student_ids": []}, "student_ids"),
        ({"student_ids": ["x"]}, "student_ids"),
        ({"student_ids": [str(UUID(int=n)) for n in range(501)]}, "student_ids"),
        ({"more": 1}, "more"),
    ],
)
def test_a_malformed_question_is_refused(client: FlaskClient, change: dict[str, Any], field: str) -> None:
    answer = client.post(PATH, json={"tenant_id": "demo", "student_ids": [str(ONE)], **change})
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]
