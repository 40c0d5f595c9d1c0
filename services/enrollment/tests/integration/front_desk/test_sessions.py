"""Sessions (차시) over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from enrollment.usecases.lectures import tell_untold_sessions

SESSIONS = "/api/v1/lectures/sessions/"


def test_sessions_follow_each_other_unless_told_otherwise(desk: Any) -> None:
    lecture = desk.lecture()
    first = desk.post(SESSIONS, lecture=lecture)
    assert (first["order"], first["title"], first["date"], first["session_type"]) == (
        1,
        "1차시",
        None,
        "REGULAR",
    )
    tenth = desk.post(SESSIONS, lecture=lecture, order=10, title="보강", date="2026-03-02")
    assert (tenth["order"], tenth["title"], tenth["date"]) == (10, "보강", "2026-03-02")
    assert desk.post(SESSIONS, lecture=lecture, session_type="SUPPLEMENT")["order"] == 11
    assert desk.post(SESSIONS, lecture=desk.lecture("영어"))["order"] == 1
    assert desk.get(f"{SESSIONS}{first['id']}/") == first


def test_a_session_list_is_complete_in_order_and_of_one_lecture(desk: Any) -> None:
    lecture = desk.lecture()
    made = [desk.session(lecture, order=order) for order in (3, 1, 2)]
    desk.session(desk.lecture("영어"))
    listed = desk.get(SESSIONS, lecture=lecture)
    assert [row["id"] for row in listed["results"]] == [made[1], made[2], made[0]]
    assert listed["next"] is None
    page = desk.get(SESSIONS, lecture=lecture, page_size=2)
    rest = desk.get(SESSIONS, lecture=lecture, page_size=2, cursor=page["next"])
    assert [row["order"] for row in page["results"] + rest["results"]] == [1, 2, 3]


def test_a_patch_changes_what_it_names_but_never_the_lecture(desk: Any) -> None:
    lecture = desk.lecture()
    session, other = desk.session(lecture), desk.session(lecture)
    changed = desk.patch(f"{SESSIONS}{session}/", title="개강", date="2026-03-02", order=7)
    assert (changed["title"], changed["date"], changed["order"]) == ("개강", "2026-03-02", 7)
    assert desk.patch(f"{SESSIONS}{session}/", date=None)["date"] is None
    assert desk.patch(f"{SESSIONS}{session}/")["title"] == "개강"
    assert desk.refused("PATCH", f"{SESSIONS}{other}/", {"order": 7}) == (409, "session_order_taken")
    assert desk.refused("POST", SESSIONS, {"lecture": lecture, "order": 7}) == (409, "session_order_taken")
    moved = {"lecture": desk.lecture("영어")}
    assert desk.refused("PATCH", f"{SESSIONS}{session}/", moved) == (422, "invalid_request")


def test_hostile_sessions_are_refused(desk: Any, check_refusals: Any) -> None:
    lecture = desk.lecture()
    session, unknown = f"{SESSIONS}{desk.session(lecture)}/", f"{SESSIONS}{uuid4()}/"
    fields: list[dict[str, Any]] = [
        {"order": 0},
        {"order": -1},
        {"order": 10_001},
        {"order": 2**40},
        {"order": 1.5},
        {"order": True},
        {"order": None},
        {"title": ""},
        {"title": "1\x00"},
        {"title": "가" * 256},
        {"date": "2026-13-01"},
        {"date": ""},
        {"date": False},
        {"session_type": "EXTRA"},
        {"session_type": ["REGULAR"]},
        {"id": str(uuid4())},
        {"section": "A"},
    ]
    check_refusals(
        [(("POST", SESSIONS, {"lecture": lecture, **body}), 422, "invalid_request") for body in fields]
        + [(("PATCH", session, body), 422, "invalid_request") for body in fields]
        + [
            (("POST", SESSIONS, {}), 422, "invalid_request"),
            (("POST", SESSIONS, {"lecture": "1"}), 422, "invalid_request"),
            (("POST", SESSIONS, {"lecture": [lecture]}), 422, "invalid_request"),
            (("POST", SESSIONS, {"lecture": {"id": lecture}}), 422, "invalid_request"),
            (("POST", SESSIONS, {"lecture": str(uuid4())}), 422, "unknown_lecture"),
            (("GET", SESSIONS, None), 422, "invalid_request"),
            (("GET", f"{SESSIONS}?lecture=1", None), 422, "invalid_request"),
            (("GET", f"{SESSIONS}?lecture={uuid4()}", None), 404, "not_found"),
            (("GET", f"{SESSIONS}?lecture={lecture}&cursor=!", None), 400, "invalid_cursor"),
            (("GET", unknown, None), 404, "not_found"),
            (("PATCH", unknown, {"title": "가"}), 404, "not_found"),
            (("DELETE", unknown, None), 404, "not_found"),
            (("PUT", session, {}), 405, "method_not_allowed"),
        ]
    )


def test_a_session_is_deleted_only_while_nothing_is_recorded_in_it(desk: Any) -> None:
    lecture = desk.lecture()
    session, other = desk.session(lecture), desk.session(lecture)
    enrollments = desk.enrolled(lecture, desk.students(3))
    desk.placed(session, enrollments)
    desk.placed(other, enrollments)
    [first, *_] = desk.marks(session)
    for recorded, undone in (({"status": "LATE"}, {"status": "UNSET"}), ({"memo": "병원"}, {"memo": ""})):
        desk.patch(f"/api/v1/lectures/attendance/{first['id']}/", **recorded)
        assert desk.refused("DELETE", f"{SESSIONS}{session}/") == (409, "session_has_records")
        desk.patch(f"/api/v1/lectures/attendance/{first['id']}/", **undone)
    assert len(desk.marks(session)) == 3
    desk.delete(f"{SESSIONS}{session}/")
    ends = [row for row in desk.told("session_enrollment") if row["deleted"]]
    assert [row["session_id"] for row in ends] == [session] * 3
    assert {row["enrollment_id"] for row in ends} == set(enrollments)
    assert len(desk.marks(other)) == 3
    assert desk.session(lecture)  # and the lecture goes on


def test_other_services_hear_of_every_session_as_it_is(desk: Any) -> None:
    lecture = desk.lecture("수학")
    first, second = desk.session(lecture), desk.session(lecture, title="보강")
    desk.session(desk.lecture("영어"))
    made = desk.told("session")
    assert [(row["session_id"], row["lecture_title"], row["title"], row["position"]) for row in made[:2]] == [
        (first, "수학", "1차시", 1),
        (second, "수학", "보강", 2),
    ]
    assert not any(row["deleted"] for row in made)

    desk.patch(f"{SESSIONS}{first}/", title="개강", order=5)
    desk.patch(f"{SESSIONS}{first}/")  # nothing to change, nothing to say
    desk.patch(f"/api/v1/lectures/lectures/{lecture}/", title="수학 심화", subject="수학")
    desk.patch(f"/api/v1/lectures/lectures/{lecture}/", subject="미적분")  # no title of any session changes
    desk.delete(f"{SESSIONS}{second}/")
    desk.delete(f"/api/v1/lectures/lectures/{lecture}/")

    said = desk.told("session")[3:]
    assert [(row["title"], row["position"], row["lecture_title"], row["deleted"]) for row in said] == [
        ("개강", 5, "수학", False),
        ("개강", 5, "수학 심화", False),
        ("보강", 2, "수학 심화", False),
        ("보강", 2, "수학 심화", True),
        ("개강", 5, "수학 심화", True),
    ]
    for session in (first, second):
        versions = [row["version"] for row in desk.told("session") if row["session_id"] == session]
        assert versions == sorted(set(versions))


def test_a_lecture_of_many_sessions_is_told_in_batches(desk: Any) -> None:
    lecture = desk.lecture()
    desk.academy.admin.execute(
        'INSERT INTO session (tenant_id, lecture_id, "order", title, version)'
        " SELECT 'demo', %s, n, n || '차시', 1 FROM generate_series(1, 1001) n",
        (lecture,),
    )
    desk.patch(f"/api/v1/lectures/lectures/{lecture}/", title="새 이름")
    sizes = desk.academy.admin.execute(
        "SELECT jsonb_array_length(body::jsonb #> '{data,sessions,title}') FROM outbox ORDER BY seq"
    ).fetchall()
    assert [size for (size,) in sizes] == [500, 500, 1]


def test_sessions_of_an_older_build_are_told_once(desk: Any, desk_of: Any) -> None:
    for one in (desk, desk_of("other")):
        lecture = one.lecture()
        desk.academy.admin.execute(
            'INSERT INTO session (tenant_id, lecture_id, "order", title)'
            " SELECT %s, %s, n, n || '차시' FROM generate_series(1, 2) n",
            (one.tenant, lecture),
        )
    for _again in range(2):
        tell_untold_sessions(desk.academy.database, datetime.now(UTC))
    said = desk.told("session")
    assert sorted(row["title"] for row in said) == ["1차시", "1차시", "2차시", "2차시"]
    assert all(row["version"] > 0 and row["lecture_title"] == "수학" for row in said)
