"""Consent: a ledger nobody changes, how each stands, and what is due by law."""

from datetime import timedelta

import pytest
from messaging.domain.guards import NO_CONSENT

PHONE = "01000000000"
GIVEN = {"kind": "ad", "action": "given", "via": "paper"}


@pytest.fixture
def say(desk):
    def run(action, kind="ad", phone=PHONE, **more):
        done = desk.post("consent/", phone=phone, kind=kind, action=action, via="paper", **more)
        return done["recorded"], done["ignored"]

    return run


def due(desk, what):
    return [(one["kind"], one["given"]) for one in desk.get("consent/due/", what=what)["results"]]


def ad(academy, number=0):
    queued = academy.queue(academy.wanted(number, category="AD", occurrence=str(academy.clock.now())))
    return dict(queued.skipped)


def test_consent_lets_advertising_pass_until_it_is_withdrawn(say, academy):
    assert ad(academy) == {NO_CONSENT: 1}
    assert say("given", evidence="신청서 3쪽") == (1, 0)
    academy.pass_time(minutes=1)
    assert ad(academy) == {}
    say("withdrawn")
    academy.pass_time(minutes=1)
    assert ad(academy) == {NO_CONSENT: 1}


def test_the_ledger_keeps_all_and_names_nobody(say, desk):
    say("given", evidence="신청서")
    say("withdrawn")
    say("given", kind="night")
    stands = desk.get("consent/")["results"]
    assert [(one["kind"], one["given"], one["recipient"]) for one in stands] == [
        ("ad", False, "0100****"), ("night", True, "0100****")
    ]  # fmt: skip
    entries = desk.get(f"consent/{desk.fingerprint(PHONE)}/")["results"]
    assert [(one["kind"], one["action"], one["evidence"]) for one in entries] == [
        ("night", "given", None), ("ad", "withdrawn", None), ("ad", "given", "신청서")
    ]  # fmt: skip
    assert {(one["recorded_by"], one["via"]) for one in entries} == {("user-1", "paper")}
    assert PHONE not in str((stands, entries))


def test_what_was_said_earlier_and_is_recorded_late_does_not_count_for_today(say, desk, academy):
    say("withdrawn")
    earlier = (academy.clock.now() - timedelta(days=3)).isoformat()
    say("given", at=earlier)
    [stands] = desk.get("consent/")["results"]
    assert stands["given"] is False


@pytest.mark.parametrize("action", ["confirmed", "notified"])
def test_who_never_said_anything_can_neither_confirm_nor_be_told(say, desk, action):
    assert say(action) == (0, 1)
    assert desk.get("consent/")["results"] == []


def test_a_change_has_to_be_told_within_14_days(say, desk, academy):
    say("given")
    [stands] = desk.get("consent/due/", what="notice")["results"]
    assert stands["notice_by"].startswith("2026-03-16T03:00:00")
    academy.pass_time(minutes=1)
    say("notified")
    assert due(desk, "notice") == []
    [stands] = desk.get("consent/")["results"]
    assert stands["notice_by"] is None
    academy.pass_time(minutes=1)
    say("withdrawn")
    assert due(desk, "notice") == [("ad", False)]


def test_a_consent_is_asked_for_again_in_time_and_ends_after_two_years(say, desk, academy):
    say("given")
    academy.pass_time(days=699)
    assert due(desk, "renewal") == []
    academy.pass_time(days=3)
    assert due(desk, "renewal") == [("ad", True)]
    assert ad(academy) == {}
    academy.pass_time(days=30)
    assert ad(academy) == {NO_CONSENT: 1}
    assert due(desk, "renewal") == [("ad", True)]
    say("confirmed")
    academy.pass_time(minutes=1)
    assert (due(desk, "renewal"), ad(academy)) == ([], {})


def test_many_at_once_each_number_once(desk, nobody):
    ids = desk.students(("김하나", PHONE), ("김두리", PHONE), ("박세나", "01000000001", "01000000002"))
    done = desk.post("consent/bulk/", student_ids=[*ids, nobody], **GIVEN)
    assert done == {"recorded": 2, "ignored": 0, "unreachable": [nobody]}
    done = desk.post("consent/bulk/", student_ids=ids, to="student", **GIVEN)
    assert (done["recorded"], done["unreachable"]) == (1, ids[:2])
    assert len(desk.get("consent/", student_id=ids[2])["results"]) == 2
    assert len(desk.get("consent/", student_id=ids[0])["results"]) == 1
    assert desk.get("consent/", student_id=nobody)["results"] == []
    page = desk.get("consent/", page_size=2)
    assert len(desk.get("consent/", page_size=2, cursor=page["next"])["results"]) == 1


def test_another_academys_consent_is_another(say, desk_of, academy):
    say("given")
    other = desk_of("other")
    assert other.get("consent/")["results"] == due(other, "notice") == []
    assert other.get(f"consent/{desk_of().fingerprint(PHONE)}/")["results"] == []
    academy.open("other")
    queued = academy.queue(academy.wanted(0, category="AD"), tenant="other")
    assert dict(queued.skipped) == {NO_CONSENT: 1}


def test_what_is_refused(check_refusals, desk, academy, nobody):
    good = {**GIVEN, "phone": PHONE}
    later = (academy.clock.now() + timedelta(seconds=1)).isoformat()
    single = [
        {}, {**good, "phone": "021234567"}, {**good, "kind": "sms"}, {**good, "action": "erased"},
        {**good, "via": ""}, {**good, "via": "카톡"}, {**good, "at": "2026-03-02T12:00:00"},
        {**good, "at": later},
        {**good, "at": 1}, {**good, "evidence": "가" * 501}, {**good, "recorded_by": "x"},
        {name: value for name, value in good.items() if name != "via"},
    ]  # fmt: skip
    bulk = [
        {**GIVEN}, {**GIVEN, "student_ids": []}, {**GIVEN, "student_ids": [nobody, nobody]},
        {**GIVEN, "student_ids": ["x"]}, {**GIVEN, "student_ids": [nobody] * 501},
        {**GIVEN, "student_ids": [nobody], "to": "teacher"}, {**GIVEN, "student_ids": nobody},
    ]  # fmt: skip
    check_refusals(
        [
            *((("POST", "consent/", body), 422, "invalid_request") for body in single),
            *((("POST", "consent/bulk/", body), 422, "invalid_request") for body in bulk),
            (("GET", "consent/due/", None), 422, "invalid_request"),
            (("GET", "consent/due/?what=all", None), 422, "invalid_request"),
            (("GET", "consent/?student_id=1", None), 422, "invalid_request"),
            (("GET", "consent/?phone=01000000000", None), 422, "invalid_request"),
            (("GET", "consent/?cursor=x", None), 400, "invalid_cursor"),
        ]
    )
    assert desk.get("consent/")["results"] == []
    assert academy.all("SELECT FROM consent_entry") == []
