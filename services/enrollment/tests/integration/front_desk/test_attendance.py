"""Attendance over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

ATTENDANCE = "/api/v1/lectures/attendance/"
BULK = f"{ATTENDANCE}bulk_create/"
MATRIX = f"{ATTENDANCE}matrix/"
ENROLLMENTS = "/api/v1/enrollments/"


def test_bulk_create_enrols_places_and_leaves_attendance_unset(desk: Any) -> None:
    lecture, students = desk.lecture(), desk.students(3)
    session = desk.session(lecture)
    [inactive] = desk.enrolled(lecture, students[:1])
    desk.patch(f"{ENROLLMENTS}{inactive}/", status="INACTIVE")
    answer = desk.post(BULK, session=session, students=students)
    assert answer["next"] is None
    assert [(row["student_id"], row["status"], row["status_label"]) for row in answer["results"]] == [
        (student, "UNSET", "미입력") for student in students
    ]
    assert {(row["memo"], row["recorded_at"]) for row in answer["results"]} == {("", None)}
    roster = desk.get(ENROLLMENTS, lecture=lecture, status="ACTIVE")["results"]
    assert [row["student_id"] for row in roster] == students
    assert roster[0]["id"] == inactive
    members = desk.get(f"{ENROLLMENTS}session-enrollments/", session=session)["results"]
    assert [row["student_id"] for row in members] == students


def test_adding_students_again_keeps_what_was_recorded(desk: Any) -> None:
    lecture, students = desk.lecture(), desk.students(2)
    session = desk.session(lecture)
    first, _ = desk.post(BULK, session=session, students=students)["results"]
    desk.patch(f"{ATTENDANCE}{first['id']}/", status="LATE", memo="버스")
    told = len(desk.told("session_enrollment")), len(desk.told("enrollment"))
    rows = desk.post(BULK, session=session, students=students)["results"]
    assert (rows[0]["status"], rows[0]["memo"], rows[0]["id"]) == ("LATE", "버스", first["id"])
    assert (len(desk.told("session_enrollment")), len(desk.told("enrollment"))) == told


def test_a_mark_is_set_corrected_and_taken_back(desk: Any) -> None:
    lecture = desk.lecture()
    session = desk.session(lecture)
    [mark] = desk.post(BULK, session=session, students=desk.students(1))["results"]
    path = f"{ATTENDANCE}{mark['id']}/"
    present = desk.patch(path, status="PRESENT")
    assert (present["status_label"], present["memo"]) == ("출석", "")
    assert present["recorded_at"]
    noted = desk.patch(path, memo=" 5분 일찍\n나감 ")
    assert noted == {**present, "memo": "5분 일찍\n나감"}
    assert desk.patch(path, status="PRESENT") == noted
    assert desk.patch(path) == noted
    left = desk.patch(path, status="EARLY_LEAVE", memo="")
    assert (left["status"], left["memo"]) == ("EARLY_LEAVE", "")
    unset = desk.patch(path, status="UNSET")
    assert (unset["status"], unset["recorded_at"]) == ("UNSET", None)
    assert desk.marks(session) == [unset]


def test_secession_is_confirmed_ends_the_enrollment_and_is_final(desk: Any) -> None:
    lecture, students = desk.lecture(), desk.students(2)
    sessions = [desk.session(lecture) for _ in range(3)]
    for session in sessions:
        desk.post(BULK, session=session, students=students)
    mine, other = desk.marks(sessions[1])
    path = f"{ATTENDANCE}{mine['id']}/"
    before = desk.state()
    for body in ({"status": "SECESSION"}, {"status": "SECESSION", "confirm_secession": False}):
        answer = desk.ask("PATCH", path, body)
        assert (answer.status_code, answer.json["code"]) == (422, "secession_not_confirmed")
        assert "confirm_secession" in answer.json["errors"]
    assert desk.state() == before
    told = len(desk.told("enrollment"))
    gone = desk.patch(path, status="SECESSION", confirm_secession=True, memo="이사")
    assert (gone["status"], gone["status_label"], gone["memo"]) == ("SECESSION", "퇴원", "이사")
    for session in sessions:
        first, second = desk.marks(session)
        assert (first["status"], second["status"]) == ("SECESSION", "UNSET")
        assert first["recorded_at"]
    assert desk.get(f"{ENROLLMENTS}{mine['enrollment_id']}/")["status"] == "INACTIVE"
    assert desk.get(f"{ENROLLMENTS}{other['enrollment_id']}/")["status"] == "ACTIVE"
    [end] = desk.told("enrollment")[told:]
    assert (end["enrollment_id"], end["status"], end["deleted"]) == (mine["enrollment_id"], "INACTIVE", False)
    for body in ({"status": "PRESENT"}, {"status": "UNSET", "confirm_secession": True}):
        assert desk.refused("PATCH", path, body) == (409, "attendance_terminal")
    assert desk.patch(path, status="SECESSION")["status"] == "SECESSION"  # a repeated request
    assert desk.patch(path, memo="부산으로 이사")["memo"] == "부산으로 이사"
    assert len(desk.told("enrollment")) == told + 1


def test_hostile_attendance_is_refused(desk: Any, check_refusals: Any) -> None:
    lecture, [student, *_] = desk.lecture(), desk.students(2)
    session = desk.session(lecture)
    [mark] = desk.post(BULK, session=session, students=[student])["results"]
    one, unknown, stranger = f"{ATTENDANCE}{mark['id']}/", f"{ATTENDANCE}{uuid4()}/", str(uuid4())
    [trashed] = desk.students(1, deleted=True)
    many = [str(uuid4()) for _ in range(501)]
    bodies: list[Any] = [
        {},
        {"session": session},
        {"students": [student]},
        {"session": session, "students": []},
        {"session": session, "students": many},
        {"session": session, "students": [student, student]},
        {"session": session, "students": "all"},
        {"session": session, "students": [student], "status": "PRESENT"},
        {"session": 1, "students": [student]},
    ]
    changes: list[Any] = [
        [],
        {"status": "present"},
        {"status": "출석"},
        {"status": None},
        {"status": 1},
        {"status": "SECESSION", "confirm_secession": "true"},
        {"status": "SECESSION", "confirm_secession": 1},
        {"status": "SECESSION", "confirm_secession": None},
        {"memo": None},
        {"memo": "\x00"},
        {"memo": "가" * 1001},
        {"memo": 5},
        {"notify": True},
        {"session": session},
    ]
    check_refusals(
        [(("POST", BULK, body), 422, "invalid_request") for body in bodies]
        + [(("PATCH", one, body), 422, "invalid_request") for body in changes]
        + [
            (("POST", BULK, {"session": stranger, "students": [student]}), 422, "unknown_session"),
            (("POST", BULK, {"session": session, "students": [student, stranger]}), 422, "unknown_students"),
            (("POST", BULK, {"session": session, "students": [trashed]}), 422, "unknown_students"),
            (("POST", ATTENDANCE, {"session": session}), 405, "method_not_allowed"),
            (("GET", one, None), 405, "method_not_allowed"),
            (("DELETE", one, None), 405, "method_not_allowed"),
            (("PATCH", unknown, {"status": "PRESENT"}), 404, "not_found"),
            (("PATCH", f"{ATTENDANCE}7/", {"status": "PRESENT"}), 404, "not_found"),
            (("GET", ATTENDANCE, None), 422, "invalid_request"),
            (("GET", f"{ATTENDANCE}?session=x", None), 422, "invalid_request"),
            (("GET", f"{ATTENDANCE}?session={stranger}", None), 404, "not_found"),
            (("GET", MATRIX, None), 422, "invalid_request"),
            (("GET", f"{MATRIX}?lecture={stranger}", None), 404, "not_found"),
            (("GET", f"{MATRIX}?lecture={lecture}&page=1", None), 422, "invalid_request"),
            (("POST", MATRIX, {"lecture": lecture}), 405, "method_not_allowed"),
        ]
    )


def test_a_deleted_student_is_in_no_list_and_gets_no_marks(desk: Any) -> None:
    lecture, students = desk.lecture(), desk.students(2)
    session = desk.session(lecture)
    first, second = desk.post(BULK, session=session, students=students)["results"]
    desk.delete_students(students[:1])
    assert desk.marks(session) == [second]
    assert [row["student_id"] for row in desk.get(MATRIX, lecture=lecture)["students"]] == students[1:]
    refused = desk.refused("PATCH", f"{ATTENDANCE}{first['id']}/", {"status": "PRESENT"})
    assert refused == (404, "not_found")


def test_the_matrix_has_every_student_session_and_mark(desk: Any) -> None:
    lecture, students = desk.lecture(), desk.students(3)
    first, second = desk.session(lecture, date="2026-03-02"), desk.session(lecture)
    desk.post(BULK, session=first, students=students[:2])
    [mark] = desk.post(BULK, session=second, students=students[:1])["results"]
    desk.enrolled(lecture, students[2:])
    desk.patch(f"{ATTENDANCE}{mark['id']}/", status="ABSENT", memo="독감")
    desk.post(BULK, session=desk.session(desk.lecture("영어")), students=students)
    matrix = desk.get(MATRIX, lecture=lecture)
    assert (matrix["lecture"]["id"], matrix["lecture"]["title"]) == (lecture, "수학")
    assert [(row["id"], row["order"], row["date"]) for row in matrix["sessions"]] == [
        (first, 1, "2026-03-02"),
        (second, 2, None),
    ]
    assert [row["student_id"] for row in matrix["students"]] == students
    top = matrix["students"][0]
    assert (top["name"], top["student_phone"], top["parent_phone"]) == ("학생0000", None, "01000000001")
    assert top["attendance"][second] == {"attendance_id": mark["id"], "status": "ABSENT", "memo": "독감"}
    assert top["enrollment_id"] == mark["enrollment_id"]
    assert [set(row["attendance"]) for row in matrix["students"]] == [{first, second}, {first}, set()]
    assert desk.get(MATRIX, lecture=desk.lecture("빈 강의"))["students"] == []


def test_a_matrix_of_60_sessions_and_500_students_takes_as_many_statements_as_a_small_one(
    desk: Any, statements: Any
) -> None:
    small, large = desk.lecture("작은 강의"), desk.lecture("큰 강의")
    desk.post(BULK, session=desk.session(small), students=desk.students(1))
    students = desk.students(500)
    desk.enrolled(large, students)
    desk.academy.admin.execute(
        'INSERT INTO session (tenant_id, lecture_id, "order", title)'
        " SELECT 'demo', %s, n, n || '차시' FROM generate_series(1, 60) AS n",
        (large,),
    )
    desk.academy.admin.execute(
        "INSERT INTO attendance (tenant_id, session_id, enrollment_id, status)"
        " SELECT 'demo', s.id, e.id, 'PRESENT' FROM session s JOIN enrollment e USING (lecture_id)"
        " WHERE lecture_id = %s",
        (large,),
    )
    counts = []
    for lecture in (small, large):
        with statements() as seen:
            matrix = desk.get(MATRIX, lecture=lecture)
        counts.append(len(seen))
    assert counts == [2, 2]  # one says which academy's rows are seen
    assert [row["student_id"] for row in matrix["students"]] == students
    assert [row["order"] for row in matrix["sessions"]] == list(range(1, 61))
    sessions = {row["id"] for row in matrix["sessions"]}
    assert all(row["attendance"].keys() == sessions for row in matrix["students"])


def test_statements_do_not_grow_with_the_students(desk: Any, statements: Any) -> None:
    lecture, students = desk.lecture(), desk.students(53)
    sessions = [desk.session(lecture) for _ in range(6)]
    counts = []
    for some in (students[:3], students[3:]):
        with statements() as seen:
            desk.post(BULK, session=sessions[0], students=some)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 12
    leaving = []
    for student, of in zip(students, (1, 6), strict=False):
        for session in sessions[:of]:
            desk.post(BULK, session=session, students=[student])
        [mark, *_] = [row for row in desk.marks(sessions[0]) if row["student_id"] == student]
        with statements() as seen:
            desk.patch(f"{ATTENDANCE}{mark['id']}/", status="SECESSION", confirm_secession=True)
        leaving.append(len(seen))
    assert leaving[0] == leaving[1] <= 9


def test_every_mark_is_told_with_a_newer_version_than_the_one_before(desk: Any) -> None:
    lecture, students = desk.lecture(), desk.students(2)
    sessions = [desk.session(lecture) for _ in range(2)]
    [mark, _], [other, _] = (desk.post(BULK, session=one, students=students)["results"] for one in sessions)
    path = f"{ATTENDANCE}{mark['id']}/"

    def told() -> list[tuple[str, str, bool]]:
        rows = [
            row for row in desk.told("session_enrollment") if row["enrollment_id"] == mark["enrollment_id"]
        ]
        versions = [row["version"] for row in rows]
        assert versions == sorted(set(versions))
        return [(row["session_id"], row["attendance"], row["deleted"]) for row in rows]

    begun = [(sessions[0], "UNSET", False), (sessions[1], "UNSET", False)]
    assert told() == begun
    desk.patch(path, status="ONLINE")
    desk.patch(path, status="ONLINE", memo="집")
    desk.patch(path, memo="다시")
    assert told() == [*begun, (sessions[0], "ONLINE", False)]
    desk.patch(f"{ATTENDANCE}{other['id']}/", status="SECESSION", confirm_secession=True)
    left = told()[3:]
    assert sorted(left) == sorted((session, "SECESSION", False) for session in sessions)
    desk.delete(f"{ENROLLMENTS}{mark['enrollment_id']}/")
    assert sorted(told()[5:]) == sorted((session, "UNSET", True) for session in sessions)


def test_nothing_from_the_front_desk_reaches_a_guardian(desk: Any) -> None:
    lecture, students = desk.lecture(), desk.students(2)
    session = desk.session(lecture)
    first, second = desk.post(BULK, session=session, students=students)["results"]
    desk.patch(f"{ATTENDANCE}{first['id']}/", status="ABSENT")
    desk.patch(f"{ATTENDANCE}{second['id']}/", status="SECESSION", confirm_secession=True)
    desk.delete(f"{ENROLLMENTS}{first['enrollment_id']}/")
    types = desk.academy.admin.execute("SELECT DISTINCT type FROM outbox").fetchall()
    changes = ("enrollment", "session", "session_enrollment")
    assert set(types) == {(f"enrollment.{change}.changed",) for change in changes}
    bodies = desk.academy.admin.execute("SELECT body FROM outbox").fetchall()
    assert not any("학생" in body or "0100" in body for (body,) in bodies)
