"""POST registration_requests/: what is refused, what is kept, and that the answer gives nobody away."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from students.domain.registration import RECEIVED

PASSWORD = "비밀번호-1234"


def test_a_request_is_kept_with_what_it_says(desk: Any) -> None:
    answer = desk.ask(
        "홍  길동",
        "010-1234-5678",
        student_phone="+82 10 9999 8888",
        login_id="Gildong.H",
        school="서울고",
        school_type="HIGH",
        grade=2,
        gender="M",
        school_class="3",
        major="이과",
        origin_school="서울중",
        address="서울시 강남구",
        memo="수학 반을 원합니다.\n부탁드립니다.",
    )

    assert (answer.status_code, answer.get_json()) == (202, {"detail": RECEIVED})
    [item] = desk.listed()
    assert item.pop("id")
    assert item.pop("created_at").endswith("+00:00")
    assert item == {
        "status": "pending",
        "name": "홍 길동",
        "parent_phone": "01012345678",
        "student_phone": "01099998888",
        "login_id": "gildong.h",
        "school": "서울고",
        "school_type": "HIGH",
        "grade": 2,
        "gender": "M",
        "school_class": "3",
        "major": "이과",
        "origin_school": "서울중",
        "address": "서울시 강남구",
        "memo": "수학 반을 원합니다.\n부탁드립니다.",
        "decided_at": None,
        "decided_by": None,
        "reason": None,
        "student_id": None,
        "match": None,
    }
    assert desk.count("student") == desk.count("account") == 0


def test_fields_that_were_left_out_are_null(desk: Any) -> None:
    desk.ask(student_phone="", school="", memo=" ")
    [item] = desk.listed()
    names = ("student_phone", "login_id", "school", "school_type", "grade", "gender", "address", "memo")
    assert [item[name] for name in names] == [None] * len(names)


def test_the_password_is_hashed_and_kept_nowhere_else(desk: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert desk.ask().status_code == 202
    assert desk.ask(consent=False).status_code == 422

    [(hashed,)] = desk.academy.all("SELECT password_hash FROM registration_request")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PASSWORD not in str(desk.academy.contents())
    for secret in (PASSWORD, hashed, "김하나", "01020000001"):
        assert secret not in caplog.text
        assert secret not in desk.staff.get("/metrics").get_data(as_text=True)
    assert "password" not in str(desk.listed())


HOSTILE: dict[str, tuple[dict[str, Any], str]] = {
    "no academy": ({"academy": None}, "academy"),
    "academy with a slash": ({"academy": "demo/../x"}, "academy"),
    "academy as SQL": ({"academy": "demo'; DROP TABLE student --"}, "academy"),
    "academy too long": ({"academy": "a" * 64}, "academy"),
    "academy a number": ({"academy": 1}, "academy"),
    "no name": ({"name": None}, "name"),
    "name of blanks": ({"name": " \u3164 "}, "name"),
    "name too long": ({"name": "가" * 51}, "name"),
    "name a list": ({"name": ["김하나"]}, "name"),
    "name with NUL": ({"name": "김\x00하나"}, "name"),
    "no parent phone": ({"parent_phone": None}, "parent_phone"),
    "a landline": ({"parent_phone": "02-123-4567"}, "parent_phone"),
    "ten digits": ({"parent_phone": "0101234567"}, "parent_phone"),
    "phone a number": ({"parent_phone": 1012345678}, "parent_phone"),
    "student phone wrong": ({"student_phone": "011-123-4567"}, "student_phone"),
    "no password": ({"password": None}, "password"),
    "password of seven": ({"password": "1234567"}, "password"),
    "password too long": ({"password": "x" * 129}, "password"),
    "password with NUL": ({"password": "abcdefgh\x00"}, "password"),
    "password a number": ({"password": 12345678}, "password"),
    "no consent": ({"consent": None}, "consent"),
    "consent false": ({"consent": False}, "consent"),
    "consent as text": ({"consent": "true"}, "consent"),
    "consent as one": ({"consent": 1}, "consent"),
    "login id too short": ({"login_id": "abc"}, "login_id"),
    "login id in Korean": ({"login_id": "홍길동길동"}, "login_id"),
    "login id with a blank": ({"login_id": "hong gil"}, "login_id"),
    "school type unknown": ({"school_type": "UNIVERSITY"}, "school_type"),
    "grade zero": ({"grade": 0}, "grade"),
    "grade as text": ({"grade": "2"}, "grade"),
    "grade above the school's": ({"school_type": "MIDDLE", "grade": 4}, "grade"),
    "gender unknown": ({"gender": "남"}, "gender"),
    "memo too long": ({"memo": "m" * 5001}, "memo"),
    "status is not theirs to say": ({"status": "approved"}, "status"),
    "nor is_managed": ({"is_managed": False}, "is_managed"),
    "nor tags": ({"tags": ["0193b5a0-0000-7000-8000-000000000000"]}, "tags"),
    "nor custom fields": ({"custom_fields": {"비고": "x"}}, "custom_fields"),
    "nor a tenant": ({"tenant_id": "other"}, "tenant_id"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_bad_field_is_named_and_nothing_is_kept(desk: Any, name: str) -> None:
    fields, field = HOSTILE[name]

    answer = desk.ask(**fields)

    body = answer.get_json()
    assert (answer.status_code, body["code"]) == (422, "invalid_request")
    assert list(body["errors"]) == [field]
    assert desk.count("registration_request") == desk.count("throttle") == 0


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"", "application/json", 400, "invalid_json"),
        (b"{", "application/json", 400, "invalid_json"),
        (b'{"name": "\\ud800"}', "application/json", 400, "invalid_json"),
        (b"[]", "application/json", 422, "invalid_request"),
        (b'"x"', "application/json", 422, "invalid_request"),
        (b"name=x", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b'{"name": "' + b"x" * (16 << 10) + b'"}', "application/json", 413, "too_large"),
    ],
)
def test_a_body_that_is_no_request_is_refused(
    desk: Any, app: Any, body: bytes, content_type: str, status: int, code: str
) -> None:
    url = "/api/v1/students/registration_requests/"
    answer = app.test_client().post(url, data=body, content_type=content_type)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert desk.count("registration_request") == 0


def told(answer: Any) -> tuple[Any, ...]:
    """All of an answer that could tell something; the request's id and the time are everybody's own."""
    own = ("x-request-id", "date")
    headers = sorted((key, value) for key, value in answer.headers if key.lower() not in own)
    return answer.status_code, answer.get_data(), headers


@pytest.mark.parametrize("auto", [False, True])
def test_the_answer_gives_nobody_away(desk: Any, auto: bool) -> None:
    desk.setting(auto)
    desk.student("재학생", "01020000002", student_phone="01077770001")
    desk.academy.delete(desk.student("삭제됨", "01020000003"))
    for _ in range(2):
        desk.academy.delete(desk.student("둘삭제", "01020000004"))
    rejected = desk.asked("거절됨", "01020000005", login_id="01077770001")
    desk.decide(f"{rejected}/reject/")
    desk.asked("신청중", "01020000006", login_id="01077770001")

    answers = [
        desk.ask("처음", "01020000007"),
        desk.ask("재학생", "01020000002"),
        desk.ask("삭제됨", "01020000003"),
        desk.ask("둘삭제", "01020000004"),
        desk.ask("거절됨", "01020000005"),
        desk.ask("신청중", "01020000006"),
        desk.ask("아이디 겹침", "01020000008", login_id="01077770001"),
        desk.ask("학부모 번호", "01020000009", login_id="01020000002"),
        desk.ask("모르는 학원", "01020000010", academy="no-such-academy"),
    ]

    assert {told(answer)[:2] for answer in answers} == {told(answers[0])[:2]}
    assert all(told(answer) == told(answers[0]) for answer in answers)
    assert answers[0].status_code == 202


def test_nobody_outside_can_look_for_a_person(app: Any) -> None:
    for path in ("check_duplicate/", "registration_requests/check_duplicate/"):
        for method in ("GET", "POST"):
            answer = app.test_client().open(f"/api/v1/students/{path}", method=method)
            assert answer.status_code in (401, 404, 405), path


def test_a_second_request_of_one_person_does_not_touch_the_first(desk: Any) -> None:
    desk.ask("홍 길동", login_id="first.one", memo="처음")
    before = desk.academy.contents(but=("throttle", "outbox", "inbox", "alembic_version"))

    desk.ask("홍길동", login_id="second.one", memo="남이 적음", password="다른비밀번호1")

    assert desk.academy.contents(but=("throttle", "outbox", "inbox", "alembic_version")) == before


def test_after_a_decision_the_same_person_may_ask_again(desk: Any) -> None:
    desk.decide(f"{desk.asked()}/reject/")
    desk.ask()
    assert [item["status"] for item in desk.listed()] == ["pending"]
    assert len(desk.listed("rejected")) == 1


def test_two_people_and_two_academies_do_not_meet(desk: Any) -> None:
    desk.ask("김하나")
    desk.ask("김두리")
    desk.ask("김하나", academy="other")
    assert {item["name"] for item in desk.listed()} == {"김하나", "김두리"}
    assert [item["name"] for item in desk.listed(by=desk.sign_in(tenant="other"))] == ["김하나"]


def test_a_signed_in_stranger_asks_for_whom_they_say(desk: Any) -> None:
    """A token does not move the request into its own academy."""
    other = desk.sign_in(tenant="other")
    body = {
        "academy": "demo",
        "name": "김하나",
        "parent_phone": "01020000001",
        "password": PASSWORD,
        "consent": True,
    }
    assert other.post("/api/v1/students/registration_requests/", json=body).status_code == 202
    assert len(desk.listed()) == 1
    assert desk.listed(by=other) == []
