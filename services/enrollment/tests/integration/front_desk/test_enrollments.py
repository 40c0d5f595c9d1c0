"""Enrollments over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

ENROLLMENTS = "/api/v1/enrollments/"
BULK = f"{ENROLLMENTS}bulk_create/"


def test_bulk_create_enrols_everybody_and_says_so_once(desk: Any) -> None:
    lecture, students = desk.lecture(), desk.students(3)
    answer = desk.post(BULK, lecture=lecture, students=students[::-1])
    rows = answer["results"]
    assert answer["next"] is None
    assert [row["student_id"] for row in rows] == students
    assert [row["student_name"] for row in rows] == ["학생0000", "학생0001", "학생0002"]
    assert {(row["status"], row["already_enrolled"], row["lecture_id"]) for row in rows} == {
        ("ACTIVE", False, lecture)
    }
    assert (rows[0]["lecture_title"], rows[0]["school"], rows[0]["grade"]) == ("수학", "한빛중", 2)
    told = desk.told("enrollment")
    assert {(row["enrollment_id"], row["student_id"]) for row in told} == {
        (row["id"], row["student_id"]) for row in rows
    }
    assert {(row["status"], row["deleted"]) for row in told} == {("ACTIVE", False)}


def test_enrolling_again_changes_nobody_but_those_who_had_left(desk: Any) -> None:
    lecture, students = desk.lecture(), desk.students(4)
    enrollments = desk.enrolled(lecture, students[:3])
    desk.patch(f"{ENROLLMENTS}{enrollments[0]}/", status="INACTIVE")
    desk.patch(f"{ENROLLMENTS}{enrollments[1]}/", status="PENDING")
    before = desk.get(f"{ENROLLMENTS}{enrollments[2]}/")
    told = len(desk.told("enrollment"))
    rows = desk.post(BULK, lecture=lecture, students=students)["results"]
    assert [row["already_enrolled"] for row in rows] == [False, False, True, False]
    assert [row["id"] for row in rows[:3]] == enrollments
    assert {row["status"] for row in rows} == {"ACTIVE"}
    assert desk.get(f"{ENROLLMENTS}{enrollments[2]}/") == before
    assert {row["student_id"] for row in desk.told("enrollment")[told:]} == set(students) - {students[2]}
    everything = len(desk.told("enrollment"))
    assert all(
        row["already_enrolled"] for row in desk.post(BULK, lecture=lecture, students=students)["results"]
    )
    assert len(desk.told("enrollment")) == everything


def test_versions_of_an_enrollment_rise(desk: Any) -> None:
    lecture, students = desk.lecture(), desk.students(1)
    [enrollment] = desk.enrolled(lecture, students)
    for status in ("INACTIVE", "ACTIVE", "ACTIVE", "PENDING"):
        assert desk.patch(f"{ENROLLMENTS}{enrollment}/", status=status)["status"] == status
    desk.delete(f"{ENROLLMENTS}{enrollment}/")
    told = desk.told("enrollment")
    assert [row["status"] for row in told] == ["ACTIVE", "INACTIVE", "ACTIVE", "PENDING", "PENDING"]
    assert [row["deleted"] for row in told] == [False, False, False, False, True]
    versions = [row["version"] for row in told]
    assert versions == sorted(set(versions))


def test_unknown_or_deleted_students_are_named_and_nobody_is_enrolled(desk: Any) -> None:
    lecture, students = desk.lecture(), desk.students(2)
    [trashed] = desk.students(1, deleted=True)
    stranger = str(uuid4())
    before = desk.state()
    answer = desk.ask("POST", BULK, {"lecture": lecture, "students": [*students, trashed, stranger]})
    assert (answer.status_code, answer.json["code"]) == (422, "unknown_students")
    assert set(answer.json["errors"]["students"]) == {trashed, stranger}
    assert desk.state() == before


def test_hostile_enrollments_are_refused(desk: Any, check_refusals: Any) -> None:
    lecture, [student, *_] = desk.lecture(), desk.students(1)
    [enrollment] = desk.enrolled(lecture, [student])
    one, unknown = f"{ENROLLMENTS}{enrollment}/", f"{ENROLLMENTS}{uuid4()}/"
    many = [str(uuid4()) for _ in range(501)]
    bodies: list[Any] = [
        [],
        "x",
        {},
        {"lecture": lecture},
        {"students": [student]},
        {"lecture": lecture, "students": []},
        {"lecture": lecture, "students": many},
        {"lecture": lecture, "students": student},
        {"lecture": lecture, "students": {"0": student}},
        {"lecture": lecture, "students": [student, student]},
        {"lecture": lecture, "students": [student, student.upper()]},
        {"lecture": lecture, "students": [None]},
        {"lecture": lecture, "students": [1]},
        {"lecture": lecture, "students": [[student]]},
        {"lecture": lecture, "students": [student + "\x00"]},
        {"lecture": lecture, "students": [f"{{{student}}}"]},
        {"lecture": None, "students": [student]},
        {"lecture": 7, "students": [student]},
        {"lecture": [lecture], "students": [student]},
        {"lecture": lecture, "students": [student], "status": "ACTIVE"},
        {"lecture": lecture, "students": [student], "tenant": "other"},
    ]
    changes: list[Any] = [
        {},
        {"status": "active"},
        {"status": None},
        {"status": True},
        {"status": ["ACTIVE"]},
        {"status": "SECESSION"},
        {"lecture": lecture},
        {"status": "ACTIVE", "lecture": lecture},
        {"status": "ACTIVE", "student": student},
    ]
    check_refusals(
        [(("POST", BULK, body), 422, "invalid_request") for body in bodies]
        + [(("PATCH", one, body), 422, "invalid_request") for body in changes]
        + [
            (("POST", BULK, {"lecture": str(uuid4()), "students": [student]}), 422, "unknown_lecture"),
            (("POST", BULK, {"lecture": lecture, "students": [str(uuid4())]}), 422, "unknown_students"),
            (("POST", BULK, {"lecture": lecture, "students": [lecture]}), 422, "unknown_students"),
            (("POST", ENROLLMENTS, {"lecture": lecture, "student": student}), 405, "method_not_allowed"),
            (("DELETE", ENROLLMENTS, None), 405, "method_not_allowed"),
            (("PUT", one, {"status": "ACTIVE"}), 405, "method_not_allowed"),
            (("GET", BULK, None), 405, "method_not_allowed"),
            (("GET", unknown, None), 404, "not_found"),
            (("PATCH", unknown, {"status": "ACTIVE"}), 404, "not_found"),
            (("DELETE", unknown, None), 404, "not_found"),
            (("GET", f"{ENROLLMENTS}7/", None), 404, "not_found"),
            (("GET", f"{ENROLLMENTS}?lecture=7", None), 422, "invalid_request"),
            (("GET", f"{ENROLLMENTS}?status=LEFT", None), 422, "invalid_request"),
            (("GET", f"{ENROLLMENTS}?page_size=501", None), 422, "invalid_request"),
            (("GET", f"{ENROLLMENTS}?page=2", None), 422, "invalid_request"),
            (("GET", f"{ENROLLMENTS}?search=%00", None), 400, "invalid_characters"),
            (("GET", f"{ENROLLMENTS}?cursor=bm8", None), 400, "invalid_cursor"),
        ]
    )


def test_the_list_has_filters_and_hides_deleted_students(desk: Any) -> None:
    maths, english, students = desk.lecture("수학"), desk.lecture("영어"), desk.students(5)
    [first, second, third] = desk.enrolled(maths, students[:3])
    [other] = desk.enrolled(english, students[:1])
    desk.patch(f"{ENROLLMENTS}{second}/", status="INACTIVE")

    def ids(**query: Any) -> list[str]:
        return [row["id"] for row in desk.get(ENROLLMENTS, **query)["results"]]

    assert ids(lecture=maths) == [first, second, third]
    assert set(ids(student=students[0])) == {first, other}
    assert ids(lecture=maths, student=students[0], status="ACTIVE") == [first]
    assert ids(status="INACTIVE") == [second]
    assert ids(lecture=maths, search="생0002") == [third]
    assert ids(lecture=maths, search=" 학 생 0002 ") == [third]
    assert ids(lecture=maths, search="%") == []
    assert ids(lecture=str(uuid4())) == []
    desk.delete_students(students[:1])
    assert ids() == [second, third]
    for method, body in (("GET", None), ("PATCH", {"status": "ACTIVE"}), ("DELETE", None)):
        assert desk.refused(method, f"{ENROLLMENTS}{first}/", body) == (404, "not_found")


def test_a_roster_is_complete_beyond_one_page_and_sorted_in_korean(desk: Any) -> None:
    lecture, students = desk.lecture(), desk.students(520)
    desk.enrolled(lecture, students[:500])
    desk.enrolled(lecture, students[500:])
    page = desk.get(ENROLLMENTS, lecture=lecture)
    assert len(page["results"]) == 500
    rest = desk.get(ENROLLMENTS, lecture=lecture, cursor=page["next"])
    assert [row["student_id"] for row in page["results"] + rest["results"]] == students
    assert rest["next"] is None
    names = ["하늘", "ann", "가나", "Bob", "나라", "가나"]
    more = desk.students(6)
    for student, name in zip(more, names, strict=True):
        desk.academy.admin.execute("UPDATE student_ref SET name = %s WHERE student_id = %s", (name, student))
    desk.enrolled(desk.lecture("이름"), more)
    seen, query = [], {"page_size": 1, "search": "", "status": "ACTIVE"}
    while True:
        page = desk.get(ENROLLMENTS, **query)
        seen += [row["student_name"] for row in page["results"] if row["lecture_title"] == "이름"]
        if len(seen) == 6 or page["next"] is None:
            break
        query["cursor"] = page["next"]
        query["page_size"] = 500
    assert seen == ["Bob", "ann", "가나", "가나", "나라", "하늘"]


def test_deleting_an_enrollment_takes_its_sessions_and_attendance_along(desk: Any) -> None:
    lecture = desk.lecture()
    sessions = [desk.session(lecture) for _ in range(3)]
    first, second = desk.enrolled(lecture, desk.students(2))
    for session in sessions:
        desk.placed(session, [first, second])
    desk.delete(f"{ENROLLMENTS}{first}/")
    for session in sessions:
        assert [mark["enrollment_id"] for mark in desk.marks(session)] == [second]
    ends = [row for row in desk.told("session_enrollment") if row["deleted"]]
    assert sorted(row["session_id"] for row in ends) == sorted(sessions)
    assert {(row["enrollment_id"], row["lecture_id"]) for row in ends} == {(first, lecture)}
    [end] = [row for row in desk.told("enrollment") if row["deleted"]]
    assert end["enrollment_id"] == first
    assert desk.refused("DELETE", f"{ENROLLMENTS}{first}/") == (404, "not_found")


def test_statements_do_not_grow_with_the_students(desk: Any, statements: Any) -> None:
    lecture, students = desk.lecture(), desk.students(304)
    counts = []
    for some in (students[:4], students[4:]):
        with statements() as seen:
            rows = desk.post(BULK, lecture=lecture, students=some)["results"]
        assert len(rows) == len(some)
        counts.append(len(seen))
        with statements() as seen:
            desk.get(ENROLLMENTS, lecture=lecture)
        counts.append(len(seen))
    assert counts[:2] == counts[2:]
    assert counts[0] <= 8
    assert counts[1] == 2


def test_the_same_idempotency_key_enrols_once(desk: Any) -> None:
    lecture, students = desk.lecture(), desk.students(2)
    late = str(uuid4())
    key = {"Idempotency-Key": "enrol-1"}
    body = {"lecture": lecture, "students": [*students, late]}
    assert desk.ask("POST", BULK, body, headers=key).status_code == 422  # nothing happened, nothing is kept
    desk.academy.admin.execute(
        "INSERT INTO student_ref (tenant_id, student_id, name, parent_phone, version)"
        " VALUES ('demo', %s, '늦은이', '01000000000', 1)",
        (late,),
    )
    first = desk.ask("POST", BULK, body, headers=key)
    again = desk.ask("POST", BULK, body, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    assert [row["already_enrolled"] for row in again.json["results"]] == [False] * 3
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(desk.told("enrollment")) == 3
    other = desk.ask("POST", BULK, {"lecture": lecture, "students": students}, headers=key)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")
