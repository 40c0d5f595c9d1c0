"""on_roster_parsed: every row of a chunk gets exactly one outcome (enrollment.roster.parsed)."""

from contextlib import nullcontext
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

PROFILE = {
    "student_phone": "01099990000",
    "school": "가나고등학교",
    "school_type": "HIGH",
    "grade": 2,
    "gender": "F",
    "school_class": "3반",
    "major": "이과",
    "memo": "월수금",
}


def test_a_new_student_is_created_with_profile_parent_and_accounts(academy, person):
    job = uuid4()
    [answer] = academy.resolve(person(1, **PROFILE), job=job)
    assert (answer["row"], answer["outcome"], answer["code"]) == (2, "created", None)
    [stored] = academy.all(
        "SELECT tenant_id, name, name_key, parent_phone, student_phone, school, school_type, grade, gender,"
        " school_class, major, memo, version, deleted_at FROM student WHERE id = %s",
        answer["student_id"],
    )
    assert stored == ("demo", "학생1", "학생1", "01000000001", *PROFILE.values(), 1, None)
    assert academy.all("SELECT p.name, p.phone FROM parent p JOIN student s ON s.parent_id = p.id") == [
        ("학생1 학부모", "01000000001")
    ]
    assert academy.all(
        "SELECT kind, login_id, must_change, password_hash, initial_credential_id FROM account ORDER BY kind"
    ) == [
        ("parent", "01000000001", True, None, job),
        ("student", "01099990000", True, None, job),
    ]


def test_the_initial_password_hash_is_stored_once_per_import_and_expires(academy, person):
    job = uuid4()
    academy.resolve(person(1), person(2), job=job, number=0)
    academy.resolve(person(3), job=job, number=1)
    assert academy.all(
        "SELECT id, tenant_id, expires_at - created_at = interval '14 days' FROM initial_credential"
    ) == [(job, "demo", True)]


def test_an_active_student_is_matched_and_not_touched(academy, person):
    [first] = academy.resolve(person(1, school="가나중"))
    before = academy.contents()
    [again] = academy.resolve(person(1, **PROFILE))
    assert again == {**first, "outcome": "matched", "version": None}
    assert academy.contents() == before
    assert len(academy.published("students.student.changed")) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [("홍 길동", "홍길동"), ("홍길동", "홍\u200b길동"), ("Ann Lee", "ann  LEE"), ("김하나", "김하나")],
)
def test_two_spellings_of_one_name_are_one_student(academy, first, second):
    [one] = academy.resolve({"name": first, "parent_phone": "01012345678"})
    [two] = academy.resolve({"name": second, "parent_phone": "01012345678"})
    assert (two["outcome"], two["student_id"]) == ("matched", one["student_id"])


def test_one_name_under_two_parent_phones_is_two_students(academy):
    answers = academy.resolve(
        {"name": "김하나", "parent_phone": "01012345678"}, {"name": "김하나", "parent_phone": "01012345679"}
    )
    assert [answer["outcome"] for answer in answers] == ["created", "created"]


def test_a_deleted_student_is_restored_with_the_rows_values_over_the_stored_ones(academy, person):
    [made] = academy.resolve(person(1, school="가나중", grade=3, memo="옛 메모"))
    accounts = academy.all("SELECT * FROM account ORDER BY id")
    academy.delete(made["student_id"])
    [back] = academy.resolve(person(1, school="다라고", gender="M"))
    assert back == {**made, "outcome": "restored", "version": 3}
    assert academy.all(
        "SELECT name, school, grade, gender, memo, version, deleted_at, updated_at > created_at FROM student"
    ) == [("학생1", "다라고", 3, "M", "옛 메모", 3, None, True)]
    assert academy.all("SELECT * FROM account ORDER BY id") == accounts


def test_a_restored_student_without_account_or_parent_gets_them_back(academy, person):
    [made] = academy.resolve(person(1))
    academy.delete(made["student_id"])
    academy.all("DELETE FROM account RETURNING id")
    academy.all("UPDATE student SET parent_id = NULL RETURNING id")
    academy.all("DELETE FROM parent RETURNING id")
    assert academy.resolve(person(1))[0]["outcome"] == "restored"
    assert academy.all(
        "SELECT count(*) FROM student s JOIN parent p ON p.id = s.parent_id"
        " JOIN account a ON a.student_id = s.id JOIN account b ON b.parent_id = p.id"
    ) == [(1,)]


def test_several_deleted_candidates_are_a_review_and_never_a_guess(academy, person):
    deleted = []
    for _ in range(2):
        [made] = academy.resolve(person(1))
        academy.all(
            "UPDATE student SET name_key = name_key || '-' WHERE id = %s RETURNING id", made["student_id"]
        )
        academy.delete(made["student_id"])
        deleted.append(made["student_id"])
    academy.all("UPDATE student SET name_key = '학생1' RETURNING id")
    before = academy.contents()
    [answer] = academy.resolve(person(1))
    assert answer == {
        "row": 2, "outcome": "needs_review", "student_id": None, "code": "several_deleted_candidates",
        "version": None, "candidates": ",".join(reversed(deleted)),
    }  # fmt: skip
    assert academy.contents() == before


def test_an_active_student_is_matched_however_many_deleted_twins_there_are(academy, person):
    [made] = academy.resolve(person(1))
    for _ in range(3):
        academy.all(
            "INSERT INTO student (tenant_id, id, name, name_key, parent_phone, deleted_at)"
            " VALUES ('demo', gen_random_uuid(), '학생1', '학생1', '01000000001', now()) RETURNING id"
        )
    assert academy.resolve(person(1)) == [{**made, "outcome": "matched", "version": None}]


def test_a_row_that_cannot_be_stored_fails_alone(academy, person):
    answers = academy.resolve(
        person(1),
        person(2, grade=9),
        person(3, memo="가\0나"),
        {"name": " \u200b ", "parent_phone": "01000000004"},
        {"name": "김하나", "parent_phone": "0212345678"},
        person(6),
    )
    assert [(a["row"], a["outcome"], a["code"], a["student_id"] is None) for a in answers] == [
        (2, "created", None, False),
        (3, "failed", "invalid_grade", True),
        (4, "failed", "invalid_text", True),
        (5, "failed", "invalid_name", True),
        (6, "failed", "invalid_parent_phone", True),
        (7, "created", None, False),
    ]
    assert academy.all("SELECT count(*) FROM student") == [(2,)]


def test_the_same_student_twice_in_a_chunk_is_one_student(academy, person):
    [gone] = academy.resolve(person(2))
    academy.delete(gone["student_id"])
    answers = academy.resolve(person(1), person(2), person(1), person(2), person(1))
    assert [a["outcome"] for a in answers] == ["created", "restored", "matched", "matched", "matched"]
    assert [a["student_id"] for a in answers[2:]] == [
        answers[0]["student_id"], gone["student_id"], answers[0]["student_id"]
    ]  # fmt: skip
    assert academy.all("SELECT count(*) FROM student") == [(2,)]


def test_the_same_student_in_two_chunks_of_a_batch_is_one_student(academy, person):
    job = uuid4()
    first = academy.chunk(person(1), person(2), job=job, number=0)
    second = academy.chunk(person(2), person(3), job=job, number=1)
    academy.deliver(first, second)
    outcomes = [event.data["rows"]["outcome"] for event in academy.published("students.roster.resolved")]
    assert outcomes == [["created", "created"], ["matched", "created"]]
    assert academy.all("SELECT count(*) FROM student") == [(3,)]


def test_hostile_text_survives_the_copy(academy):
    texts = [
        "O'Neil",
        'a"b',
        r"\N",
        r"\.",
        "a\\b",
        "tab\tin",
        "line\nbreak\r\n",
        "{x,y}",
        "%s :name",
        "$1;--",
    ]
    rows = [
        {"name": f"학생 {at}", "parent_phone": f"010{at:08d}", "school": text, "memo": text * 3}
        for at, text in enumerate(texts)
    ]
    rows += [{"name": text, "parent_phone": "01077777777"} for text in texts]
    answers = academy.resolve(*rows)
    assert {a["outcome"] for a in answers} == {"created"}
    stored = academy.all("SELECT school, memo FROM student WHERE memo IS NOT NULL ORDER BY parent_phone")
    assert stored == [(text, text * 3) for text in texts]
    names = academy.all("SELECT name FROM student WHERE parent_phone = '01077777777'")
    assert sorted(name for (name,) in names) == sorted(" ".join(text.split()) for text in texts)


def test_an_empty_chunk_is_answered(academy):
    event = academy.chunk()
    academy.deliver(event)
    [resolved] = academy.published("students.roster.resolved", event.correlationid)
    assert resolved.data["rows"] == {
        "row": [],
        "outcome": [],
        "student_id": [],
        "code": [],
        "version": [],
        "candidates": [],
    }


def test_the_chunk_is_answered_in_its_own_flow(academy, person):
    job, other = uuid4(), uuid4()
    one = academy.chunk(person(1), job=job, number=4)
    two = academy.chunk(person(2), job=other, number=0)
    academy.deliver(one, two)
    for sent, job_id, number in ((one, job, 4), (two, other, 0)):
        for type_ in ("students.roster.resolved", "students.student.changed"):
            [event] = academy.published(type_, sent.correlationid)
            assert event.causationid == str(sent.id)
        resolved = academy.published("students.roster.resolved", sent.correlationid)[0].data
        assert (UUID(resolved["job_id"]), resolved["chunk"]) == (job_id, number)


def test_whom_the_chunk_wrote_is_told_and_nobody_else(academy, person):
    [kept, gone] = academy.resolve(person(1), person(2, school="가나중", grade=1))
    academy.delete(gone["student_id"])
    event = academy.chunk(person(1), person(2, student_phone="01055554444"), person(3))
    academy.deliver(event)
    [changed] = academy.published("students.student.changed", event.correlationid)
    new = academy.all("SELECT id::text FROM student WHERE name = '학생3'")[0][0]
    assert changed.data["students"] == {
        "student_id": [gone["student_id"], new],
        "version": [3, 1],
        "name": ["학생2", "학생3"],
        "parent_phone": ["01000000002", "01000000003"],
        "student_phone": ["01055554444", None],
        "school": ["가나중", None],
        "grade": [1, None],
        "deleted": [False, False],
    }
    assert kept["student_id"] not in changed.data["students"]["student_id"]


def test_the_same_event_again_changes_nothing(academy, person):
    event = academy.chunk(person(1), person(2))
    academy.deliver(event)
    before = academy.contents(but=())
    academy.deliver(event)
    academy.deliver(event, event)
    after = academy.contents(but=())
    assert before.pop("inbox") != after.pop("inbox")  # which counts the duplicates
    assert after == before


def test_the_same_rows_under_a_new_event_id_match(academy, person):
    """Should the inbox ever forget, the identity rule still holds."""
    first = academy.resolve(person(1), person(2))
    again = academy.resolve(person(1), person(2))
    assert again == [{**row, "outcome": "matched", "version": None} for row in first]


def test_a_dry_run_forecasts_and_writes_nothing(academy, person):
    [kept, gone] = academy.resolve(person(1), person(2))
    academy.delete(gone["student_id"])
    rows = [person(1), person(2, memo="x"), person(3), person(3), person(4, grade=99)]
    before = academy.contents()
    forecast = academy.resolve(*rows, dry_run=True)
    assert academy.contents() == before
    assert len(academy.published("students.student.changed")) == 1
    assert [(a["outcome"], a["student_id"]) for a in forecast] == [
        ("matched", kept["student_id"]),
        ("restored", gone["student_id"]),
        ("created", None),
        ("matched", None),
        ("failed", None),
    ]
    real = academy.resolve(*rows)
    assert [(a["outcome"], a["code"]) for a in real] == [(a["outcome"], a["code"]) for a in forecast]


def test_a_row_that_loses_the_race_for_its_identity_is_matched(academy, person, monkeypatch):
    """Somebody who does not take the lock inserts between the look-up and the insert."""
    taken = uuid4()

    def intrude(*_):
        academy.all(
            "INSERT INTO student (tenant_id, id, name, name_key, parent_phone) VALUES"
            " ('demo', %s, '학생1', '학생1', '01000000001') RETURNING id",
            taken,
        )
        return nullcontext()

    @sa.event.listens_for(academy.db.database._engine, "before_cursor_execute")
    def before(conn, cursor, statement, *_):
        if "INSERT INTO initial_credential" in statement:
            intrude()

    answers = academy.resolve(person(1), person(2))
    assert [a["outcome"] for a in answers] == ["matched", "created"]
    assert answers[0]["student_id"] == str(taken)
    [changed] = academy.published("students.student.changed")
    assert changed.data["students"]["student_id"] == [answers[1]["student_id"]]
