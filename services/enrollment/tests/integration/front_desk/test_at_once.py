"""Two people at the front desk at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import psycopg
from testkit.at_once import at_once
from testkit.waiting import wait_until

LECTURES = "/api/v1/lectures/lectures/"
SESSIONS = "/api/v1/lectures/sessions/"
ATTENDANCE = "/api/v1/lectures/attendance/"
ENROLLMENTS = "/api/v1/enrollments/"
MEMBERS = "/api/v1/enrollments/session-enrollments/"


def _at_once(desk: Any, requests: Sequence[tuple[str, str, Any]]) -> list[tuple[int, Any]]:
    """All requests, started together by as many people: status and body of each."""
    asked = at_once(*(partial(desk.again().ask, *request) for request in requests))
    answers = [one.result() for one in asked]
    return [(answer.status_code, answer.get_json(silent=True)) for answer in answers]


def _while_locked(desk: Any, statement: str, values: Any, ask: Callable[[], Any]) -> Any:
    """`ask()` begins while an uncommitted change holds its rows; the change commits when it waits."""
    with ThreadPoolExecutor(1) as people, psycopg.connect(desk.academy.admin_url) as other:
        other.execute("SET search_path = enrollment")
        other.execute(statement, values)
        asked = people.submit(ask)
        wait_until(
            lambda: desk.academy.admin.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).fetchone()[0],
            30,
        )
        other.commit()
        return asked.result(30)


def test_the_same_students_enrolled_by_six_people_are_enrolled_once(desk: Any) -> None:
    lecture, students = desk.lecture(), desk.students(120)
    orders = [students, students[::-1], students[60:] + students[:60]] * 2
    answers = _at_once(
        desk,
        [("POST", f"{ENROLLMENTS}bulk_create/", {"lecture": lecture, "students": ids}) for ids in orders],
    )
    assert [status for status, _ in answers] == [201] * 6
    assert all(len(body["results"]) == 120 for _, body in answers)
    assert len({row["id"] for _, body in answers for row in body["results"]}) == 120
    first = [row for _, body in answers for row in body["results"] if not row["already_enrolled"]]
    assert len(first) == 120
    assert sorted(row["student_id"] for row in desk.told("enrollment")) == sorted(students)


def test_the_same_students_put_into_a_session_by_six_people_are_there_once(desk: Any) -> None:
    lecture, students = desk.lecture(), desk.students(80)
    session = desk.session(lecture)
    enrollments = desk.enrolled(lecture, students)
    requests = [
        ("POST", f"{ATTENDANCE}bulk_create/", {"session": session, "students": students[::-1]}),
        ("POST", f"{MEMBERS}bulk_create/", {"session": session, "enrollments": enrollments}),
    ] * 3
    answers = _at_once(desk, requests)
    assert [status for status, _ in answers] == [201] * 6
    assert [mark["student_id"] for mark in desk.marks(session)] == students
    assert sorted(row["enrollment_id"] for row in desk.told("session_enrollment")) == sorted(enrollments)


def test_sessions_made_at_once_follow_each_other(desk: Any) -> None:
    lecture = desk.lecture()
    answers = _at_once(desk, [("POST", SESSIONS, {"lecture": lecture})] * 6)
    assert [status for status, _ in answers] == [201] * 6
    assert sorted(body["order"] for _, body in answers) == [1, 2, 3, 4, 5, 6]


def test_one_title_is_taken_by_one(desk: Any) -> None:
    answers = _at_once(desk, [("POST", LECTURES, {"title": "수학"})] * 5)
    assert sorted(status for status, _ in answers) == [201, 409, 409, 409, 409]
    assert {body["code"] for status, body in answers if status == 409} == {"lecture_title_taken"}


def test_a_lecture_is_deleted_or_filled_but_never_both(desk: Any) -> None:
    for turn in range(6):
        lecture, students = desk.lecture(f"강의 {turn}"), desk.students(20)
        session = desk.session(lecture)
        filling = [
            ("POST", f"{ENROLLMENTS}bulk_create/", {"lecture": lecture, "students": students}),
            ("POST", f"{ATTENDANCE}bulk_create/", {"session": session, "students": students}),
            ("POST", SESSIONS, {"lecture": lecture}),
        ]
        answers = _at_once(desk, [*filling, ("DELETE", f"{LECTURES}{lecture}/", None)])
        codes = [(status, body["code"] if status >= 400 else None) for status, body in answers]
        allowed = [
            {(201, None), (422, "unknown_lecture")},
            {(201, None), (422, "unknown_session")},
            {(201, None), (422, "unknown_lecture")},
            {(204, None), (409, "lecture_not_empty")},
        ]
        assert all(code in may for code, may in zip(codes, allowed, strict=True)), codes
        there = desk.ask("GET", f"{LECTURES}{lecture}/").status_code == 200
        assert there == (codes[3][0] == 409)
        assert there or codes[0] != (201, None)


def test_a_session_with_a_mark_set_meanwhile_is_not_deleted(desk: Any) -> None:
    lecture = desk.lecture()
    session = desk.session(lecture)
    [mark, *_] = desk.post(f"{ATTENDANCE}bulk_create/", session=session, students=desk.students(3))["results"]
    refused = _while_locked(
        desk,
        "UPDATE attendance SET status = 'PRESENT', recorded_at = now() WHERE id = %s",
        (mark["id"],),
        lambda: desk.again().refused("DELETE", f"{SESSIONS}{session}/"),
    )
    assert refused == (409, "session_has_records")


def test_a_student_deleted_meanwhile_is_not_enrolled(desk: Any) -> None:
    lecture, students = desk.lecture(), desk.students(2)
    refused = _while_locked(
        desk,
        "UPDATE student_ref SET deleted = true WHERE student_id = %s",
        (students[1],),
        lambda: desk.again().refused(
            "POST", f"{ENROLLMENTS}bulk_create/", {"lecture": lecture, "students": students}
        ),
    )
    assert refused == (422, "unknown_students")
    assert desk.get(ENROLLMENTS)["results"] == []


def test_an_enrollment_ended_meanwhile_does_not_enter_a_session(desk: Any) -> None:
    lecture = desk.lecture()
    session = desk.session(lecture)
    enrollments = desk.enrolled(lecture, desk.students(2))
    refused = _while_locked(
        desk,
        "UPDATE enrollment SET status = 'INACTIVE' WHERE id = %s",
        (enrollments[0],),
        lambda: desk.again().refused(
            "POST", f"{MEMBERS}bulk_create/", {"session": session, "enrollments": enrollments}
        ),
    )
    assert refused == (422, "inactive_enrollments")
    assert desk.marks(session) == []


def test_two_withdrawals_of_one_student_end_one_enrollment(desk: Any) -> None:
    lecture, students = desk.lecture(), desk.students(1)
    sessions = [desk.session(lecture) for _ in range(6)]
    marks = [
        desk.post(f"{ATTENDANCE}bulk_create/", session=session, students=students)["results"][0]["id"]
        for session in sessions
    ]
    told = len(desk.told("enrollment"))
    body = {"status": "SECESSION", "confirm_secession": True}
    answers = _at_once(desk, [("PATCH", f"{ATTENDANCE}{mark}/", body) for mark in marks])
    assert [status for status, _ in answers] == [200] * 6
    assert len(desk.told("enrollment")) == told + 1
    assert {mark["status"] for session in sessions for mark in desk.marks(session)} == {"SECESSION"}
