"""One status for a whole session, and its being taken back."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from enrollment.adapters import undo_tokens

ATTENDANCE = "/api/v1/lectures/attendance/"
SET, UNDO = f"{ATTENDANCE}bulk_set/", f"{ATTENDANCE}bulk_undo/"


@pytest.fixture
def seated(desk: Any) -> Any:
    """A lecture with two sessions and these many students in both; answers the sessions."""

    def seat(number: int) -> tuple[str, str]:
        lecture, students = desk.lecture(), desk.students(number)
        sessions = desk.session(lecture), desk.session(lecture)
        for session in sessions:
            desk.ask("POST", f"{ATTENDANCE}bulk_create/", {"session": session, "students": students})
        return sessions

    return seat


def ask(desk: Any, path: str, **body: Any) -> Any:
    answer = desk.ask("POST", path, body)
    assert answer.status_code == 200, answer.text
    return answer.json


def statuses(desk: Any, session: str) -> list[str]:
    return [mark["status"] for mark in desk.marks(session)]


def test_everybody_is_present_and_a_moment_later_as_before(desk: Any, seated: Any) -> None:
    session, other = seated(4)
    first, second, *_ = desk.marks(session)
    desk.patch(f"{ATTENDANCE}{first['id']}/", status="LATE", memo="버스")
    desk.patch(f"{ATTENDANCE}{second['id']}/", status="PRESENT")
    before = desk.marks(session)
    done = ask(desk, SET, session=session, status="PRESENT")
    assert (done["changed"], done["unchanged"], done["terminal"]) == (3, 1, 0)
    assert done["results"] == desk.marks(session)
    assert statuses(desk, session) == ["PRESENT"] * 4
    assert statuses(desk, other) == ["UNSET"] * 4
    undone = ask(desk, UNDO, undo_token=done["undo_token"])
    assert desk.marks(session) == before
    assert {row["id"] for row in undone["results"]} == {mark["id"] for mark in before} - {second["id"]}


def test_only_some_or_only_those_without_a_mark(desk: Any, seated: Any) -> None:
    session, _ = seated(4)
    first, second, third, _ = desk.marks(session)
    desk.patch(f"{ATTENDANCE}{first['id']}/", status="ABSENT")
    some = ask(
        desk,
        SET,
        session=session,
        status="ONLINE",
        only_unset=True,
        attendances=[first["id"], second["id"]],
    )
    assert (some["changed"], some["unchanged"]) == (1, 1)
    assert statuses(desk, session) == ["ABSENT", "ONLINE", "UNSET", "UNSET"]
    nothing = ask(desk, SET, session=session, status="UNSET", attendances=[third["id"]])
    assert (nothing["changed"], nothing["undo_token"]) == (0, None)


def test_a_mark_changed_since_keeps_all_of_them(desk: Any, seated: Any) -> None:
    session, _ = seated(3)
    done = ask(desk, SET, session=session, status="PRESENT")
    [mark, *_] = desk.marks(session)
    desk.patch(f"{ATTENDANCE}{mark['id']}/", status="LATE")
    before = desk.state()
    refused = desk.refused("POST", UNDO, {"undo_token": done["undo_token"]})
    assert refused == (409, "attendance_changed")
    assert desk.state() == before


def test_undoing_twice_changes_nothing_more(desk: Any, seated: Any) -> None:
    session, _ = seated(2)
    token = ask(desk, SET, session=session, status="PRESENT")["undo_token"]
    ask(desk, UNDO, undo_token=token)
    assert desk.refused("POST", UNDO, {"undo_token": token}) == (409, "attendance_changed")
    assert statuses(desk, session) == ["UNSET"] * 2


def test_secession_of_a_class_is_confirmed_ends_the_enrollments_and_stays(desk: Any, seated: Any) -> None:
    session, other = seated(3)
    before = desk.state()
    body = {"session": session, "status": "SECESSION"}
    assert desk.refused("POST", SET, body) == (422, "secession_not_confirmed")
    assert desk.state() == before
    [mark, *_] = desk.marks(session)
    done = ask(desk, SET, **body, attendances=[mark["id"]], confirm_secession=True)
    assert (done["changed"], done["undo_token"]) == (1, None)
    assert statuses(desk, other) == ["SECESSION", "UNSET", "UNSET"]
    rows = desk.get("/api/v1/enrollments/", session=session)["results"]
    assert [row["status"] for row in rows] == ["INACTIVE", "ACTIVE", "ACTIVE"]
    rest = ask(desk, SET, session=session, status="PRESENT")
    assert (rest["changed"], rest["terminal"]) == (2, 1)
    assert statuses(desk, session) == ["SECESSION", "PRESENT", "PRESENT"]


def test_statements_do_not_grow_and_each_change_is_told_once(desk: Any, seated: Any, statements: Any) -> None:
    counts = []
    for number in (2, 200):
        session, _ = seated(number) if number == 2 else _second(desk, number)
        told = len(desk.told("session_enrollment"))
        with statements() as seen:
            done = ask(desk, SET, session=session, status="PRESENT")
        assert [row["attendance"] for row in desk.told("session_enrollment")[told:]] == ["PRESENT"] * number
        with statements() as undone:
            ask(desk, UNDO, undo_token=done["undo_token"])
        counts.append((len(seen), len(undone)))
    assert counts[0] == counts[1]
    types = desk.academy.admin.execute("SELECT DISTINCT type FROM outbox").fetchall()
    changes = ("enrollment", "session", "session_enrollment")
    assert set(types) == {(f"enrollment.{change}.changed",) for change in changes}


def _second(desk: Any, number: int) -> tuple[str, str]:
    lecture, students = desk.lecture("영어"), desk.students(number)
    session = desk.session(lecture)
    desk.ask("POST", f"{ATTENDANCE}bulk_create/", {"session": session, "students": students})
    return session, session


def test_hostile_bulk_changes_are_refused(
    desk: Any, desk_of: Any, seated: Any, check_refusals: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, other = seated(2)
    token = ask(desk, SET, session=session, status="LATE")["undo_token"]
    [elsewhere, *_] = desk.marks(other)
    bodies: list[Any] = [
        {},
        {"session": session},
        {"status": "PRESENT"},
        {"session": session, "status": "present"},
        {"session": session, "status": "PRESENT", "attendances": []},
        {"session": session, "status": "PRESENT", "attendances": [elsewhere["id"]] * 2},
        {"session": session, "status": "PRESENT", "attendances": "all"},
        {"session": session, "status": "PRESENT", "attendances": [str(uuid4()) for _ in range(501)]},
        {"session": session, "status": "PRESENT", "only_unset": "true"},
        {"session": session, "status": "PRESENT", "notify": True},
    ]
    tokens: list[Any] = ["x", token[:-2], f"{token}x", token[1:], "e30.e30.e30"]
    check_refusals(
        [(("POST", SET, body), 422, "invalid_request") for body in bodies]
        + [(("POST", UNDO, {"undo_token": one}), 422, "undo_token_invalid") for one in tokens]
        + [(("POST", UNDO, {"undo_token": one}), 422, "invalid_request") for one in (None, 5, "", [token])]
        + [
            (("POST", SET, {"session": str(uuid4()), "status": "PRESENT"}), 422, "unknown_session"),
            (
                ("POST", SET, {"session": session, "status": "ONLINE", "attendances": [elsewhere["id"]]}),
                422,
                "unknown_attendance",
            ),
        ]
    )
    stranger = desk_of("other")
    assert stranger.refused("POST", UNDO, {"undo_token": token}) == (422, "undo_token_invalid")
    refused = stranger.refused("POST", SET, {"session": session, "status": "PRESENT"})
    assert refused == (422, "unknown_session")
    monkeypatch.setattr(undo_tokens, "GOOD_FOR", undo_tokens.GOOD_FOR * -1)
    assert desk.refused("POST", UNDO, {"undo_token": token}) == (409, "undo_token_expired")
