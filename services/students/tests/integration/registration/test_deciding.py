"""The staff side of registration requests: the list, approve and reject, one and many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from servicekit.passwords import verify_password

PASSWORD = "비밀번호-1234"
URL = "/api/v1/students/registration_requests/"

UNKNOWN = "0197f1d0-0000-7000-8000-00000000000a"


def test_approving_makes_the_student_with_the_password_of_the_request(desk: Any) -> None:
    request = desk.asked(
        student_phone="01033334444", school="서울고", school_type="HIGH", grade=2, address="강남", memo="메모"
    )

    answer = desk.decide(f"{request}/approve/")

    item = answer.get_json()
    assert (answer.status_code, item["status"], item["decided_by"]) == (200, "approved", "user-1")
    assert (item["match"], item["reason"]) == (None, None)
    student = desk.one(
        "SELECT id::text, name, parent_phone, student_phone, school, school_type, grade, address, memo,"
        " deleted_at FROM student"
    )
    assert student == (
        item["student_id"], "김하나", "01020000001", "01033334444", "서울고", "HIGH", 2, "강남", "메모", None
    )  # fmt: skip
    login, hashed, must_change = desk.one(
        "SELECT login_id, password_hash, must_change FROM account WHERE student_id = %s", item["student_id"]
    )
    assert (login, must_change) == ("01033334444", False)
    assert verify_password(hashed, PASSWORD)
    assert desk.one("SELECT password_hash FROM registration_request") == (None,)
    [changed] = desk.academy.published("students.student.changed")
    assert changed.data["students"]["student_id"] == [item["student_id"]]
    assert desk.trail() == [("user-1", "created", True, {})]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"login_id": "Hana.Kim", "student_phone": "01033334444"}, "hana.kim"),
        ({"student_phone": "01033334444"}, "01033334444"),
        ({}, None),
        # a parent's phone is no student's login id
        ({"student_phone": "01020000001"}, None),
    ],
)
def test_the_login_id_is_the_wish_else_the_phone_else_a_new_one(
    desk: Any, asked: dict[str, Any], expected: str | None
) -> None:
    desk.decide(f"{desk.asked(**asked)}/approve/")
    (login,) = desk.one("SELECT login_id FROM account WHERE kind = 'student'")
    assert login == expected if expected else len(login) == 9


def test_an_active_student_is_in_the_way(desk: Any) -> None:
    known = desk.student("김 하나", student_phone="01033334444")
    request = desk.asked("김하나")
    assert desk.listed()[0]["match"] == {"kind": "active", "student_id": known}
    before = desk.academy.contents()

    for body in ({}, {"on_deleted": "restore"}):
        answer = desk.decide(f"{request}/approve/", body)
        problem = answer.get_json()
        assert (answer.status_code, problem["code"]) == (409, "duplicate_student")
        assert problem["existing_student"] == {
            "id": known,
            "name": "김 하나",
            "parent_phone": "01020000001",
            "login_id": "01033334444",
        }
    assert desk.academy.contents() == before


def test_a_deleted_student_comes_back_only_when_that_is_asked(desk: Any) -> None:
    known = desk.student(school="한빛중")
    desk.academy.delete(known)
    before = desk.one("SELECT login_id, password_hash FROM account WHERE kind = 'student'")
    request = desk.asked(school="다른중")
    assert desk.listed()[0]["match"] == {"kind": "deleted", "student_id": known}

    problem = desk.decide(f"{request}/approve/").get_json()
    assert (problem["status"], problem["code"], problem["candidates"]) == (409, "deleted_student_exists", 1)
    assert problem["deleted_student"]["id"] == known
    assert problem["deleted_student"]["deleted_at"]
    assert desk.listed()[0]["status"] == "pending"

    item = desk.decide(f"{request}/approve/", {"on_deleted": "restore"}).get_json()

    assert (item["status"], item["student_id"]) == ("approved", known)
    assert desk.one("SELECT id::text, deleted_at FROM student") == (known, None)
    # as every restore: the account and its password are the old ones
    assert desk.one("SELECT login_id, password_hash FROM account WHERE kind = 'student'") == before
    assert desk.one("SELECT password_hash FROM registration_request") == (None,)
    assert desk.trail() == [("user-1", "restored", True, {})]


def test_of_several_deleted_ones_a_person_must_choose(desk: Any) -> None:
    records = [desk.student(), None]
    desk.academy.delete(records[0])
    desk.academy.all(
        "INSERT INTO student (tenant_id, id, name, name_key, parent_phone, deleted_at)"
        " SELECT tenant_id, %s, name, name_key, parent_phone, deleted_at + interval '1 day'"
        " FROM student RETURNING 1",
        newest := uuid4(),
    )
    request = desk.asked()
    assert desk.listed()[0]["match"] == {"kind": "deleted", "student_id": str(newest)}

    problem = desk.decide(f"{request}/approve/").get_json()
    assert (problem["code"], problem["candidates"]) == ("deleted_student_exists", 2)
    assert problem["deleted_student"]["id"] == str(newest)
    problem = desk.decide(f"{request}/approve/", {"on_deleted": "restore"}).get_json()
    assert (problem["status"], problem["code"]) == (409, "several_deleted_candidates")
    assert desk.one("SELECT count(*) FROM student WHERE deleted_at IS NULL") == (0,)


def test_the_loser_of_a_merge_is_its_winner(desk: Any) -> None:
    winner, loser = desk.student("김하나본명", "01020000002"), desk.student()
    desk.academy.all(
        "UPDATE student SET deleted_at = now(), merged_into = %s WHERE id = %s RETURNING 1", winner, loser
    )
    request = desk.asked()

    assert desk.listed()[0]["match"] == {"kind": "active", "student_id": winner}
    problem = desk.decide(f"{request}/approve/", {"on_deleted": "restore"}).get_json()
    assert (problem["code"], problem["existing_student"]["id"]) == ("duplicate_student", winner)


def test_a_login_id_that_is_taken_is_told_without_by_whom(desk: Any) -> None:
    desk.student("다른 학생", "01020000002", student_phone="01033334444")
    request = desk.asked(login_id="01033334444")
    answer = desk.decide(f"{request}/approve/")
    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (409, "login_id_taken")
    assert "다른 학생" not in answer.get_data(as_text=True)
    assert desk.count("student") == 1


def test_matches_of_a_page_are_found_in_one_query(desk: Any, statements: Any) -> None:
    def cost(size: int) -> int:
        with statements() as seen:
            assert len(desk.listed(page_size=size)) == size
        return len(seen)

    for n in range(12):
        desk.student(f"학생{n}", f"0102000{n:04d}")
        desk.ask(f"학생{n}", f"0102000{n:04d}")
    assert cost(1) == cost(12)
    assert all(item["match"]["kind"] == "active" for item in desk.listed())


def test_the_list_is_newest_first_page_by_page_and_of_one_status(desk: Any) -> None:
    ids = [desk.asked(f"학생{n}") for n in range(5)]
    desk.decide(f"{ids[0]}/reject/", {"reason": "중복"})

    found: list[str] = []
    query: dict[str, Any] = {"page_size": 2}
    while True:
        page = desk.staff.get(URL, query_string=query).get_json()
        found += [item["id"] for item in page["results"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]

    assert found == ids[:0:-1]
    [rejected] = desk.listed("rejected")
    assert (rejected["id"], rejected["reason"], rejected["decided_by"]) == (ids[0], "중복", "user-1")
    assert rejected["decided_at"]
    assert desk.listed("approved") == []


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"status": "PENDING"}, 422, "invalid_request"),
        ({"status": ""}, 422, "invalid_request"),
        ({"status": "pending'"}, 422, "invalid_request"),
        ({"page_size": "501"}, 422, "invalid_request"),
        ({"cursor": "zzz"}, 400, "invalid_cursor"),
        ({"search": "김"}, 422, "invalid_request"),
    ],
)
def test_bad_queries_are_refused(desk: Any, query: Any, status: int, code: str) -> None:
    answer = desk.staff.get(URL, query_string=query)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def test_rejecting_keeps_the_reason_and_forgets_the_password(desk: Any) -> None:
    request = desk.asked()

    item = desk.decide(f"{request}/reject/", {"reason": "홍길동 어머니와 통화함"}).get_json()

    assert (item["status"], item["reason"]) == ("rejected", "홍길동 어머니와 통화함")
    assert desk.one("SELECT password_hash FROM registration_request") == (None,)
    assert desk.count("student") == 0
    assert desk.trail() == [("user-1", "registration_rejected", False, {"request_ids": [request]})]


@pytest.mark.parametrize("first", ["approve", "reject"])
@pytest.mark.parametrize("then", ["approve", "reject"])
def test_a_decision_is_made_once(desk: Any, first: str, then: str) -> None:
    request = desk.asked()
    assert desk.decide(f"{request}/{first}/").status_code == 200
    before = desk.academy.contents()

    answer = desk.decide(f"{request}/{then}/")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "already_decided")
    [failed] = desk.decide(f"bulk_{then}/", {"ids": [request]}).get_json()["failed"]
    assert failed == {"id": request, "code": "already_decided", "detail": "이미 처리된 가입 신청입니다."}
    assert desk.academy.contents() == before


def test_bulk_approve_has_one_outcome_per_request(desk: Any) -> None:
    desk.student("재학생", "01020000002")
    desk.academy.delete(desk.student("삭제됨", "01020000003"))
    ids = {
        "new": desk.asked("처음", "01020000004"),
        "sibling": desk.asked("동생", "01020000004"),
        "active": desk.asked("재학생", "01020000002"),
        "deleted": desk.asked("삭제됨", "01020000003"),
        "wish": desk.asked("하나", "01020000005", login_id="same.wish"),
        "same wish": desk.asked("두리", "01020000006", login_id="same.wish"),
        "decided": desk.asked("거절", "01020000007"),
        "unknown": str(uuid4()),
    }
    desk.decide(f"{ids['decided']}/reject/")

    answer = desk.decide("bulk_approve/", {"ids": list(ids.values())})

    body = answer.get_json()
    assert (answer.status_code, body["approved"]) == (200, 3)
    assert [(one["id"], one["code"]) for one in body["failed"]] == [
        (ids["active"], "duplicate_student"),
        (ids["deleted"], "deleted_student_exists"),
        (ids["same wish"], "login_id_taken"),
        (ids["decided"], "already_decided"),
        (ids["unknown"], "not_found"),
    ]
    assert all(one["detail"] for one in body["failed"])
    assert {item["id"] for item in desk.listed("approved")} == {ids["new"], ids["sibling"], ids["wish"]}
    assert {item["id"] for item in desk.listed()} == {ids["active"], ids["deleted"], ids["same wish"]}
    assert desk.one("SELECT count(*) FROM student WHERE deleted_at IS NULL") == (4,)


def test_bulk_reject_has_one_outcome_per_request(desk: Any) -> None:
    ids = [desk.asked(f"학생{n}") for n in range(3)]
    desk.decide(f"{ids[0]}/approve/")
    unknown = str(uuid4())

    body = desk.decide("bulk_reject/", {"ids": [*ids, unknown], "reason": "정원 마감"}).get_json()

    assert body["rejected"] == 2
    assert [(one["id"], one["code"]) for one in body["failed"]] == [
        (ids[0], "already_decided"),
        (unknown, "not_found"),
    ]
    assert {item["reason"] for item in desk.listed("rejected")} == {"정원 마감"}
    assert desk.trail()[-1] == ("user-1", "registration_rejected", False, {"request_ids": ids[1:]})


def test_the_statements_of_a_bulk_do_not_grow_with_it(desk: Any, statements: Any) -> None:
    def cost(what: str, size: int) -> int:
        ids = [desk.asked(f"{what} {size} {n}") for n in range(size)]
        desk.academy.all("DELETE FROM throttle RETURNING 1")
        with statements() as seen:
            assert desk.decide(f"bulk_{what}/", {"ids": ids}).get_json()["failed"] == []
        return len(seen)

    for what in ("approve", "reject"):
        assert cost(what, 2) == cost(what, 20)


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("bulk_approve/", {}, 422, "invalid_request"),
        ("bulk_approve/", {"ids": []}, 422, "invalid_request"),
        ("bulk_approve/", {"ids": "all"}, 422, "invalid_request"),
        ("bulk_approve/", {"ids": ["1"]}, 422, "invalid_request"),
        ("bulk_approve/", {"ids": [str(uuid4()) for _ in range(501)]}, 422, "invalid_request"),
        ("bulk_approve/", {"ids": [UNKNOWN] * 2 + ["x"]}, 422, "invalid_request"),
        ("bulk_reject/", {"ids": [UNKNOWN], "reason": "x" * 501}, 422, "invalid_request"),
        ("bulk_reject/", {"ids": [UNKNOWN], "reason": 1}, 422, "invalid_request"),
        (f"{UNKNOWN}/approve/", {"on_deleted": "create"}, 422, "invalid_request"),
        (f"{UNKNOWN}/approve/", {"on_active": "restore"}, 422, "invalid_request"),
        (f"{UNKNOWN}/approve/", {}, 404, "not_found"),
        (f"{UNKNOWN}/reject/", {}, 404, "not_found"),
        ("1/approve/", {}, 404, "not_found"),
    ],
)
def test_broken_decisions_are_refused(desk: Any, path: str, body: Any, status: int, code: str) -> None:
    answer = desk.decide(path, body)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def test_another_academys_requests_do_not_exist(desk: Any) -> None:
    request = desk.asked()
    other = desk.sign_in(["owner"], "other")
    before = desk.academy.contents()

    for path in ("approve", "reject"):
        assert desk.decide(f"{request}/{path}/", by=other).status_code == 404
        [failed] = desk.decide(f"bulk_{path}/", {"ids": [request]}, by=other).get_json()["failed"]
        assert failed["code"] == "not_found"
    assert desk.listed(by=other) == []
    assert desk.academy.contents() == before


def test_anothers_student_is_no_match(desk: Any) -> None:
    desk.academy.resolve({"name": "김하나", "parent_phone": "01020000001"}, tenant="other")
    request = desk.asked()
    assert desk.listed()[0]["match"] is None
    assert desk.decide(f"{request}/approve/").status_code == 200


def test_of_two_decisions_at_once_one_wins(desk: Any) -> None:
    def decide(request: str, what: str) -> Callable[[], Any]:
        return lambda: desk.decide(f"{request}/{what}/", by=desk.sign_in())

    for pair in (("approve", "approve"), ("approve", "reject"), ("reject", "reject")):
        request = desk.asked(" ".join(pair))
        answers = desk.at_once(*(decide(request, what) for what in pair))
        assert sorted(answer.status_code for answer in answers) == [200, 409], pair
        [lost] = [answer for answer in answers if answer.status_code == 409]
        assert lost.get_json()["code"] == "already_decided"
    (students,) = desk.one("SELECT count(*) FROM student")
    assert students == len(desk.listed("approved"))


def test_two_bulk_decisions_over_one_set_decide_each_once(desk: Any) -> None:
    ids = [desk.asked(f"학생{n}") for n in range(20)]
    answers = desk.at_once(
        lambda: desk.decide("bulk_approve/", {"ids": ids}, by=desk.sign_in()),
        lambda: desk.decide("bulk_reject/", {"ids": ids[::-1]}, by=desk.sign_in()),
        lambda: desk.decide("bulk_approve/", {"ids": ids[::-1]}, by=desk.sign_in()),
    )
    assert [answer.status_code for answer in answers] == [200] * 3
    decided = [answer.get_json().get("approved", answer.get_json().get("rejected")) for answer in answers]
    assert sum(decided) == 20
    assert desk.listed() == []
    assert desk.count("student") == len(desk.listed("approved"))


def test_a_repeated_approval_is_answered_from_memory(desk: Any) -> None:
    request = desk.asked()
    headers = {"Idempotency-Key": "k1"}
    first = desk.decide(f"{request}/approve/", headers=headers)
    again = desk.decide(f"{request}/approve/", headers=headers)
    assert (first.status_code, first.get_json()) == (again.status_code, again.get_json())
    assert desk.count("student") == 1
