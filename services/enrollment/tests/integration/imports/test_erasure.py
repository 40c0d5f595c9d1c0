"""A purged student leaves nothing in any table here, and nobody else loses anything."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from enrollment import handlers
from enrollment.domain.roster import RosterRow
from eventkit.clock import SYSTEM_CLOCK
from eventkit.consumer import Consumer
from eventkit.envelope import Event, encode
from eventkit.ids import new_id
from eventkit.metrics import Metrics
from eventkit.queue import Queue
from eventkit.runtime import Runtime
from eventkit.subscription import on
from flask import Flask
from prometheus_client import CollectorRegistry
from servicekit.erasure import Eraser
from testkit.api import app_of, internal
from testkit.sqs import FakeSqs

NAME, PHONE, OLD_PHONE, OWN_PHONE = "김하나", "01012345678", "01011112222", "01099998888"
SECRETS = (NAME, "김 하나", PHONE, OLD_PHONE, OWN_PHONE, "하나고")


@pytest.fixture
def sqs() -> FakeSqs:
    sqs = FakeSqs(SYSTEM_CLOCK)
    sqs.make_pair("enrollment")
    return sqs


@pytest.fixture
def purge(imports: Any, sqs: FakeSqs) -> Callable[..., Event]:
    """`purge((id, name, parent_phone, student_phone), …)`: on_student_purged; the event."""

    def run(*people: tuple[Any, ...], of: Any = imports) -> Event:
        event = purged(of, *people)
        dead = Queue.open(sqs, "enrollment-dlq")
        of.handle(
            [event],
            partial(
                handlers.on_student_purged,
                erase=Eraser(dead, "enrollment.erasure.completed"),
                objects=of.objects,
            ),
        )
        return event

    return run


def purged(of: Any, *people: tuple[Any, ...]) -> Event:
    columns = dict(
        zip(("student_id", "name", "parent_phone", "student_phone"), zip(*people, strict=True), strict=True)
    )
    students = {
        name: [str(c) if isinstance(c, UUID) else c for c in cells] for name, cells in columns.items()
    }
    data = {"erasure_id": str(new_id()), "students": students}
    made: Event = of.make_event("students.student.purged", of.tenant, data)
    return made


def changed(of: Any, *people: tuple[UUID, str, str], version: int = 1) -> Event:
    columns = {
        "student_id": [str(student) for student, _, _ in people],
        "version": [version for _ in people],
        "name": [name for _, name, _ in people],
        "parent_phone": [phone for _, _, phone in people],
        "student_phone": [OWN_PHONE if name == NAME else None for _, name, _ in people],
        "school": [None for _ in people],
        "grade": [None for _ in people],
        "deleted": [False for _ in people],
    }
    made: Event = of.make_event("students.student.changed", of.tenant, {"students": columns})
    return made


def roster(of: Any, rows: Sequence[RosterRow], students: dict[str, UUID]) -> Event:
    """An import into a new lecture, done, its events sent; names without a student fail."""
    accepted: Event = of.job(of.lecture(f"수학 {new_id()}"))

    def verdict(_row: int, name: str) -> tuple[str, UUID | None, str | None]:
        found = students.get(name.replace(" ", ""))
        return ("matched", found, None) if found else ("needs_review", None, "several_deleted_candidates")

    assert of.run(accepted, rows, verdict)["status"] == "DONE"
    of.all("UPDATE outbox SET sent_at = now()")
    return accepted


def teach(of: Any, student: UUID) -> None:
    """Two sessions with attendance for each of the student's enrollments."""
    for enrollment in of.all("SELECT * FROM enrollment WHERE student_id = %s", student):
        for order in (2, 3):
            given = of.tenant, of.session(enrollment["lecture_id"], order), enrollment["id"]
            for table in ("session_enrollment", "attendance"):
                of.all(
                    f"INSERT INTO {table} (tenant_id, session_id, enrollment_id) VALUES (%s, %s, %s)", *given
                )
    of.all("UPDATE attendance SET memo = '김하나 지각'")


def rich(of: Any, usable: Any, student: UUID) -> Event:
    """Everything that can be held of 김하나: two imports, one under an old number, rows of every outcome."""
    old = usable(2, NAME, parent_phone=OLD_PHONE, student_phone=OWN_PHONE, school="하나고")
    roster(of, [old], {NAME: student})
    rows = [
        usable(2, NAME, parent_phone=PHONE, student_phone=OWN_PHONE, school="하나고"),
        usable(
            3,
            "김 하나",
            parent_phone=PHONE,
            verdict="duplicate",
            code="duplicate_in_file",
            reason="2행과 같음",
        ),
        usable(4, NAME, parent_phone=None, verdict="failed", code="missing_parent_phone", reason="비어 있음"),
        replace(
            usable(5), name="", parent_phone=PHONE, verdict="failed", code="missing_name", reason="비어 있음"
        ),
        usable(
            6, "박세나", parent_phone=None, verdict="failed", code="missing_parent_phone", reason="비어 있음"
        ),
        usable(7, "최네나", parent_phone="01077778888"),
    ]
    accepted = roster(of, rows, {NAME: student})
    of.all("UPDATE import_job SET file_name = %s", unicodedata.normalize("NFD", "김하나 명단.xlsx"))
    of.handle([changed(of, (student, NAME, PHONE), version=9)], handlers.on_student_changed)
    teach(of, student)
    answer = json.dumps({"name": NAME, "student_id": str(student)}, ensure_ascii=False)
    of.all(
        "INSERT INTO idempotency (tenant_id, subject, operation, key, request_hash, status, body)"
        " VALUES (%s, 'user-1', 'POST /', 'k', 'h', 201, %s)", of.tenant, answer,
    )  # fmt: skip
    return accepted


def receipt(of: Any) -> dict[tuple[str, str], int]:
    (event,) = of.published("enrollment.erasure.completed")
    columns = event.data["counts"]
    return dict(zip(zip(columns["student_id"], columns["kind"], strict=True), columns["count"], strict=True))


def test_nothing_of_the_person_is_left_and_the_receipt_says_how_much_it_was(
    imports: Any, usable: Any, purge: Any, everything: Callable[[], str]
) -> None:
    student = new_id()
    accepted = rich(imports, usable, student)
    assert all(secret in everything() for secret in SECRETS)
    purge((student, NAME, PHONE, OWN_PHONE))
    assert [secret for secret in SECRETS if secret in unicodedata.normalize("NFC", everything())] == []
    assert receipt(imports) == {
        (str(student), kind): count
        for kind, count in {
            "answers": 1,
            "attendance": 6,
            "enrollments": 2,
            "events": 8,
            "import_rows": 5,
            "profiles": 1,
            "session_enrollments": 6,
        }.items()
    }
    rows = imports.rows(accepted)
    assert [(r["row"], r["name"], r["outcome"]) for r in rows] == [
        (2, None, "enrolled"),
        (3, None, "duplicate"),
        (4, None, "failed"),
        (5, None, "failed"),
        (6, "박세나", "failed"),
        (7, "최네나", "needs_review"),
    ]
    failed = imports.state(accepted)["result"]["failed"]
    assert [(f["row"], f["name"], f["code"]) for f in failed] == [
        (4, None, "missing_parent_phone"),
        (5, None, "missing_name"),
        (6, "박세나", "missing_parent_phone"),
    ]
    assert {job["file_name"] for job in imports.all("SELECT file_name FROM import_job")} == {"명단.xlsx"}


def test_a_sibling_and_another_academy_keep_everything(
    imports: Any, usable: Any, purge: Any, everything: Callable[[], str]
) -> None:
    student, sibling, namesake = new_id(), new_id(), new_id()
    rows = [
        usable(2, NAME, parent_phone=PHONE),
        usable(3, "김두나", parent_phone=PHONE),
        replace(
            usable(4), name="", parent_phone=PHONE, verdict="failed", code="missing_name", reason="비어 있음"
        ),
    ]
    accepted = roster(imports, rows, {NAME: student, "김두나": sibling})
    other = imports.of("other")
    rich(other, usable, namesake)
    theirs = tables(imports, "other")
    purge((student, NAME, PHONE, None))
    assert tables(imports, "other") == theirs
    assert [(r["name"], r["parent_phone"]) for r in imports.rows(accepted)] == [
        (None, None),
        ("김두나", PHONE),
        ("", PHONE),
    ]
    assert [e["student_id"] for e in imports.all("SELECT * FROM enrollment WHERE tenant_id = 'demo'")] == [
        sibling
    ]
    (chunk,) = imports.published("enrollment.roster.parsed", accepted)
    assert chunk.data["rows"]["name"] == ["***", "김두나"]


def tables(of: Any, tenant: str) -> dict[str, list[dict[str, Any]]]:
    names = of.all("SELECT table_name AS t FROM information_schema.columns WHERE table_schema = 'enrollment'"
                   " AND column_name = 'tenant_id' ORDER BY 1")  # fmt: skip
    return {
        name["t"]: sorted(of.all(f"SELECT * FROM {name['t']} WHERE tenant_id = %s", tenant), key=str)
        for name in names
    }


def test_a_row_of_somebody_else_of_that_name_and_number_stays(imports: Any, usable: Any, purge: Any) -> None:
    """A deleted duplicate is purged; the student who stays has the same name and number."""
    duplicate, kept = new_id(), new_id()
    accepted = roster(imports, [usable(2, NAME, parent_phone=PHONE)], {NAME: kept})
    purge((duplicate, NAME, PHONE, None))
    assert [(r["name"], r["student_id"]) for r in imports.rows(accepted)] == [(NAME, kept)]
    assert [r["student_id"] for r in imports.all("SELECT * FROM student_ref")] == [kept]


def test_an_import_under_way_ends_without_the_one_who_is_gone(
    imports: Any, usable: Any, purge: Any, everything: Callable[[], str]
) -> None:
    student = new_id()
    accepted = imports.job(imports.lecture())
    imports.read(accepted, [usable(2, NAME, parent_phone=PHONE), usable(3)])
    verdicts = {NAME: student}
    (answer,) = imports.answers(accepted, lambda _r, name: ("matched", verdicts.get(name) or new_id(), None))
    purge((student, NAME, PHONE, None))
    imports.enroll(answer)
    rows = imports.rows(accepted)
    assert imports.state(accepted)["status"] == "DONE"
    assert [(r["outcome"], r["code"]) for r in rows] == [("failed", "student_gone"), ("enrolled", None)]
    assert imports.all("SELECT * FROM student_ref WHERE student_id = %s", student) == []
    assert imports.all("SELECT * FROM enrollment WHERE student_id = %s", student) == []
    assert rows[0]["name"] is None
    assert imports.state(accepted)["result"]["failed"][0]["name"] is None


def test_late_events_bring_nobody_back(imports: Any, purge: Any) -> None:
    student = new_id()
    purge((student, NAME, PHONE, None))
    imports.handle([changed(imports, (student, NAME, PHONE), version=99)], handlers.on_student_changed)
    assert imports.all("SELECT * FROM student_ref") == []


def test_a_second_delivery_changes_and_says_nothing(imports: Any, usable: Any, sqs: FakeSqs) -> None:
    student = new_id()
    rich(imports, usable, student)
    body = encode(purged(imports, (student, NAME, PHONE, OWN_PHONE)))
    dead = Queue.open(sqs, "enrollment-dlq")
    heard = [
        on(
            "students.student.purged",
            partial(
                handlers.on_student_purged,
                erase=Eraser(dead, "enrollment.erasure.completed"),
                objects=imports.objects,
            ),
        )
    ]
    runtime = Runtime(SYSTEM_CLOCK, Metrics(CollectorRegistry()))
    database = imports.academy.database
    consumer = Consumer("enrollment", Queue.open(sqs, "enrollment"), dead, database, heard, runtime)
    for expected in ((1, 0), (0, 1)):
        sqs.send_message(QueueUrl=sqs.queue("enrollment").url, MessageBody=body)
        settled = consumer.poll()
        assert (settled.done, settled.duplicate) == expected
        assert receipt(imports)[str(student), "enrollments"] == 2


def test_no_export_of_the_academy_outlives_one_of_its_people(imports: Any, usable: Any, purge: Any) -> None:
    student = new_id()
    rich(imports, usable, student)
    for of, key in ((imports, "exports/demo/a.xlsx"), (imports.of("other"), "exports/other/b.xlsx")):
        imports.objects.content[key] = b"PK"
        imports.all(
            "INSERT INTO export_job (id, tenant_id, kind, target_id, revision, status, file_name, object_key,"
            " requested_by, correlation_id, expires_at) VALUES (gen_random_uuid(), %s, 'roster',"
            " gen_random_uuid(), '1', 'DONE', 'a.xlsx', %s, 'u', 'r', now() + interval '1 day')",
            of.tenant, key,
        )  # fmt: skip
    purge((student, NAME, PHONE, None))
    left = imports.all("SELECT tenant_id, status, object_key FROM export_job ORDER BY tenant_id")
    assert [tuple(row.values()) for row in left] == [
        ("demo", "EXPIRED", None),
        ("other", "DONE", "exports/other/b.xlsx"),
    ]
    assert [key for key in imports.objects.content if "exports" in key] == ["exports/other/b.xlsx"]


def test_a_person_of_a_replayed_purge_is_found_by_what_is_known_here(
    imports: Any, usable: Any, purge: Any, everything: Callable[[], str]
) -> None:
    student = new_id()
    rich(imports, usable, student)
    purge((student, "", "", None))
    left = unicodedata.normalize("NFC", everything())
    assert [secret for secret in SECRETS if secret in left] == []


def test_a_merge_of_a_purged_student_is_over(imports: Any, usable: Any, purge: Any) -> None:
    winner, loser = new_id(), new_id()
    lecture = imports.lecture()
    moved, merge = imports.enrollment(lecture, winner), new_id()
    imports.all("INSERT INTO student_merge VALUES ('demo', %s, %s, %s, false)", merge, winner, loser)
    imports.all("INSERT INTO merge_move VALUES ('demo', %s, %s, 'moved', 'ACTIVE', now())", merge, moved)
    purge((loser, NAME, PHONE, None))
    assert [m["undone"] for m in imports.all("SELECT * FROM student_merge")] == [True]
    assert imports.count("merge_move") == 0
    assert [e["student_id"] for e in imports.all("SELECT * FROM enrollment")] == [winner]


def test_the_number_of_statements_does_not_grow_with_the_people(
    imports: Any, usable: Any, purge: Any, statements: Callable[[], Any]
) -> None:
    seen: list[int] = []
    for size in (1, 60):
        rows = [usable(n, f"학생{n}", parent_phone=f"010{size:04d}{n:04d}") for n in range(2, 2 + size)]
        people = {row.name: new_id() for row in rows}
        roster(imports, rows, people)
        with statements() as run:
            purge(*((people[row.name], row.name, row.parent_phone, None) for row in rows))
        seen.append(len(run))
    assert imports.count("enrollment") == 0
    assert seen[0] == seen[1]


# --- what is held ---------------------------------------------------------------------------------


def test_holdings_say_what_a_purge_would_take(imports: Any, usable: Any, issuer: Any) -> None:
    student, stranger = new_id(), new_id()
    rich(imports, usable, student)
    app: Flask = app_of("enrollment", issuer, imports.academy.url)
    asked = {"tenant_id": "demo", "student_ids": [str(student), str(stranger)]}
    answer = internal(app).post("/internal/erasure/holdings/", json=asked)
    assert answer.get_json() == {
        "holdings": {
            str(student): {
                "attendance": 6,
                "enrollments": 2,
                "import_rows": 2,
                "profiles": 1,
                "session_enrollments": 6,
            }
        }
    }
    answer = internal(app).post("/internal/erasure/holdings/", json={**asked, "tenant_id": "other"})
    assert answer.get_json() == {"holdings": {}}
