"""POST /api/v1/students/bulk_create/: one outcome per row, in order."""

from uuid import uuid4

import pytest

LIST = "/api/v1/students/"
BULK = f"{LIST}bulk_create/"


@pytest.fixture
def bulk(client):
    def send(*rows, by=client):
        answer = by.post(BULK, json={"initial_password": "pass1234", "students": list(rows)})
        assert answer.status_code == 201, answer.get_json()
        found = answer.get_json()
        assert len(found["results"]) == found["total"] == len(rows)
        assert found["failed"] == [
            {name: row[name] for name in ("row", "name", "code", "error", "conflict_student_id")}
            for row in found["results"]
            if row["outcome"] == "failed"
        ]
        assert found["created"] == found["total"] - len(found["failed"])
        return found["results"]

    return send


def row(number, **values):
    return {"name": f"학생{number}", "parent_phone": f"0101000{number:04d}", **values}


def told(results):
    return [(result["row"], result["outcome"], result["code"]) for result in results]


def test_every_row_has_its_own_outcome(academy, bulk, create, tag):
    known = create(name="아는 이", login_id="taken")
    gone = create(name="지운 이", parent_phone="01099990000")
    academy.delete(gone["id"])
    results = bulk(
        row(1, row=5, tags=[tag("신입")], memo="메모", custom_fields={"차량": "1호"}),
        {"name": "아는이", "parent_phone": "01012345678"},
        {"row": 7, "name": "지운 이", "parent_phone": "010-9999-0000"},
        row(1),
        row(4, login_id="taken"),
        row(5, parent_phone="02-123"),
        "학생",
        row(6, login_id="wished"),
        row(7, login_id="WISHED"),
        row(8, tags=[str(uuid4())]),
        row(9, grade=4, school_type="HIGH"),
        row(10, student_phone="wished"),
        row(11, row="열한 번째", name=3),
    )
    assert told(results) == [
        (5, "created", None),
        (2, "failed", "duplicate_student"),
        (7, "failed", "deleted_student_exists"),
        (4, "failed", "duplicate_in_request"),
        (5, "failed", "login_id_taken"),
        (6, "failed", "invalid_parent_phone"),
        (7, "failed", "invalid_request"),
        (8, "created", None),
        (9, "failed", "login_id_taken"),
        (10, "failed", "unknown_tags"),
        (11, "failed", "invalid_grade"),
        (12, "failed", "invalid_student_phone"),
        (13, "failed", "invalid_name"),
    ]
    assert [r["conflict_student_id"] for r in results[1:4]] == [known["id"], gone["id"], None]
    assert all((r["error"] is None) == (r["outcome"] == "created") for r in results)
    assert results[6]["error"] == "JSON 객체여야 합니다."
    assert academy.all("SELECT count(*) FROM student WHERE deleted_at IS NULL") == [(3,)]
    assert academy.all("SELECT memo, custom_fields FROM student WHERE name = '학생1'") == [
        ("메모", {"차량": "1호"})
    ]
    assert academy.all("SELECT count(*) FROM student_tag") == [(1,)]


def test_nothing_is_restored_or_changed_by_rows_that_fail(academy, bulk, create):
    known, gone = create(name="아는 이"), create(name="지운 이")
    academy.delete(gone["id"])
    before = academy.contents(but=())
    results = bulk(
        {"name": "아는 이", "parent_phone": "01012345678", "memo": "x"},
        {"name": "지운 이", "parent_phone": "01012345678", "memo": "x"},
    )
    assert [r["conflict_student_id"] for r in results] == [known["id"], gone["id"]]
    assert academy.contents(but=()) == before


def test_siblings_in_one_list_share_a_parent_and_its_phone_stays_the_parents(academy, bulk):
    results = bulk(
        row(1, parent_phone="01077778888"),
        row(2, parent_phone="01077778888", student_phone="01077778888"),
        row(3, login_id="01077778888"),
    )
    assert told(results)[2] == (3, "failed", "login_id_taken")
    assert academy.all("SELECT login_id FROM account WHERE kind = 'parent'") == [("01077778888",)]


def test_a_phone_that_another_row_wishes_as_login_is_left_to_it(academy, bulk):
    results = bulk(row(1, student_phone="01055556666"), row(2, login_id="01055556666"))
    assert [r["outcome"] for r in results] == ["created", "created"]
    logins = dict(academy.all("SELECT student_id::text, login_id FROM account WHERE kind = 'student'"))
    assert logins[results[1]["student_id"]] == "01055556666"
    assert logins[results[0]["student_id"]] != "01055556666"


def test_whom_it_created_is_told_and_recorded(academy, bulk, trail):
    bulk(row(1), row(2), row(1), row(3))
    [event] = academy.published("students.student.changed")
    assert sorted(event.data["students"]["name"]) == ["학생1", "학생2", "학생3"]
    assert trail() == [("user-1", "created", {})] * 3


def test_500_rows_cost_as_many_statements_as_five(bulk, statements):
    def cost(*rows):
        with statements() as seen:
            results = bulk(*rows)
        assert {r["outcome"] for r in results} == {"created"}
        return len(seen)

    assert cost(*(row(n) for n in range(5))) == cost(*(row(n) for n in range(10, 510)))


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "invalid_request"),
        ({"initial_password": "pass1234"}, 422, "invalid_request"),
        ({"initial_password": "pass1234", "students": []}, 422, "invalid_request"),
        ({"initial_password": "pass1234", "students": {}}, 422, "invalid_request"),
        ({"initial_password": "pass1234", "students": None}, 422, "invalid_request"),
        ({"initial_password": "pass1234", "students": "x"}, 422, "invalid_request"),
        ({"initial_password": "pass1234", "students": [None] * 501}, 422, "invalid_request"),
        ({"initial_password": "abc", "students": [{}]}, 422, "invalid_request"),
        ({"students": [{}]}, 422, "invalid_request"),
        ([], 422, "invalid_request"),
    ],
)
def test_a_request_that_is_no_list_is_refused_as_a_whole(client, body, status, code):
    answer = client.post(BULK, json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def test_hostile_rows_fail_alone(bulk):
    hostile = [None, 3, [], "", {}, {"name": {"a": 1}}, {"name": ["a"]}, {"": 1}, {"row": -1}, {"row": True}]
    hostile += [{"row": 2**60}, {"tags": [[]]}, {"custom_fields": {"a": {"b": 1}}}, {"password_hash": "x"}]
    results = bulk(*hostile, row(1))
    assert [r["row"] for r in results] == list(range(1, len(hostile) + 2))
    assert [r["outcome"] for r in results] == ["failed"] * len(hostile) + ["created"]
    assert all(r["code"].startswith("invalid_") and r["error"] for r in results[:-1])


def test_another_academy_s_students_are_no_conflict(bulk, create, stranger):
    create(name="학생1", parent_phone="01010000001", login_id="same")
    assert told(bulk(row(1, login_id="same"), by=stranger)) == [(1, "created", None)]
