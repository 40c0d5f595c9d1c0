"""A purged person leaves no row in a stored event, answer or dead letter; no late event brings one back."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa
from contracts import REGISTRY
from contracts.columns import Columns
from eventkit import erasure
from eventkit.envelope import Event, decode, encode
from eventkit.erasure import Person, bury, erase_dead_letters, erase_traces, erased_among
from eventkit.errors import TransientError
from eventkit.ids import new_id
from eventkit.projection import project
from eventkit.queue import Queue
from eventkit.schema import create_whole_kit
from eventkit.trace import Cause
from eventkit.uow import UnitOfWork, unit_of_work
from servicekit.rls import enable_rls
from testkit.clock import FakeClock
from testkit.database import Operations, Templates, TestDatabase
from testkit.events import MakeEvent
from testkit.sqs import FakeSqs

HANA = Person(UUID(int=1), "김하나", "01012345678", "01099998888")
DURI = Person(UUID(int=2), "이 두리", "01022223333", None)
SIBLING = Person(UUID(int=3), "김두나", "01012345678", None)
NOBODY_ELSE = Person(UUID(int=4), "박세나", "01055556666", None)
JOB = str(UUID(int=90))
HASH = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA"

pupil = sa.Table(
    "pupil",
    sa.MetaData(),
    sa.Column("tenant_id", sa.Text, primary_key=True),
    sa.Column("student_id", sa.Uuid, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
)


def _build(op: Operations) -> None:
    create_whole_kit(op, "kit")
    op.execute(
        "CREATE TABLE pupil (tenant_id text, student_id uuid, name text NOT NULL, version bigint NOT NULL,"
        " PRIMARY KEY (tenant_id, student_id))"
    )
    enable_rls(op, "pupil")


@pytest.fixture(scope="session")
def _school(templates: Templates) -> Iterator[TestDatabase]:
    with templates.built("kit", _build) as database:
        yield database


@dataclass
class School:
    """One service's outbox, answers and dead letters."""

    database: TestDatabase
    make_event: MakeEvent
    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        self.sqs = FakeSqs(self.clock)
        self.sqs.make_pair("kit")
        self.dead = Queue.open(self.sqs, "kit-dlq")

    @contextmanager
    def work(self, tenant: str = "demo") -> Iterator[UnitOfWork]:
        with unit_of_work(self.database.database, tenant, Cause.start(), source="kit") as uow:
            yield uow

    def store(self, type: str, data: dict[str, Any], *, tenant: str = "demo", sent: bool = True) -> int:
        """An event in the outbox; its seq."""
        made = self.make_event(type, tenant, data)
        row = self.database.admin.execute(
            "INSERT INTO outbox (id, destination, type, tenant_id, subject, correlation_id, body, sent_at)"
            " VALUES (%s, 'media', %s, %s, 's', 'c', %s, CASE WHEN %s THEN now() END) RETURNING seq",
            (made.id, type, tenant, encode(made), sent),
        ).fetchone()
        assert row
        return int(row[0])

    def stored(self, seq: int) -> Event:
        """Decoded: what is there is an event still."""
        row = self.database.admin.execute("SELECT body FROM outbox WHERE seq = %s", (seq,)).fetchone()
        assert row
        return decode(row[0])

    def answer(self, body: str, tenant: str = "demo") -> None:
        self.database.admin.execute(
            "INSERT INTO idempotency (tenant_id, subject, operation, key, request_hash, status, body)"
            " VALUES (%s, 'user-1', 'POST /', %s, 'h', 200, %s)",
            (tenant, str(new_id()), body),
        )

    def answers(self) -> list[str]:
        rows = self.database.admin.execute("SELECT body FROM idempotency ORDER BY body").fetchall()
        return [body for (body,) in rows]

    def erase(self, *people: Person, tenant: str = "demo") -> Counter[tuple[UUID, str]]:
        with self.work(tenant) as uow:
            return erase_traces(uow, people)

    def bury_letter(self, body: str, **attributes: str) -> None:
        given = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        more = {"MessageAttributes": given} if given else {}
        self.sqs.send_message(QueueUrl=self.sqs.queue("kit-dlq").url, MessageBody=body, **more)

    def letter(self, type: str, data: dict[str, Any], tenant: str = "demo") -> str:
        body = encode(self.make_event(type, tenant, data))
        self.bury_letter(body, type=type, reason="bug")
        return body

    def letters(self) -> list[str]:
        return self.sqs.bodies("kit-dlq")

    def erase_letters(self, *people: Person, tenant: str = "demo") -> Counter[tuple[UUID, str]]:
        with self.work(tenant) as uow:
            return erase_dead_letters(uow, self.dead, people)


@pytest.fixture
def school(_school: TestDatabase, make_event: MakeEvent) -> School:
    _school.admin.execute("TRUNCATE outbox, inbox, idempotency, erased, pupil RESTART IDENTITY")
    return School(_school, make_event)


def changed(*people: Person, version: int = 1) -> dict[str, Any]:
    return {"students": students(*people, version=version)}


def students(*people: Person, version: int = 1) -> dict[str, list[Any]]:
    return {
        "student_id": [str(p.id) for p in people],
        "version": [version for _ in people],
        "name": [p.name for p in people],
        "parent_phone": [p.parent_phone for p in people],
        "student_phone": [p.student_phone for p in people],
        "school": ["서울고" for _ in people],
        "grade": [2 for _ in people],
        "deleted": [False for _ in people],
    }


def parsed(*people: Person) -> dict[str, Any]:
    nothing = [None for _ in people]
    details = ("school", "school_type", "gender", "school_class", "major", "memo")
    columns = {
        "row": list(range(2, 2 + len(people))),
        "name": [p.name for p in people],
        "parent_phone": [p.parent_phone for p in people],
        "student_phone": [p.student_phone for p in people],
        "grade": nothing,
        **dict.fromkeys(details, nothing),
    }
    return {
        "job_id": JOB, "chunk": 0, "dry_run": False, "initial_password_hash": HASH, "rows": columns,
    }  # fmt: skip


def purged(*people: Person) -> dict[str, Any]:
    names = ("name", "parent_phone", "student_phone")
    columns = {name: [getattr(p, name) for p in people] for name in names}
    return {"erasure_id": JOB, "students": {"student_id": [str(p.id) for p in people], **columns}}


def merged(winner: Person, loser: Person) -> dict[str, Any]:
    ids = {"merge_id": JOB, "winner_id": str(winner.id), "loser_id": str(loser.id)}
    return {**ids, **changed(winner, loser)}


# --- stored events --------------------------------------------------------------------------------


def test_rows_of_a_person_leave_every_stored_event_and_all_others_stay(school: School) -> None:
    sent = school.store("students.student.changed", changed(HANA, SIBLING, DURI))
    waiting = school.store("students.student.changed", changed(SIBLING, HANA), sent=False)
    alone = school.store("students.student.changed", changed(HANA))
    counts = school.erase(HANA, DURI)
    assert school.stored(sent).data == changed(SIBLING)
    assert school.stored(waiting).data == changed(SIBLING)
    assert school.stored(alone).data == changed()
    assert counts == {(HANA.id, "events"): 3, (DURI.id, "events"): 1}
    assert school.erase(HANA, DURI) == {}


def test_a_row_of_a_roster_is_found_by_name_and_number_and_stays_numbered(school: School) -> None:
    spelt = Person(HANA.id, "김 하나", HANA.parent_phone, None)
    seq = school.store("enrollment.roster.parsed", parsed(spelt, SIBLING, NOBODY_ELSE))
    assert school.erase(HANA) == {(HANA.id, "events"): 1}
    rows = school.stored(seq).data["rows"]
    assert rows["row"] == [2, 3, 4]
    assert rows["name"] == ["***", SIBLING.name, NOBODY_ELSE.name]
    assert rows["parent_phone"] == ["***", SIBLING.parent_phone, NOBODY_ELSE.parent_phone]


def test_a_roster_on_its_way_is_let_through_and_its_answer_keeps_every_row(school: School) -> None:
    on_its_way = school.store("enrollment.roster.parsed", parsed(HANA), sent=False)
    answer = {"row": [2], "outcome": ["matched"], "student_id": [str(HANA.id)], "code": [None]}
    resolved = school.store("students.roster.resolved", {"job_id": JOB, "chunk": 0, "rows": answer})
    assert school.erase(HANA) == {}
    assert school.stored(on_its_way).data == parsed(HANA)
    assert school.stored(resolved).data["rows"] == answer


def test_a_merge_loses_the_row_of_the_one_who_is_gone(school: School) -> None:
    seq = school.store("students.student.merged", merged(NOBODY_ELSE, HANA))
    assert school.erase(HANA) == {(HANA.id, "events"): 1}
    assert school.stored(seq).data == {**merged(NOBODY_ELSE, HANA), **changed(NOBODY_ELSE)}


def test_what_says_who_is_purged_and_what_came_of_it_stays(school: School) -> None:
    counts = {"student_id": [str(HANA.id)], "kind": ["events"], "count": [1]}
    kept = {
        school.store("students.student.purged", purged(HANA)): purged(HANA),
        school.store("media.erasure.completed", {"erasure_id": JOB, "counts": counts}): None,
    }
    assert school.erase(HANA) == {}
    assert [school.stored(seq).data == data for seq, data in kept.items() if data] == [True]


def test_a_purge_names_nobody_once_all_have_answered(school: School) -> None:
    done = school.store("students.student.purged", purged(HANA, DURI))
    other = school.store("students.student.purged", {**purged(SIBLING), "erasure_id": str(UUID(int=91))})
    with school.work() as uow:
        assert erasure.forget_names(uow, [UUID(JOB)]) == 1
    with school.work() as uow:
        assert erasure.forget_names(uow, [UUID(JOB)]) == 0
    found = erasure.people([school.stored(done)])
    assert found == [Person(HANA.id, "", ""), Person(DURI.id, "", "")]
    assert erasure.people([school.stored(other)]) == [SIBLING]


def test_another_academy_keeps_people_of_the_same_name_and_number(school: School) -> None:
    theirs = school.store("enrollment.roster.parsed", parsed(HANA), tenant="other")
    school.answer(f'{{"name":"{HANA.name}","phone":"{HANA.parent_phone}"}}', tenant="other")
    assert school.erase(HANA) == {}
    assert school.stored(theirs).data == parsed(HANA)
    assert len(school.answers()) == 1


def test_somebody_known_by_id_only_is_found_by_id_only(school: School) -> None:
    replayed = Person(HANA.id, "", "", None)
    seq = school.store("students.student.changed", changed(HANA, SIBLING))
    nameless = school.store("enrollment.roster.parsed", parsed(Person(SIBLING.id, "", "", None), HANA))
    assert school.erase(replayed) == {(HANA.id, "events"): 1}
    assert school.stored(seq).data == changed(SIBLING)
    assert school.stored(nameless).data["rows"]["name"] == ["", HANA.name]


def test_characters_that_sqs_refuses_stay_escaped(school: School) -> None:
    odd = Person(SIBLING.id, "김\ufffe두\uffff나", SIBLING.parent_phone, None)
    seq = school.store("students.student.changed", changed(HANA, odd))
    school.erase(HANA)
    assert school.stored(seq).data == changed(odd)
    (body,) = school.database.admin.execute("SELECT body FROM outbox").fetchone() or ("",)
    assert "\ufffe" not in body
    assert "\uffff" not in body


def _tables(type: str) -> dict[str, Columns]:
    declared = REGISTRY.get(type).schema().fields
    return {name: found for name, found in declared.items() if isinstance(found, Columns)}


@pytest.mark.parametrize(
    "type", [t.name for t in REGISTRY if any("name" in table.columns for table in _tables(t.name).values())]
)
def test_every_type_that_can_name_somebody_is_an_event_still_without_them(school: School, type: str) -> None:
    data = {
        "students.student.changed": changed(HANA, SIBLING),
        "students.student.merged": merged(SIBLING, HANA),
        "students.student.unmerged": merged(SIBLING, HANA),
        "students.student.purged": purged(HANA, SIBLING),
        "enrollment.roster.parsed": parsed(HANA, SIBLING),
    }[type]  # a KeyError here: say what the new type looks like
    seq = school.store(type, data)
    school.erase(HANA)
    text = orjson.dumps(school.stored(seq).data).decode()
    assert SIBLING.name in text
    assert (HANA.name in text) == (type == "students.student.purged")


def test_the_number_of_statements_depends_on_the_events_and_not_on_the_people(
    school: School, statements: Any
) -> None:
    many = [Person(new_id(), f"학생{n}", f"010{n:08d}", None) for n in range(400)]
    for start in range(0, 400, 10):
        school.store("students.student.changed", changed(*many[start : start + 10]))
    with statements() as for_one:
        school.erase(*many[:1])
    with statements() as for_all:
        school.erase(*many)
    assert len(for_one) <= len(for_all) <= 8
    remaining = school.database.admin.execute(
        "SELECT count(*) FROM outbox WHERE body LIKE '%학생%'"
    ).fetchone()
    assert remaining == (0,)


# --- stored answers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "forgotten"),
    [
        (f'{{"id":"{HANA.id}"}}', True),
        (f'{{"id":"{str(HANA.id).upper()}"}}', True),
        (f'{{"name":"{HANA.name}","parent_phone":"{HANA.parent_phone}"}}', True),
        (f'{{"name":"{HANA.name}","phone":"010-9999-8888"}}', True),
        (orjson.dumps({"n": DURI.name, "p": DURI.parent_phone}).decode(), True),
        (f'{{"name":"{HANA.name}"}}', False),
        (f'{{"name":"{SIBLING.name}","parent_phone":"{HANA.parent_phone}"}}', False),
        (f'{{"id":"{NOBODY_ELSE.id}"}}', False),
    ],
)
def test_an_answer_that_names_a_person_is_forgotten(school: School, body: str, forgotten: bool) -> None:
    school.answer(body)
    counts = school.erase(HANA, DURI)
    assert school.answers() == ([] if forgotten else [body])
    assert sum(counts.values()) == int(forgotten)


def test_a_name_with_a_quote_is_found_as_json_writes_it(school: School) -> None:
    odd = Person(UUID(int=7), 'Ann "A" Lee', "01012121212", None)
    school.answer(orjson.dumps({"name": odd.name, "phone": odd.parent_phone}).decode())
    assert school.erase(odd) == {(odd.id, "answers"): 1}
    assert school.answers() == []


# --- tombstones -----------------------------------------------------------------------------------


def _pupils(school: School) -> list[str]:
    return [name for (name,) in school.database.admin.execute("SELECT name FROM pupil ORDER BY name")]


def test_an_event_that_comes_late_brings_nobody_back(school: School) -> None:
    with school.work() as uow:
        bury(uow.conn, "demo", [HANA])
        bury(uow.conn, "demo", [HANA, HANA])
    with school.work() as uow:
        project(uow, pupil, changed(HANA, SIBLING)["students"])
        assert erased_among(uow.conn, "demo", [HANA.id, SIBLING.id]) == {HANA.id}
    with school.work("other") as uow:
        project(uow, pupil, changed(HANA)["students"])
    assert _pupils(school) == [SIBLING.name, HANA.name]


def test_an_erasure_waits_for_a_projection_under_way(school: School) -> None:
    """Else the erasure would not see the row, and the projection not the tombstone."""
    closed = threading.Event()

    def erase() -> None:
        with school.work() as uow:
            erasure.close_gate(uow.conn, "demo")
            closed.set()
            uow.conn.execute(sa.delete(pupil).where(pupil.c.tenant_id == "demo"))
            bury(uow.conn, "demo", [HANA])

    thread = threading.Thread(target=erase)
    with school.work() as uow:
        project(uow, pupil, changed(HANA)["students"])
        thread.start()
        assert not closed.wait(0.2)
    thread.join(10)
    assert _pupils(school) == []


# --- dead letters ---------------------------------------------------------------------------------


def test_dead_letters_lose_the_person_and_nothing_else(school: School) -> None:
    school.letter("students.student.changed", changed(HANA, SIBLING))
    others = [
        school.letter("students.student.changed", changed(SIBLING)),
        school.letter("students.student.changed", changed(HANA), tenant="other"),
        school.letter("students.student.purged", purged(HANA)),
    ]
    attributes = school.sqs.queue("kit-dlq").messages[0].attributes
    assert school.erase_letters(HANA) == {(HANA.id, "dead_letters"): 1}
    kept = [body for body in school.letters() if body not in others]
    assert len(school.letters()) == 4
    assert [decode(body).data for body in kept] == [changed(SIBLING)]
    (message,) = (m for m in school.sqs.queue("kit-dlq").messages if m.body in kept)
    assert message.attributes == attributes
    assert all(m.visible <= school.clock.monotonic() for m in school.sqs.queue("kit-dlq").messages)
    assert school.erase_letters(HANA) == {}


UNREADABLE = [
    (f"{{not json {HANA.id} {HANA.name} 010-1234-5678", f"{{not json {HANA.id} *** ***"),
    (f"이름={HANA.name} 전화={HANA.parent_phone},{HANA.student_phone}", "이름=*** 전화=***,***"),
    (f'{{"tenantid":"other","n":"{HANA.name}","p":"{HANA.parent_phone}"}}', None),
    (f'{{"type":"students.student.purged","n":"{HANA.name}","p":"{HANA.parent_phone}"}}', None),
    (f"{HANA.id} is nobody's name", None),
    (f"{HANA.name} alone", None),
    ("\\uae40\\ud558\\ub098 01012345678", "*** ***"),
]


@pytest.mark.parametrize(("body", "left"), UNREADABLE)
def test_an_unreadable_letter_is_masked(school: School, body: str, left: str | None) -> None:
    school.bury_letter(body, reason="not_json")
    counts = school.erase_letters(HANA)
    assert school.letters() == [left or body]
    assert counts == ({(HANA.id, "dead_letters"): 1} if left else {})


def test_more_letters_than_one_receive_takes(school: School) -> None:
    for n in range(34):
        school.letter("students.student.changed", changed(HANA if n % 2 else SIBLING, NOBODY_ELSE))
    assert school.erase_letters(HANA) == {(HANA.id, "dead_letters"): 17}
    assert len(school.letters()) == 34
    assert not any(HANA.name in body for body in school.letters())


def test_a_letter_that_cannot_be_stored_anew_stays_until_the_next_attempt(school: School) -> None:
    school.letter("students.student.changed", changed(HANA))
    school.sqs.faults.refuse("SendMessageBatch", lambda entry: True)
    with pytest.raises(TransientError):
        school.erase_letters(HANA)
    assert len(school.letters()) == 1
    school.sqs.faults.forgive()
    school.clock.advance(60)
    school.erase_letters(HANA)
    assert [decode(body).data for body in school.letters()] == [changed()]


def test_a_crash_between_storing_and_deleting_loses_nothing_and_leaves_nothing(school: School) -> None:
    school.letter("students.student.changed", changed(HANA, SIBLING))
    school.sqs.faults.refuse("DeleteMessageBatch", lambda entry: True)
    with pytest.raises(TransientError):
        school.erase_letters(HANA)
    school.sqs.faults.forgive()
    school.clock.advance(60)
    school.erase_letters(HANA)
    assert [decode(body).data for body in school.letters()] == [changed(SIBLING)] * 2
