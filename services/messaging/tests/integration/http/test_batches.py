"""Bulk sends on their way, and their end before they begin."""

from datetime import timedelta

import pytest
from messaging.ports import Refused, Unknown

PEOPLE = tuple((f"학생{n}", f"0101111000{n}") for n in range(4))


@pytest.fixture
def ids(desk):
    return desk.students(*PEOPLE)


def later(desk, **span):
    return (desk.academy.clock.now() + timedelta(**span)).isoformat()


def test_a_batch_s_states_and_money_as_it_goes(desk, ids, provider):
    sent = desk.send(student_ids=ids, raw_body="x")
    path = f"batches/{sent['batch_id']}/"
    fresh = desk.get(path)
    assert (fresh["states"], fresh["total"], fresh["reserved"], fresh["settled"]) == (
        {"QUEUED": 4}, 4, "80.00", "0.00"
    )  # fmt: skip
    assert (fresh["created_by"], fresh["category"], fresh["mode"]) == ("user-1", "INFO", "sms")
    desk.academy.batch = 3
    desk.academy.sender().step()
    for one in provider.sent[:2]:
        provider.ends(one, "4000")
    provider.ends(provider.sent[2], "3032")
    desk.academy.pass_time(minutes=10)
    desk.academy.resolve()
    now = desk.get(path)
    assert now["states"] == {"DELIVERED": 2, "FAILED": 1, "QUEUED": 1}
    assert (now["reserved"], now["settled"]) == ("20.00", "40.00")
    assert now["reasons"] == [
        {"state": "FAILED", "code": "3032", "reason": "가입되지 않은 번호입니다.", "count": 1}
    ]


def test_batches_newest_first_in_pages_and_only_one_s_own(desk, desk_of, ids):
    made = [desk.send(student_ids=ids, raw_body=text)["batch_id"] for text in "abc"]
    other = desk_of("other")
    other.academy.open("other")
    other.send(student_ids=other.students(*PEOPLE), raw_body="x")
    first = desk.get("batches/", page_size=2)
    second = desk.get("batches/", page_size=2, cursor=first["next"])
    assert [one["id"] for one in first["results"] + second["results"]] == made[::-1]
    assert second["next"] is None


def test_a_page_of_batches_takes_as_many_statements_as_one_batch(desk, ids, statements):
    def asked():
        with statements() as seen:
            desk.get("batches/")
        return len(seen)

    desk.send(student_ids=ids, raw_body="x")
    once = asked()
    for text in "abcd":
        desk.send(student_ids=ids, raw_body=text)
    assert asked() == once


def test_what_waits_by_its_hour(desk, ids):
    tomorrow = desk.send(student_ids=ids, raw_body="x", at=later(desk, days=1))["batch_id"]
    tonight = desk.send(student_ids=ids, raw_body="y", at=later(desk, hours=3))["batch_id"]
    gone = desk.send(student_ids=ids, raw_body="z")["batch_id"]
    desk.academy.send()
    assert [one["id"] for one in desk.get("scheduled/")["results"]] == [tonight, tomorrow]
    assert desk.get(f"batches/{gone}/")["next_due_at"] is None
    desk.post(f"batches/{tonight}/cancel/")
    assert [one["id"] for one in desk.get("scheduled/")["results"]] == [tomorrow]


def test_what_has_not_begun_is_cancelled_and_paid_back(desk, ids, provider):
    sent = desk.send(student_ids=ids, raw_body="x")
    desk.academy.batch = 3
    desk.academy.sender().step()
    path = f"batches/{sent['batch_id']}/"
    assert desk.post(f"{path}cancel/") == {"cancelled": 1, "went": 3}
    assert desk.post(f"{path}cancel/") == {"cancelled": 0, "went": 3}
    desk.academy.send()
    assert len(provider.sent) == 3
    assert desk.academy.money() == {"available": 999_940, "held": 60, "spent": 0}
    told = desk.get(path)
    assert (told["states"], told["cancelled_by"]) == ({"ACCEPTED": 3, "CANCELLED": 1}, "user-1")
    assert told["reasons"] == [
        {"state": "CANCELLED", "code": "cancelled", "reason": "취소했습니다.", "count": 1}
    ]


def test_what_a_worker_has_only_claimed_is_cancelled_too(desk, ids, provider):
    sent = desk.send(student_ids=ids, raw_body="x")
    sender = desk.academy.sender()
    tenant, claimed, lease = sender._claim()
    assert desk.post(f"batches/{sent['batch_id']}/cancel/") == {"cancelled": 4, "went": 0}
    assert sender._begin(tenant, claimed, lease) == []
    assert desk.academy.states() == {"CANCELLED:cancelled": 4}


@pytest.mark.parametrize("again", ["refused", "absent"])
def test_what_was_on_the_wire_and_comes_back_unsent_is_not_sent_anew(desk, ids, provider, again):
    sent = desk.send(student_ids=ids[:1], raw_body="x")
    path = f"batches/{sent['batch_id']}/cancel/"

    def cancelled_meanwhile(_batch):
        assert desk.post(path) == {"cancelled": 0, "went": 1}

    provider.before = cancelled_meanwhile
    provider.answer = lambda one: (
        Refused(one.ledger, "1024", again=True) if again == "refused" else Unknown(one.ledger, "timeout")
    )
    desk.academy.send()
    desk.academy.resolve()
    desk.academy.pass_time(minutes=60)
    desk.academy.resolve()
    desk.academy.pass_time(minutes=60)
    desk.academy.resolve()
    desk.academy.send()
    assert len(provider.sent) == 1
    assert desk.academy.states() == {"SKIPPED:expired": 1}
    assert desk.academy.money() == {"available": 1_000_000, "held": 0, "spent": 0}


def test_one_message_is_cancelled_before_it_begins(desk, ids, provider):
    sent = desk.send(student_ids=ids[:2], raw_body="x", at=later(desk, hours=1))
    first, second = (one["id"] for one in desk.get("log/", batch=sent["batch_id"])["results"])
    assert desk.post(f"messages/{first}/cancel/") == {"id": first, "state": "CANCELLED"}
    desk.academy.pass_time(hours=1)
    desk.academy.send()
    assert [str(one) for one in provider.sent] == [second]
    for one, state in ((first, "CANCELLED"), (second, "ACCEPTED")):
        told = desk.problem(f"messages/{one}/cancel/")
        assert (told["status"], told["code"], told["state"]) == (409, "not_cancellable", state)
    assert desk.academy.money()["held"] == 20


def test_hostile_and_strange(desk, desk_of, ids, check_refusals, nobody):
    sent = desk.send(student_ids=ids, raw_body="x", at=later(desk, hours=1))
    message = desk.get("log/")["results"][0]["id"]
    stranger = desk_of("other", "owner")
    assert stranger.get("batches/")["results"] == stranger.get("scheduled/")["results"] == []
    for method, path in (
        ("GET", f"batches/{sent['batch_id']}/"),
        ("POST", f"batches/{sent['batch_id']}/cancel/"),
        ("POST", f"messages/{message}/cancel/"),
    ):
        assert stranger.refused(method, path) == (404, "not_found")
    check_refusals(
        [
            (("GET", f"batches/{nobody}/", None), 404, "not_found"),
            (("GET", "batches/1/", None), 404, "not_found"),
            (("POST", f"batches/{nobody}/cancel/", None), 404, "not_found"),
            (("POST", f"messages/{nobody}/cancel/", None), 404, "not_found"),
            (("DELETE", f"batches/{sent['batch_id']}/", None), 405, "method_not_allowed"),
            (("POST", f"messages/{message}/send/", None), 404, "not_found"),
            (("GET", "batches/?page_size=0", None), 422, "invalid_request"),
            (("GET", "batches/?cursor=x", None), 400, "invalid_cursor"),
            (("GET", "batches/?state=QUEUED", None), 422, "invalid_request"),
            (("GET", "scheduled/?page_size=501", None), 422, "invalid_request"),
            (("GET", "scheduled/?cursor=W10", None), 400, "invalid_cursor"),
        ]
    )
