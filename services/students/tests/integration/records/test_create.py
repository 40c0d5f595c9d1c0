"""POST /api/v1/students/."""

from functools import partial
from uuid import uuid4

import pytest
from servicekit.passwords import verify_password
from testkit.api import signed_in
from testkit.at_once import at_once

LIST = "/api/v1/students/"
PROFILE = {
    "student_phone": "01099990000",
    "school": "가나고등학교",
    "school_type": "HIGH",
    "grade": 2,
    "gender": "F",
    "school_class": "3반",
    "major": "이과",
    "origin_school": "다라중",
    "address": "서울시 강남구 1-2",
    "memo": "월수금\n차량",
    "custom_fields": {"혈액형": "A", "알레르기": ""},
    "is_managed": False,
}


BROKEN = [
    ({"name": None}, "name"),
    ({"name": ""}, "name"),
    ({"name": "\u200b \u3164"}, "name"),
    ({"name": "가" * 51}, "name"),
    ({"name": 7}, "name"),
    ({"name": "가\x00나"}, "name"),
    ({"parent_phone": "0212345678"}, "parent_phone"),
    ({"parent_phone": ""}, "parent_phone"),
    ({"parent_phone": 1012345678}, "parent_phone"),
    ({"parent_phone": "0101234567"}, "parent_phone"),
    ({"student_phone": "123"}, "student_phone"),
    ({"initial_password": "abc"}, "initial_password"),
    ({"initial_password": None}, "initial_password"),
    ({"initial_password": "x" * 129}, "initial_password"),
    ({"login_id": "abc"}, "login_id"),
    ({"login_id": "한글아이디"}, "login_id"),
    ({"login_id": "a b c d"}, "login_id"),
    ({"login_id": "a" * 41}, "login_id"),
    ({"school_type": "COLLEGE"}, "school_type"),
    ({"school_type": ""}, "school_type"),
    ({"grade": 0}, "grade"),
    ({"grade": 7}, "grade"),
    ({"grade": "2"}, "grade"),
    ({"grade": True}, "grade"),
    ({"grade": 1.5}, "grade"),
    ({"grade": 4, "school_type": "HIGH"}, "grade"),
    ({"grade": 4, "school_type": "MIDDLE"}, "grade"),
    ({"gender": "남"}, "gender"),
    ({"school": "가" * 101}, "school"),
    ({"school": ["가"]}, "school"),
    ({"school": "줄\n바꿈"}, "school"),
    ({"memo": "가" * 5001}, "memo"),
    ({"address": {"x": 1}}, "address"),
    ({"is_managed": "false"}, "is_managed"),
    ({"is_managed": 0}, "is_managed"),
    ({"custom_fields": []}, "custom_fields"),
    ({"custom_fields": None}, "custom_fields"),
    ({"custom_fields": {"a": 1}}, "custom_fields"),
    ({"custom_fields": {"a": None}}, "custom_fields"),
    ({"custom_fields": {"": "a"}}, "custom_fields"),
    ({"custom_fields": {"가" * 51: "a"}}, "custom_fields"),
    ({"custom_fields": {"a": "가" * 501}}, "custom_fields"),
    ({"custom_fields": {"a": "\x00"}}, "custom_fields"),
    ({"custom_fields": {str(n): "" for n in range(31)}}, "custom_fields"),
    ({"tags": "x"}, "tags"),
    ({"tags": ["x"]}, "tags"),
    ({"tags": [str(uuid4()) for _ in range(21)]}, "tags"),
    ({"tags": ["0197f1d0-0000-7000-8000-000000000001"] * 2}, "tags"),
    ({"id": "x"}, "id"),
    ({"deleted_at": "2026-01-01"}, "deleted_at"),
    ({"tenant_id": "other"}, "tenant_id"),
]


def test_a_student_is_created_with_every_field_account_and_parent(academy, create, tag):
    tag_id = tag("신입생")
    made = create(name=" 홍  길동 ", login_id="Hong.1", tags=[tag_id], **PROFILE)
    assert {name: made[name] for name in PROFILE} == PROFILE
    assert (made["name"], made["parent_phone"], made["login_id"]) == ("홍 길동", "01012345678", "hong.1")
    assert (made["omr_code"], made["uses_identifier"], made["must_change"]) == ("99990000", False, True)
    assert made["tags"] == [{"id": tag_id, "name": "신입생", "color": "#3b82f6"}]
    assert made["parent"] | {"id": None} == {
        "id": None,
        "name": "홍 길동 학부모",
        "phone": "01012345678",
        "login_id": "01012345678",
        "must_change": True,
    }
    assert (made["version"], made["deleted_at"], made["deleted_days_left"]) == (1, None, None)
    assert (made["photo_url"], made["hold"], made["merged_into"], made["siblings"]) == (None, None, None, [])
    [(hashed,)] = academy.all(
        "SELECT DISTINCT c.hash FROM initial_credential c JOIN account a ON a.initial_credential_id = c.id"
    )
    assert verify_password(hashed, "first-pass-1")


def test_the_least_is_a_name_and_a_parent_phone(create):
    made = create(parent_phone="+82 10 1234 5678", school="", grade=None, login_id="")
    assert (made["parent_phone"], made["school"], made["grade"]) == ("01012345678", None, None)
    assert (made["uses_identifier"], made["omr_code"], made["custom_fields"]) == (True, "12345678", {})
    assert made["is_managed"] is True
    assert len(made["login_id"]) == 9


def test_a_student_phone_is_the_login_id_unless_one_is_wished(create):
    assert create(student_phone="01099990000")["login_id"] == "01099990000"
    assert create(name="김둘", student_phone="01099990001", login_id="kim-2")["login_id"] == "kim-2"


def test_broken_input_is_refused_by_field_and_nothing_is_written(academy, post):
    for change, field in BROKEN:
        answer = post(**change).get_json()
        found = (answer["status"], answer["code"], list(answer["errors"]))
        assert found == (422, "invalid_request", [field]), change
    assert academy.all("SELECT count(*) FROM student") == [(0,)]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 415, "unsupported_media_type"),
        (b"{", 400, "invalid_json"),
        (b"[]", 422, "invalid_request"),
        (b"null", 422, "invalid_request"),
        (b'"x"', 422, "invalid_request"),
        (b"{}", 422, "invalid_request"),
        (b'{"name": NaN}', 400, "invalid_json"),
        (b'{"name": "\\ud800"}', 400, "invalid_json"),
        (b'{"memo": "' + b"x" * (1 << 20) + b'"}', 413, "too_large"),
    ],
)
def test_broken_bodies(client, body, status, code):
    type_ = "text/plain" if not body else "application/json"
    answer = client.post(LIST, data=body, content_type=type_)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def test_the_same_student_again_is_a_409_that_says_who_it_is(academy, create, post):
    made = create(name="홍 길동", login_id="hong")
    before = academy.contents()
    answer = post(name="홍길동", parent_phone="01012345678", student_phone="01055556666")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "duplicate_student")
    assert answer.get_json()["existing_student"] == {
        "id": made["id"],
        "name": "홍 길동",
        "parent_phone": "01012345678",
        "login_id": "hong",
    }
    assert academy.contents() == before


def test_a_deleted_one_is_a_409_and_is_not_restored(academy, create, post):
    made = create(login_id="hana")
    academy.delete(made["id"])
    before = academy.contents()
    problem = post().get_json()
    assert (problem["status"], problem["code"], problem["candidates"]) == (409, "deleted_student_exists", 1)
    found = problem["deleted_student"]
    assert found.pop("deleted_at").endswith("+00:00")
    assert found == {
        "id": made["id"], "name": "김하나", "parent_phone": "01012345678", "login_id": "hana"
    }  # fmt: skip
    assert academy.contents() == before


def test_of_several_deleted_ones_the_newest_is_shown(academy, post):
    newest = uuid4()
    for student_id, days in ((uuid4(), 5), (newest, 1), (uuid4(), 3)):
        academy.all(
            "INSERT INTO student (tenant_id, id, name, name_key, parent_phone, deleted_at) VALUES"
            " ('demo', %s, '김하나', '김하나', '01012345678', now() - %s * interval '1 day') RETURNING id",
            student_id,
            days,
        )
    problem = post().get_json()
    assert (problem["code"], problem["candidates"]) == ("deleted_student_exists", 3)
    assert problem["deleted_student"]["id"] == str(newest)


def test_a_login_id_belongs_to_one(create, post):
    create(login_id="hana", parent_phone="01011112222", student_phone="01099998888")
    for taken in ("hana", "HANA", "01011112222", "01033334444"):
        answer = post(name="이두리", parent_phone="01033334444", login_id=taken)
        assert (answer.status_code, answer.get_json()["code"]) == (409, "login_id_taken")
        assert list(answer.get_json()["errors"]) == ["login_id"]
        assert "김하나" not in answer.text
    assert create(name="이두리", login_id="01099998888")["login_id"] == "01099998888"


def test_a_generated_or_phone_login_that_is_taken_is_passed_over(create):
    create(name="김하나", login_id="01099998888")
    assert create(name="이두리", student_phone="01099998888")["login_id"] != "01099998888"


def test_academies_do_not_see_each_others_students_logins_and_tags(academy, create, post, stranger, tag):
    create(login_id="hana")
    assert post(stranger, login_id="hana").status_code == 201
    answer = post(name="이두리", tags=[tag("남의 태그", stranger)])
    assert (answer.status_code, answer.get_json()["code"]) == (422, "unknown_tags")
    assert academy.all("SELECT tenant_id, count(*) FROM student GROUP BY 1 ORDER BY 1") == [
        ("demo", 1),
        ("other", 1),
    ]


def test_siblings_share_one_parent_whose_account_stays(academy, create):
    one = create(name="김하나", initial_password="password-one")
    two = create(name="김두리", initial_password="password-two")
    assert two["parent"] == one["parent"]
    assert two["siblings"] == [{"id": one["id"], "name": "김하나"}]
    assert academy.all("SELECT count(*) FROM parent") == [(1,)]
    assert academy.all("SELECT count(*) FROM account WHERE kind = 'parent'") == [(1,)]


def test_one_identity_at_once_is_one_student(academy, app, issuer, post):
    def send(number):
        by = signed_in(app, issuer, "demo", ["teacher"], f"user-{number}")
        answer = post(by, name=("홍길동", "홍 길동")[number % 2])
        return answer.status_code, answer.get_json().get("code")

    answers = [one.result() for one in at_once(*(partial(send, number) for number in range(8)))]
    assert sorted(answers, key=str) == [(201, None), *[(409, "duplicate_student")] * 7]
    assert academy.all("SELECT count(*) FROM student") == [(1,)]


def test_an_idempotency_key_creates_once(academy, client):
    body = {"name": "김하나", "parent_phone": "01012345678", "initial_password": "pass1234"}
    first, again = (client.post(LIST, json=body, headers={"Idempotency-Key": "k1"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_json()["id"] == again.get_json()["id"]
    assert academy.all("SELECT count(*) FROM student") == [(1,)]


def test_a_creation_is_told_and_recorded_without_a_name(academy, create, trail):
    made = create(student_phone="01099990000", grade=3)
    [event] = academy.published("students.student.changed")
    assert event.data["students"] == {
        "student_id": [made["id"]],
        "version": [1],
        "name": ["김하나"],
        "parent_phone": ["01012345678"],
        "student_phone": ["01099990000"],
        "school": [None],
        "grade": [3],
        "deleted": [False],
    }
    assert trail() == [("user-1", "created", {})]
    assert academy.all("SELECT count(*) FROM audit WHERE pseudonym IS NULL OR length(pseudonym) <> 32") == [
        (0,)
    ]


def test_who_was_merged_is_known_as_the_winner(academy, create, post):
    winner = create(name="김하나", parent_phone="01011112222")
    loser = create(name="김하나", parent_phone="01012345678")
    academy.delete(loser["id"])
    academy.all("UPDATE student SET merged_into = %s WHERE id = %s RETURNING id", winner["id"], loser["id"])
    problem = post().get_json()
    assert (problem["code"], problem["existing_student"]["id"]) == ("duplicate_student", winner["id"])
    [row] = academy.resolve({"name": "김하나", "parent_phone": "01012345678", "school": "새 학교"})
    assert (row["outcome"], row["student_id"]) == ("matched", winner["id"])
    academy.delete(winner["id"])
    assert academy.resolve({"name": "김하나", "parent_phone": "01012345678"})[0]["outcome"] == "created"


def test_a_deleted_record_that_nobody_merged_comes_before_a_merged_one(academy, create):
    winner = create(name="김하나", parent_phone="01011112222")
    gone = [create(name="김하나")]
    academy.delete(gone[0]["id"])
    academy.all("UPDATE student SET merged_into = %s WHERE id = %s RETURNING id", winner["id"], gone[0]["id"])
    academy.all(
        "INSERT INTO student (tenant_id, id, name, name_key, parent_phone, deleted_at) VALUES"
        " ('demo', gen_random_uuid(), '김하나', '김하나', '01012345678', now()) RETURNING id"
    )
    assert academy.resolve({"name": "김하나", "parent_phone": "01012345678"})[0]["outcome"] == "restored"
