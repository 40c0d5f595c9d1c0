"""Who is in a session, over HTTP."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

MEMBERS = "/api/v1/enrollments/session-enrollments/"
BULK = f"{MEMBERS}bulk_create/"
ENROLLMENTS = "/api/v1/enrollments/"


def test_enrollments_enter_a_session_once_with_attendance_unset(desk: Any) -> None:
    lecture, students = desk.lecture(), desk.students(3)
    session = desk.session(lecture)
    enrollments = desk.enrolled(lecture, students)
    rows = desk.post(BULK, session=session, enrollments=enrollments[:2])["results"]
    assert [(row["student_id"], row["student_name"], row["school"], row["grade"]) for row in rows] == [
        (students[0], "학생0000", "한빛중", 2),
        (students[1], "학생0001", "한빛중", 2),
    ]
    assert {(row["session_id"], row["enrollment_status"]) for row in rows} == {(session, "ACTIVE")}
    again = desk.post(BULK, session=session, enrollments=enrollments)
    assert again["results"][:2] == rows
    assert again["next"] is None
    assert [mark["status"] for mark in desk.marks(session)] == ["UNSET"] * 3
    told = desk.told("session_enrollment")
    assert sorted(row["enrollment_id"] for row in told) == sorted(enrollments)
    assert {(row["session_id"], row["lecture_id"], row["deleted"]) for row in told} == {
        (session, lecture, False)
    }
    assert {row["student_id"] for row in told} == set(students)


def test_the_list_is_complete_however_long(desk: Any) -> None:
    lecture, students = desk.lecture(), desk.students(520)
    first, second = desk.session(lecture), desk.session(lecture)
    enrollments = desk.enrolled(lecture, students[:500]) + desk.enrolled(lecture, students[500:])
    desk.placed(first, enrollments[:500])
    desk.placed(first, enrollments[500:])
    desk.placed(second, enrollments[:1])
    listed = desk.get(MEMBERS, session=first)
    assert [row["enrollment_id"] for row in listed["results"]] == enrollments
    assert listed["next"] is None
    sessions = desk.get(MEMBERS, enrollment=enrollments[0])["results"]
    assert [row["session_id"] for row in sessions] == [first, second]
    assert len(desk.get(MEMBERS, session=second, enrollment=enrollments[0])["results"]) == 1
    assert desk.get(MEMBERS, session=second, enrollment=enrollments[1])["results"] == []
    desk.delete_students(students[:1])
    assert len(desk.get(MEMBERS, session=first)["results"]) == 519


def test_ended_enrollments_are_named_and_nobody_is_added(desk: Any) -> None:
    lecture = desk.lecture()
    session = desk.session(lecture)
    active, inactive, pending = desk.enrolled(lecture, desk.students(3))
    desk.patch(f"{ENROLLMENTS}{inactive}/", status="INACTIVE")
    desk.patch(f"{ENROLLMENTS}{pending}/", status="PENDING")
    before = desk.state()
    answer = desk.ask("POST", BULK, {"session": session, "enrollments": [active, inactive, pending]})
    assert (answer.status_code, answer.json["code"]) == (422, "inactive_enrollments")
    assert set(answer.json["errors"]["enrollments"]) == {inactive, pending}
    assert desk.state() == before


def test_enrollments_of_another_lecture_or_of_deleted_students_are_named(desk: Any) -> None:
    lecture, students = desk.lecture(), desk.students(3)
    session = desk.session(lecture)
    mine, trashed = desk.enrolled(lecture, students[:2])
    [elsewhere] = desk.enrolled(desk.lecture("영어"), students[2:])
    desk.delete_students(students[1:2])
    unknown = str(uuid4())
    before = desk.state()
    body = {"session": session, "enrollments": [mine, trashed, elsewhere, unknown]}
    answer = desk.ask("POST", BULK, body)
    assert (answer.status_code, answer.json["code"]) == (422, "unknown_enrollments")
    assert set(answer.json["errors"]["enrollments"]) == {trashed, elsewhere, unknown}
    assert desk.state() == before


def test_hostile_session_enrollments_are_refused(desk: Any, check_refusals: Any) -> None:
    lecture = desk.lecture()
    session = desk.session(lecture)
    [enrollment] = desk.enrolled(lecture, desk.students(1))
    many = [str(uuid4()) for _ in range(501)]
    bodies: list[Any] = [
        {},
        [enrollment],
        {"session": session},
        {"enrollments": [enrollment]},
        {"session": session, "enrollments": []},
        {"session": session, "enrollments": many},
        {"session": session, "enrollments": [enrollment, enrollment]},
        {"session": session, "enrollments": ["\x00"]},
        {"session": session, "enrollments": None},
        {"session": None, "enrollments": [enrollment]},
        {"session": session, "enrollments": [enrollment], "status": "PRESENT"},
    ]
    stranger = str(uuid4())
    check_refusals(
        [(("POST", BULK, body), 422, "invalid_request") for body in bodies]
        + [
            (("POST", BULK, {"session": stranger, "enrollments": [enrollment]}), 422, "unknown_session"),
            (("POST", BULK, {"session": lecture, "enrollments": [enrollment]}), 422, "unknown_session"),
            (("POST", BULK, {"session": session, "enrollments": [stranger]}), 422, "unknown_enrollments"),
            (("POST", MEMBERS, {"session": session}), 405, "method_not_allowed"),
            (("GET", f"{MEMBERS}{stranger}/", None), 405, "method_not_allowed"),
            (("DELETE", f"{MEMBERS}{stranger}/", None), 404, "not_found"),
            (("DELETE", f"{MEMBERS}{enrollment}/", None), 404, "not_found"),
            (("DELETE", f"{MEMBERS}7/", None), 404, "not_found"),
            (("GET", MEMBERS, None), 422, "invalid_request"),
            (("GET", f"{MEMBERS}?session=7", None), 422, "invalid_request"),
            (("GET", f"{MEMBERS}?session={session}&page=2", None), 422, "invalid_request"),
        ]
    )


def test_leaving_a_session_and_coming_back_never_looks_stale(desk: Any) -> None:
    lecture = desk.lecture()
    session = desk.session(lecture)
    first, second = desk.enrolled(lecture, desk.students(2))
    member, _ = desk.placed(session, [first, second])
    for _ in range(2):
        desk.delete(f"{MEMBERS}{member}/")
        assert desk.refused("DELETE", f"{MEMBERS}{member}/") == (404, "not_found")
        assert [mark["enrollment_id"] for mark in desk.marks(session)] == [second]
        [member] = desk.placed(session, [first])
    told = [row for row in desk.told("session_enrollment") if row["enrollment_id"] == first]
    assert [row["deleted"] for row in told] == [False, True, False, True, False]
    versions = [row["version"] for row in told]
    assert versions == sorted(set(versions))
    assert [mark["status"] for mark in desk.marks(session)] == ["UNSET", "UNSET"]


def test_a_thousand_ends_fit_into_events(desk: Any) -> None:
    lecture, students = desk.lecture(), desk.students(1001)
    session = desk.session(lecture)
    for start in range(0, 1001, 500):
        desk.placed(session, desk.enrolled(lecture, students[start : start + 500]))
    desk.delete(f"/api/v1/lectures/sessions/{session}/")
    bodies = desk.academy.admin.execute(
        "SELECT body FROM outbox WHERE type = 'enrollment.session_enrollment.changed'"
    ).fetchall()
    ends = [row for row in desk.told("session_enrollment") if row["deleted"]]
    assert {row["student_id"] for row in ends} == set(students)
    assert max(len(body.encode()) for (body,) in bodies) < 256 * 1024
    assert max(len(json.loads(body)["data"]["session_enrollments"]["deleted"]) for (body,) in bodies) == 500


def test_statements_do_not_grow_with_the_students(desk: Any, statements: Any) -> None:
    lecture = desk.lecture()
    enrollments = desk.enrolled(lecture, desk.students(300))
    counts: list[list[int]] = []
    for some in (enrollments[:3], enrollments):
        session = desk.session(lecture)
        with statements() as placing:
            desk.placed(session, some)
        with statements() as listing:
            assert len(desk.get(MEMBERS, session=session)["results"]) == len(some)
        with statements() as leaving:
            desk.delete(f"/api/v1/lectures/sessions/{session}/")
        counts.append([len(placing), len(listing), len(leaving)])
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 8
