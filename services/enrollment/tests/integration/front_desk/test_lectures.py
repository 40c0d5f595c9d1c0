"""Lectures over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

LECTURES = "/api/v1/lectures/lectures/"


def test_a_lecture_has_what_was_given_and_defaults_for_the_rest(desk: Any) -> None:
    made = desk.post(
        LECTURES, title="  수학  특강 ", start_date="2026-03-02", end_date="2026-03-02", chip_label="수"
    )
    assert made["title"] == "수학  특강"
    assert (made["start_date"], made["end_date"], made["chip_label"]) == ("2026-03-02", "2026-03-02", "수")
    assert (made["color"], made["is_active"], made["description"]) == ("#3b82f6", True, "")
    assert desk.get(f"{LECTURES}{made['id']}/") == made
    assert desk.get(f"{LECTURES}{made['id']}") == made  # the trailing slash is optional


def test_a_patch_changes_what_it_names(desk: Any) -> None:
    lecture = desk.lecture(subject="수학", start_date="2026-03-02")
    changed = desk.patch(f"{LECTURES}{lecture}/", is_active=False, end_date="2026-04-01", subject="")
    assert (changed["is_active"], changed["end_date"], changed["subject"]) == (False, "2026-04-01", "")
    assert (changed["title"], changed["start_date"]) == ("수학", "2026-03-02")
    assert desk.patch(f"{LECTURES}{lecture}/") == changed
    assert desk.patch(f"{LECTURES}{lecture}/", start_date=None)["start_date"] is None


def test_the_same_title_is_taken_in_one_academy_and_free_in_another(desk: Any, desk_of: Any) -> None:
    first, second = desk.lecture("수학"), desk.lecture("영어")
    assert desk.refused("POST", LECTURES, {"title": " 수학 "}) == (409, "lecture_title_taken")
    assert desk.refused("PATCH", f"{LECTURES}{second}/", {"title": "수학"}) == (409, "lecture_title_taken")
    assert desk.patch(f"{LECTURES}{first}/", title="수학")["title"] == "수학"
    detail = desk.ask("POST", LECTURES, {"title": "수학"}).json
    assert detail["detail"] == "같은 이름의 강의가 이미 있습니다."
    assert "title" in detail["errors"]
    assert desk_of("other").lecture("수학")


def test_a_lecture_ends_after_it_starts_also_when_patched_in_halves(desk: Any) -> None:
    lecture = desk.lecture(start_date="2026-03-02", end_date="2026-03-09")
    for body in ({"start_date": "2026-03-10"}, {"end_date": "2026-03-01"}):
        answer = desk.ask("PATCH", f"{LECTURES}{lecture}/", body)
        assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")
        assert "end_date" in answer.json["errors"]
    assert desk.patch(f"{LECTURES}{lecture}/", start_date="2026-04-01", end_date="2026-04-02")


def test_hostile_lectures_are_refused(desk: Any, check_refusals: Any) -> None:
    lecture = f"{LECTURES}{desk.lecture()}/"
    bodies: list[tuple[Any, int, str]] = [
        ({}, 422, "invalid_request"),
        ([], 422, "invalid_request"),
        ("수학", 422, "invalid_request"),
        ({"title": ""}, 422, "invalid_request"),
        ({"title": " \t "}, 422, "invalid_request"),
        ({"title": None}, 422, "invalid_request"),
        ({"title": 7}, 422, "invalid_request"),
        ({"title": ["수학"]}, 422, "invalid_request"),
        ({"title": "가" * 256}, 422, "invalid_request"),
        ({"title": "수\x00학"}, 422, "invalid_request"),
        ({"title": "수\n학"}, 422, "invalid_request"),
        ({"title": "가", "is_active": "false"}, 422, "invalid_request"),
        ({"title": "가", "is_active": 0}, 422, "invalid_request"),
        ({"title": "가", "is_active": None}, 422, "invalid_request"),
        ({"title": "가", "start_date": "2026-02-30"}, 422, "invalid_request"),
        ({"title": "가", "start_date": "02/03/2026"}, 422, "invalid_request"),
        ({"title": "가", "start_date": 20260302}, 422, "invalid_request"),
        ({"title": "가", "start_date": "2026-03-02T00:00:00"}, 422, "invalid_request"),
        ({"title": "가", "start_date": "2026-03-02", "end_date": "2026-03-01"}, 422, "invalid_request"),
        ({"title": "가", "color": "red"}, 422, "invalid_request"),
        ({"title": "가", "chip_label": "세글자"}, 422, "invalid_request"),
        ({"title": "가", "subject": "가" * 51}, 422, "invalid_request"),
        ({"title": "가", "description": "가" * 5001}, 422, "invalid_request"),
        ({"title": "가", "tenant_id": "other"}, 422, "invalid_request"),
        ({"title": "가", "id": str(uuid4())}, 422, "invalid_request"),
    ]
    unknown = f"{LECTURES}{uuid4()}/"
    check_refusals(
        [(("POST", LECTURES, body), status, code) for body, status, code in bodies if body != {}]
        + [(("PATCH", lecture, body), status, code) for body, status, code in bodies if body not in ({}, [])]
        + [
            (("POST", LECTURES, {}), 422, "invalid_request"),
            (("GET", unknown, None), 404, "not_found"),
            (("PATCH", unknown, {"title": "가"}), 404, "not_found"),
            (("PATCH", unknown, {}), 404, "not_found"),
            (("DELETE", unknown, None), 404, "not_found"),
            (("GET", f"{LECTURES}1/", None), 404, "not_found"),
            (("GET", f"{LECTURES}{uuid4()}x/", None), 404, "not_found"),
            (("PUT", lecture, {"title": "가"}), 405, "method_not_allowed"),
            (("DELETE", LECTURES, None), 405, "method_not_allowed"),
            (("GET", f"{LECTURES}?is_active=1", None), 422, "invalid_request"),
            (("GET", f"{LECTURES}?is_active=True", None), 422, "invalid_request"),
            (("GET", f"{LECTURES}?page_size=501", None), 422, "invalid_request"),
            (("GET", f"{LECTURES}?page_size=0", None), 422, "invalid_request"),
            (("GET", f"{LECTURES}?active=true", None), 422, "invalid_request"),
            (("GET", f"{LECTURES}?cursor=x", None), 400, "invalid_cursor"),
            (("GET", f"{LECTURES}?cursor=W10", None), 400, "invalid_cursor"),
            (("GET", f"{LECTURES}?search=%00", None), 400, "invalid_characters"),
        ]
    )
    raw = desk.client.post(LECTURES, data='{"title": ', content_type="application/json")
    assert (raw.status_code, raw.json["code"]) == (400, "invalid_json")
    form = desk.client.post(LECTURES, data={"title": "가"})
    assert (form.status_code, form.json["code"]) == (415, "unsupported_media_type")
    lone = desk.client.post(LECTURES, data='{"title": "\\ud800"}', content_type="application/json")
    assert lone.status_code in (400, 422)


def test_a_title_of_sql_and_wildcards_is_only_text(desk: Any) -> None:
    odd = "'; DROP TABLE lecture; -- 100%_\\"
    desk.lecture(odd)
    desk.lecture("1000 단어")
    assert [row["title"] for row in desk.get(LECTURES, search="100%_")["results"]] == [odd]
    assert [row["title"] for row in desk.get(LECTURES, search="\\")["results"]] == [odd]
    assert desk.get(LECTURES, search="drop table")["results"]


def test_the_list_is_newest_first_and_complete_page_by_page(desk: Any) -> None:
    made = [desk.lecture(f"강의 {n}", is_active=n % 2 == 0) for n in range(7)]
    assert [row["id"] for row in desk.get(LECTURES)["results"]] == made[::-1]
    seen: list[str] = []
    page = desk.get(LECTURES, page_size=3)
    while True:
        seen += [row["id"] for row in page["results"]]
        if page["next"] is None:
            break
        page = desk.get(LECTURES, page_size=3, cursor=page["next"])
    assert seen == made[::-1]
    assert [row["id"] for row in desk.get(LECTURES, is_active="false")["results"]] == [
        made[n] for n in (5, 3, 1)
    ]
    assert [row["id"] for row in desk.get(LECTURES, search="의 3")["results"]] == [made[3]]


def test_only_a_lecture_without_enrollments_is_deleted_with_its_sessions(desk: Any) -> None:
    lecture, empty = desk.lecture("수학"), desk.lecture("빈 강의")
    session = desk.session(lecture)
    gone = desk.session(empty)
    [enrollment] = desk.enrolled(lecture, desk.students(1))
    before = desk.state()
    assert desk.refused("DELETE", f"{LECTURES}{lecture}/") == (409, "lecture_not_empty")
    desk.patch(f"/api/v1/enrollments/{enrollment}/", status="INACTIVE")
    assert desk.refused("DELETE", f"{LECTURES}{lecture}/") == (409, "lecture_not_empty")
    assert desk.state()["lecture"] == before["lecture"]
    desk.delete(f"{LECTURES}{empty}/")
    assert desk.refused("GET", f"{LECTURES}{empty}/") == (404, "not_found")
    assert desk.refused("GET", f"/api/v1/lectures/sessions/{gone}/") == (404, "not_found")
    desk.delete(f"/api/v1/enrollments/{enrollment}/")
    desk.delete(f"{LECTURES}{lecture}/")
    assert desk.refused("GET", f"/api/v1/lectures/sessions/{session}/") == (404, "not_found")


def test_students_in_the_trash_keep_their_lecture(desk: Any) -> None:
    lecture = desk.lecture()
    students = desk.students(2)
    desk.enrolled(lecture, students)
    desk.delete_students(students)
    answer = desk.ask("DELETE", f"{LECTURES}{lecture}/")
    assert (answer.status_code, answer.json["code"]) == (409, "lecture_not_empty")
    assert "2건(휴지통 학생 포함)" in answer.json["detail"]


@pytest.mark.parametrize("role", ["owner", "admin", "teacher", "staff"])
def test_every_staff_role_may(desk_of: Any, role: str) -> None:
    desk = desk_of(role=role)
    lecture = desk.lecture(role)
    desk.session(lecture)
    desk.enrolled(lecture, desk.students(1))


@pytest.mark.parametrize("role", ["student", "parent", "stranger", None])
def test_no_route_admits_students_parents_or_nobody(app: Any, desk_of: Any, role: str | None) -> None:
    who = desk_of(role=role or "staff")
    if role is None:
        who.client.environ_base.pop("HTTP_AUTHORIZATION")
    expected = (401, "unauthenticated") if role is None else (403, "forbidden")
    tried = 0
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/api/v1/"):
            continue
        path = rule.rule
        for name in rule.arguments:
            path = path.replace(f"<uuid:{name}>", str(uuid4()))
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            assert who.refused(method, path) == expected, (method, path)
            tried += 1
    assert tried >= 25
