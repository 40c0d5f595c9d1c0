"""What the academy wants of requests: approved at once or not, and how long they are kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from servicekit.passwords import verify_password
from students.usecases.registration import prune_requests

PASSWORD = "비밀번호-1234"
URL = "/api/v1/students/registration_requests/"


def test_only_managers_change_the_setting_and_the_trail_says_so(desk: Any) -> None:
    settings = f"{URL}settings/"
    for role in ("staff", "teacher", "admin", "owner"):
        assert desk.sign_in([role]).get(settings).get_json() == {"auto_approve": False}
    for role in ("staff", "teacher"):
        assert desk.sign_in([role]).patch(settings, json={"auto_approve": True}).status_code == 403

    for on in (True, True, False):
        answer = desk.sign_in(["admin"]).patch(settings, json={"auto_approve": on})
        assert (answer.status_code, answer.get_json()) == (200, {"auto_approve": on})
        assert desk.staff.get(settings).get_json() == {"auto_approve": on}

    assert desk.trail() == [
        ("user-1", "setting_changed", False, {"auto_approve": True}),
        ("user-1", "setting_changed", False, {"auto_approve": False}),
    ]
    assert desk.sign_in(tenant="other").get(settings).get_json() == {"auto_approve": False}


@pytest.mark.parametrize("body", [{}, {"auto_approve": "true"}, {"auto_approve": 1}, {"auto_approve": None}])
def test_a_broken_setting_is_refused(desk: Any, body: Any) -> None:
    answer = desk.sign_in(["owner"]).patch(f"{URL}settings/", json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid_request")


def test_with_auto_approve_a_new_person_is_a_student_at_once(desk: Any) -> None:
    waiting = desk.asked("전부터", "01020000009")
    desk.setting(True)

    desk.ask(login_id="hana.kim")

    [item] = desk.listed("approved")
    assert (item["decided_by"], item["student_id"] is not None) == ("task:auto_approve", True)
    hashed, must_change = desk.one(
        "SELECT password_hash, must_change FROM account WHERE login_id = 'hana.kim'"
    )
    assert (verify_password(hashed, PASSWORD), must_change) == (True, False)
    assert desk.trail()[-1] == ("task:auto_approve", "created", True, {})
    assert [pending["id"] for pending in desk.listed()] == [waiting]


def test_with_auto_approve_whoever_meets_somebody_waits(desk: Any) -> None:
    desk.setting(True)
    desk.student("재학생", "01020000002", student_phone="01033334444")
    desk.academy.delete(desk.student("삭제됨", "01020000003"))
    before = desk.academy.all("SELECT * FROM student ORDER BY id"), desk.academy.all("SELECT * FROM account")

    desk.ask("재학생", "01020000002")
    desk.ask("삭제됨", "01020000003")
    desk.ask("아이디", "01020000004", login_id="01033334444")

    after = desk.academy.all("SELECT * FROM student ORDER BY id"), desk.academy.all("SELECT * FROM account")
    assert after == before
    assert len(desk.listed()) == 3
    assert desk.listed("approved") == []


def test_requests_of_one_person_at_once_make_one_student(desk: Any) -> None:
    desk.setting(True)
    answers = desk.at_once(*[desk.ask] * 4)
    assert {answer.status_code for answer in answers} == {202}
    assert desk.count("student") == 1
    assert len(desk.listed("approved")) == 1


def test_old_requests_are_forgotten(desk: Any) -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    cases = {
        "오래된 대기": ("pending", 91),
        "새 대기": ("pending", 89),
        "오래된 거절": ("reject", 31),
        "새 거절": ("reject", 29),
        "오래된 승인": ("approve", 31),
        "새 승인": ("approve", 29),
    }
    for name, (what, days) in cases.items():
        request = desk.asked(name)
        if what != "pending":
            desk.decide(f"{request}/{what}/")
        desk.academy.all(
            "UPDATE registration_request SET created_at = %s,"
            " decided_at = decided_at - (now() - %s::timestamptz) WHERE id = %s RETURNING 1",
            now - timedelta(days=days),
            now - timedelta(days=days),
            request,
        )
    desk.ask("다른 학원", academy="other")

    prune_requests(desk.academy.db.database, now)

    left = {name for (name,) in desk.academy.all("SELECT name FROM registration_request")}
    assert left == {"새 대기", "새 거절", "새 승인", "다른 학원"}
    assert desk.count("student") == 2
