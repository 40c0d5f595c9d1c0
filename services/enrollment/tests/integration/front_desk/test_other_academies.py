"""Every place that takes an id, tried with the id of another academy."""

from __future__ import annotations

from typing import Any

LECTURES = "/api/v1/lectures/lectures/"
SESSIONS = "/api/v1/lectures/sessions/"
ATTENDANCE = "/api/v1/lectures/attendance/"
ENROLLMENTS = "/api/v1/enrollments/"
MEMBERS = "/api/v1/enrollments/session-enrollments/"


def _furnish(desk: Any) -> dict[str, str]:
    """One of each, by kind; `second` is a student who is in no lecture."""
    student, second = desk.students(2)
    lecture = desk.lecture()
    session = desk.session(lecture)
    [enrollment] = desk.enrolled(lecture, [student])
    [member] = desk.placed(session, [enrollment])
    [mark] = desk.marks(session)
    return {
        "student": student,
        "second": second,
        "lecture": lecture,
        "session": session,
        "enrollment": enrollment,
        "member": member,
        "mark": mark["id"],
    }


def test_ids_of_another_academy_are_unknown_everywhere(desk: Any, desk_of: Any, check_refusals: Any) -> None:
    mine, theirs = _furnish(desk), _furnish(desk_of("other"))
    addressed = [
        ("GET", f"{LECTURES}{theirs['lecture']}/", None),
        ("PATCH", f"{LECTURES}{theirs['lecture']}/", {"title": "가"}),
        ("DELETE", f"{LECTURES}{theirs['lecture']}/", None),
        ("GET", f"{SESSIONS}{theirs['session']}/", None),
        ("PATCH", f"{SESSIONS}{theirs['session']}/", {"title": "가"}),
        ("DELETE", f"{SESSIONS}{theirs['session']}/", None),
        ("GET", f"{SESSIONS}?lecture={theirs['lecture']}", None),
        ("GET", f"{ENROLLMENTS}{theirs['enrollment']}/", None),
        ("PATCH", f"{ENROLLMENTS}{theirs['enrollment']}/", {"status": "INACTIVE"}),
        ("DELETE", f"{ENROLLMENTS}{theirs['enrollment']}/", None),
        ("DELETE", f"{MEMBERS}{theirs['member']}/", None),
        ("GET", f"{ATTENDANCE}?session={theirs['session']}", None),
        ("GET", f"{ATTENDANCE}matrix/?lecture={theirs['lecture']}", None),
        ("PATCH", f"{ATTENDANCE}{theirs['mark']}/", {"status": "PRESENT"}),
        ("PATCH", f"{ATTENDANCE}{theirs['mark']}/", {"status": "SECESSION", "confirm_secession": True}),
    ]
    named: list[tuple[str, dict[str, Any], str]] = [
        (SESSIONS, {"lecture": theirs["lecture"]}, "unknown_lecture"),
        (
            f"{ENROLLMENTS}bulk_create/",
            {"lecture": theirs["lecture"], "students": [mine["second"]]},
            "unknown_lecture",
        ),
        (
            f"{ENROLLMENTS}bulk_create/",
            {"lecture": mine["lecture"], "students": [mine["second"], theirs["second"]]},
            "unknown_students",
        ),
        (
            f"{MEMBERS}bulk_create/",
            {"session": theirs["session"], "enrollments": [mine["enrollment"]]},
            "unknown_session",
        ),
        (
            f"{MEMBERS}bulk_create/",
            {"session": mine["session"], "enrollments": [mine["enrollment"], theirs["enrollment"]]},
            "unknown_enrollments",
        ),
        (
            f"{ATTENDANCE}bulk_create/",
            {"session": theirs["session"], "students": [mine["second"]]},
            "unknown_session",
        ),
        (
            f"{ATTENDANCE}bulk_create/",
            {"session": mine["session"], "students": [theirs["second"]]},
            "unknown_students",
        ),
    ]
    check_refusals(
        [(request, 404, "not_found") for request in addressed]
        + [(("POST", path, body), 422, code) for path, body, code in named]
    )


def test_lists_show_one_academy_only(desk: Any, desk_of: Any) -> None:
    mine, theirs = _furnish(desk), _furnish(desk_of("other"))
    assert [row["id"] for row in desk.get(LECTURES)["results"]] == [mine["lecture"]]
    assert [row["id"] for row in desk.get(ENROLLMENTS)["results"]] == [mine["enrollment"]]
    for query in ({"lecture": theirs["lecture"]}, {"student": theirs["student"]}):
        assert desk.get(ENROLLMENTS, **query)["results"] == []
    for query in ({"session": theirs["session"]}, {"enrollment": theirs["enrollment"]}):
        assert desk.get(MEMBERS, **query)["results"] == []
