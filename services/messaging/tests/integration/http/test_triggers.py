"""Triggers: off means off, and what a policy decides nobody switches."""

import pytest
from messaging.domain.triggers import TRIGGERS, Policy

NAMES = {policy: next(one.name for one in TRIGGERS.values() if one.policy is policy) for policy in Policy}


@pytest.fixture
def manager(desk_of):
    return desk_of(role="admin")


def shown(desk, name):
    return next(one for one in desk.get("auto-send/")["results"] if one["trigger"] == name)


def test_every_trigger_is_listed_with_what_its_policy_says(desk):
    found = {one["trigger"]: one for one in desk.get("auto-send/")["results"]}
    assert list(found) == list(TRIGGERS)
    assert {policy.value: found[name]["enabled"] for policy, name in NAMES.items()} == {
        "system": True, "automatic": True, "manual": False, "disabled": False
    }  # fmt: skip
    assert [one["trigger"] for one in found.values() if one["switchable"]] == [
        one.name for one in TRIGGERS.values() if one.policy is Policy.AUTOMATIC
    ]


@pytest.mark.parametrize(
    ("policy", "enabled", "expected"),
    [
        (Policy.SYSTEM, False, (409, "trigger_is_system")),
        (Policy.MANUAL, True, (409, "trigger_is_manual")),
        (Policy.DISABLED, True, (409, "trigger_is_disabled")),
    ],
)
def test_a_switch_that_is_not_the_academys(manager, policy, enabled, expected):
    body = {"trigger": NAMES[policy], "enabled": enabled}
    assert manager.refused("PATCH", "auto-send/", body) == expected
    assert shown(manager, NAMES[policy])["enabled"] is not enabled
    assert manager.patch("auto-send/", trigger=NAMES[policy], enabled=not enabled)["enabled"] is not enabled


def test_off_means_off_also_for_what_is_queued(manager, academy, provider):
    name = NAMES[Policy.AUTOMATIC]
    academy.queue(academy.wanted(0, event=name, batch_id=None))
    switched = manager.patch("auto-send/", trigger=name, enabled=False)
    assert (switched["enabled"], switched["changed_by"]) == (False, "user-1")
    academy.queue(academy.wanted(1, event=name, batch_id=None))
    academy.send()
    assert academy.states() == {"SKIPPED:trigger_disabled": 2}
    assert academy.money()["held"] == 0
    manager.patch("auto-send/", trigger=name, enabled=True)
    academy.queue(academy.wanted(2, event=name, batch_id=None))
    academy.send()
    assert len(provider.sent) == 1


def test_a_template_switches_nothing(manager):
    made = manager.template()
    for policy, enabled in ((Policy.AUTOMATIC, True), (Policy.MANUAL, False)):
        changed = manager.patch("auto-send/", trigger=NAMES[policy], template_id=made["id"])
        assert (changed["enabled"], changed["template_id"]) == (enabled, made["id"])
    manager.patch("auto-send/", trigger=NAMES[Policy.AUTOMATIC], enabled=False)
    changed = manager.patch("auto-send/", trigger=NAMES[Policy.AUTOMATIC], template_id=None, mode="sms")
    assert (changed["enabled"], changed["template_id"]) == (False, None)


def test_a_template_has_to_fit_its_trigger(manager, nobody):
    strange = manager.template(name="낯선 변수", content="#{student_name} #{code} #{date}")
    body = {"trigger": "clinic_cancelled", "template_id": strange["id"]}
    answer = manager.ask("PATCH", "auto-send/", body)
    assert (answer.status_code, answer.json["code"], answer.json["variables"]) == (
        422, "unknown_variables", ["code"]
    )  # fmt: skip
    assert manager.refused("PATCH", "auto-send/", {**body, "template_id": nobody}) == (
        404, "template_not_found"
    )  # fmt: skip
    plain = manager.template(name="알림톡")
    body = {"trigger": "clinic_cancelled", "template_id": plain["id"], "mode": "both"}
    assert manager.refused("PATCH", "auto-send/", body) == (409, "alimtalk_not_approved")
    assert shown(manager, "clinic_cancelled")["template_id"] is None
    manager.approve(plain["id"])
    assert manager.ask("PATCH", "auto-send/", body).status_code == 200


def test_another_academys_template_and_switch(manager, desk_of):
    made = manager.template()
    manager.patch("auto-send/", trigger="clinic_cancelled", enabled=False)
    other = desk_of("other", "owner")
    body = {"trigger": "clinic_cancelled", "template_id": made["id"]}
    assert other.refused("PATCH", "auto-send/", body) == (404, "template_not_found")
    assert shown(other, "clinic_cancelled")["enabled"] is True


@pytest.mark.parametrize(
    "body",
    [
        {}, {"trigger": "clinic_cancelled"}, {"enabled": False}, {"trigger": "x", "enabled": False},
        {"trigger": None, "enabled": False}, {"trigger": "clinic_cancelled", "enabled": "false"},
        {"trigger": "clinic_cancelled", "mode": "kakao"}, {"trigger": "clinic_cancelled", "template_id": "1"},
        {"trigger": "clinic_cancelled", "enabled": False, "policy": "disabled"}, [], "x",
    ],
)  # fmt: skip
def test_broken_changes(manager, body):
    assert manager.refused("PATCH", "auto-send/", body) == (422, "invalid_request")
    assert manager.get("trail/")["results"] == []
