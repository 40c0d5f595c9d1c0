"""POST and DELETE /<id>/hold/: who must stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

UNKNOWN = "0197f1d0-0000-7000-8000-00000000000a"


def test_a_hold_is_shown_replaced_and_lifted(academy, office, enrolled, trail, pseudonym):
    [student] = enrolled(1)
    shown = office.done(f"{student}/hold/", reason="민원 처리 중")["hold"]
    assert (shown["reason"], shown["until"], shown["created_by"]) == ("민원 처리 중", None, "owner-1")
    shown = office.done(f"{student}/hold/", reason="법원 요청", until="2199-01-31")["hold"]
    assert (shown["reason"], shown["until"]) == ("법원 요청", "2199-01-31T15:00:00+00:00")
    assert office.delete(f"{student}/hold/", role="owner") == (204, None)
    assert office.ask("GET", f"{student}/")[1]["hold"] is None
    status, answer = office.delete(f"{student}/hold/", role="owner")
    assert (status, answer["code"]) == (404, "not_found")
    assert [(action, who) for action, who, *_ in trail()][-3:] == [
        ("held", pseudonym(student)),
        ("held", pseudonym(student)),
        ("released", pseudonym(student)),
    ]
    # the reason may name people, and the trail is for ever
    assert not any("법원" in repr(row) or "민원" in repr(row) for row in trail())


def test_a_hold_ends_by_itself(academy, office, enrolled):
    [student] = enrolled(1)
    office.delete(f"{student}/")
    until = datetime.now(UTC) + timedelta(days=1)
    office.done(f"{student}/hold/", reason="조사", until=until.isoformat())
    refused = office.done("bulk_permanent_delete/", ids=[student])
    assert [one["code"] for one in refused["skipped"]] == ["legal_hold"]
    academy.db.admin.execute("UPDATE legal_hold SET until = now()")
    assert office.done("bulk_permanent_delete/", ids=[student])["deleted"] == 1


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"reason": ""},
        {"reason": "  "},
        {"reason": "x" * 501},
        {"reason": "a\x00b"},
        {"reason": 1},
        {"reason": "x", "until": "soon"},
        {"reason": "x", "until": 20990101},
        {"reason": "x", "until": "2020-01-01"},
        {"reason": "x", "until": "2099-13-01"},
        {"reason": "x", "until": "2099-01-01T00:00:00"},
        {"reason": "x", "until": "9999-12-31"},
        {"reason": "x", "until": "9999-12-31T23:59:59-23:59"},
        {"reason": "x", "until": "0001-01-01T00:00:00+23:59"},
        {"reason": "x", "created_by": "somebody"},
    ],
)
def test_hostile_holds_are_refused(academy, office, enrolled, body):
    [student] = enrolled(1)
    status, answer = office.post(f"{student}/hold/", body)
    assert (status, answer["code"]) == (422, "invalid_request")
    assert academy.all("SELECT count(*) FROM legal_hold") == [(0,)]


def test_nobody_of_another_academy_is_held(academy, office, enrolled):
    [foreign] = enrolled(1, tenant="other")
    for student in (foreign, UNKNOWN):
        for method in ("POST", "DELETE"):
            status, answer = office.ask(method, f"{student}/hold/", {"reason": "x"})
            assert (status, answer["code"]) == (404, "not_found")
    assert academy.all("SELECT count(*) FROM legal_hold") == [(0,)]
