"""The kill switch: in force once its request has been answered."""

from concurrent.futures import ThreadPoolExecutor

import pytest

WHY = "번호가 잘못되었습니다"


@pytest.fixture
def manager(desk_of):
    return desk_of(role="owner")


def put(desk, **body):
    answer = desk.ask("PUT", "hold/", body)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_the_hold_says_who_why_and_when(desk, manager, academy):
    assert desk.get("hold/") == {"hold": False, "reason": None, "held_by": None, "held_at": None}
    held = put(manager, hold=True, reason=WHY)
    assert (held["hold"], held["reason"], held["held_by"]) == (True, WHY, "user-1")
    assert held["held_at"].startswith("2026-03-02T03:00:00")
    assert desk.get("hold/") == held
    assert desk.get("info/")["hold"] is True
    assert put(manager, hold=False)["hold"] is False
    actions = [(one["action"], one["reason"]) for one in manager.get("trail/")["results"]]
    assert actions == [("released", None), ("held", WHY)]


@pytest.mark.parametrize(
    "body",
    [
        {}, {"hold": True}, {"hold": True, "reason": ""}, {"hold": True, "reason": None},
        {"hold": "true", "reason": WHY}, {"hold": None, "reason": WHY}, {"hold": 1, "reason": WHY},
        {"hold": True, "reason": "가" * 501}, {"hold": True, "reason": WHY, "until": "2026"}, [],
    ],
)  # fmt: skip
def test_broken_switches(manager, body):
    assert manager.refused("PUT", "hold/", body) == (422, "invalid_request")
    assert manager.get("hold/")["hold"] is False


def test_what_is_held_stays_and_leaves_after_the_release(manager, academy, provider):
    put(manager, hold=True, reason=WHY)
    academy.queue_many(3)
    academy.send()
    assert (provider.calls, academy.states()) == ([], {"QUEUED": 3})
    put(manager, hold=False)
    academy.send()
    assert len(provider.sent) == 3


def test_nothing_begins_after_the_answer(manager, academy, provider):
    """Switched on while a call is on the wire: that one goes out, and no other."""
    academy.batch = 2
    academy.queue_many(10)
    answered = []
    provider.before = lambda _batch: answered.append(put(manager, hold=True, reason=WHY)["hold"])
    academy.send()
    assert answered == [True]
    assert len(provider.sent) == 2
    assert academy.states() == {"ACCEPTED": 2, "QUEUED": 8}


def test_the_switch_waits_for_whoever_is_about_to_call(manager, academy):
    """A sender's intent and the hold are one after the other, never both."""
    with ThreadPoolExecutor(1) as pool, academy.db.database.system() as conn:
        conn.exec_driver_sql("SELECT 1 FROM tenant_setting WHERE tenant_id = 'hangang' FOR SHARE")
        switching = pool.submit(put, manager, hold=True, reason=WHY)
        while not academy.all("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"):
            assert not switching.done()
        conn.commit()
        assert switching.result()["hold"] is True


def test_another_academy_goes_on(manager, academy, provider):
    academy.open("other")
    academy.queue(academy.wanted(1), tenant="other")
    put(manager, hold=True, reason=WHY)
    academy.send()
    assert academy.states("other") == {"ACCEPTED": 1}
