"""The guards where they count: in the queue, at the claim, and just before the call."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from messaging.domain.quiet import SEOUL
from messaging.domain.recipients import Fingerprints

AD = {"category": "AD", "text": "(광고) 한강학원\n특강\n무료수신거부 080-000-0000"}
PRINTS = Fingerprints(b"k" * 32)


def seoul(text):
    return datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=SEOUL)


def print_of(number, tenant="hangang"):
    return PRINTS.of(tenant, f"010{number:08d}")


@pytest.fixture
def agree(academy):
    """`agree(0, "ad", "night")`: the recipient of this number agrees."""

    def run(number, *kinds):
        for kind in kinds:
            academy.db.admin.execute(
                "INSERT INTO consent (tenant_id, fingerprint, kind, given, changed_at, confirmed_at)"
                " VALUES ('hangang', %s, %s, true, '2026-01-01', '2026-01-01')",
                [print_of(number), kind],
            )

    return run


@pytest.fixture
def at(academy):
    """Set the clock."""

    def move(text):
        academy.clock.advance((seoul(text) - academy.clock.now()).total_seconds())

    return move


@pytest.fixture
def deny(academy):
    def run(number):
        academy.db.admin.execute(
            "INSERT INTO denylist (tenant_id, fingerprint, reason, created_by)"
            " VALUES ('hangang', %s, '잘못 등록된 번호', 'user-1')",
            [print_of(number)],
        )

    return run


@pytest.fixture
def refuse(academy):
    def run(number, scope):
        academy.db.admin.execute(
            "INSERT INTO opt_out (tenant_id, fingerprint, scope, source) VALUES ('hangang', %s, %s, '080')",
            [print_of(number), scope],
        )

    return run


LEAVES, WAITS = {"ACCEPTED": 1}, {"QUEUED:night": 1}


@pytest.mark.parametrize(
    ("now", "ad", "night", "info"),
    [
        ("02T20:59:59", LEAVES, LEAVES, LEAVES),
        ("02T21:00:00", WAITS, LEAVES, LEAVES),
        ("03T07:59:59", WAITS, LEAVES, LEAVES),
        ("03T08:00:00", LEAVES, LEAVES, LEAVES),
    ],
)
@pytest.mark.parametrize("kind", ["ad", "night", "info"])
def test_the_night_to_the_second(academy, agree, at, now, ad, night, info, kind):
    """Advertising with and without consent for the night, and information, which needs none."""
    at(now)
    if kind != "info":
        agree(0, "ad", *(["night"] if kind == "night" else []))
    academy.queue(academy.wanted(0, **({} if kind == "info" else AD)))
    academy.send()
    assert academy.states() == {"ad": ad, "night": night, "info": info}[kind]


def test_what_waited_for_the_morning_leaves_at_eight(academy, provider, agree, at):
    at("02T22:00:00")
    agree(0, "ad")
    academy.queue(academy.wanted(0, **AD))
    at("03T07:59:59")
    academy.send()
    assert provider.calls == []
    at("03T08:00:00")
    academy.send()
    assert academy.states() == LEAVES


def test_what_was_queued_by_day_and_is_due_at_night_waits(academy, agree, at):
    agree(0, "ad")
    academy.queue(academy.wanted(0, due_at=seoul("02T21:30:00"), **AD))
    assert academy.states() == WAITS
    assert academy.all("SELECT due_at FROM message") == [(seoul("03T08:00:00"),)]


def test_the_night_that_fell_while_it_waited_is_seen_just_before_the_call(academy, provider, agree, at):
    agree(0, "ad")
    at("02T20:59:59")
    academy.queue(academy.wanted(0, **AD))
    at("02T21:00:00")
    academy.send()
    assert provider.calls == []
    assert academy.states() == WAITS


@pytest.mark.parametrize("kinds", [(), ("night",)])
def test_advertising_without_consent_never_leaves(academy, agree, kinds):
    agree(0, *kinds)
    academy.queue(academy.wanted(0, **AD))
    assert academy.states() == {"SKIPPED:no_consent": 1}
    assert academy.money()["held"] == 0


def test_a_number_that_was_denied_after_queueing_gets_nothing(academy, provider, deny):
    academy.queue_many(3)
    deny(1)
    academy.send()
    assert academy.states() == {"ACCEPTED": 2, "SKIPPED:denylisted": 1}
    assert academy.money()["held"] == 40
    academy.queue(academy.wanted(1, occurrence="later"))
    assert academy.states()["SKIPPED:denylisted"] == 2


@pytest.mark.parametrize(
    ("scope", "category", "states"),
    [
        ("ad", AD, {"SKIPPED:opted_out": 1}),
        ("ad", {}, LEAVES),
        ("all", {}, {"SKIPPED:opted_out": 1}),
    ],
)
def test_who_refused_advertising_still_learns_that_the_child_is_absent(
    academy, agree, refuse, scope, category, states
):
    agree(0, "ad")
    refuse(0, scope)
    academy.queue(academy.wanted(0, **category))
    academy.send()
    assert academy.states() == states


def test_the_hold_in_the_middle_of_a_bulk_send(academy, provider):
    """After the switch's commit nothing begins; held messages wait, and leave when it ends."""
    academy.batch = 10
    provider.before = lambda _batch: academy.set(hold=len(provider.calls) == 2)
    academy.queue_many(50)
    academy.send()
    assert len(provider.sent) == 20
    assert academy.states() == {"ACCEPTED": 20, "QUEUED": 30}
    academy.pass_time(hours=30)
    academy.send()
    assert len(provider.sent) == 20
    provider.before = lambda _batch: None
    academy.set(hold=False)
    academy.send()
    assert academy.states() == {"ACCEPTED": 50}
    assert len(set(provider.sent)) == 50


def test_the_hold_between_claim_and_call(academy, provider, monkeypatch):
    """The guards are asked again just before the call."""
    begin = type(academy.sender())._begin

    def held_meanwhile(sender, *given):
        academy.set(hold=True)
        return begin(sender, *given)

    monkeypatch.setattr("messaging.usecases.sending.Sender._begin", held_meanwhile)
    academy.queue_many(3)
    academy.send()
    assert provider.calls == []
    assert academy.states() == {"QUEUED:held": 3}


def test_the_hold_waits_for_what_has_just_begun_and_for_nothing_else(academy, provider):
    """Who switches it on knows after the commit that whatever left, left before."""
    from messaging.store import guards  # noqa: PLC0415 - only here

    with academy.db.database.tenant("hangang") as conn:
        guards.settings(conn, "hangang", share=True)
        academy.db.admin.execute("SET lock_timeout = '100ms'")
        with pytest.raises(Exception, match="lock timeout"):
            academy.set(hold=True)
    academy.set(hold=True)
    academy.queue_many(1)
    academy.send()
    assert provider.calls == []


def test_over_the_day_s_cap_waits_for_the_next_day_and_says_so(academy, at):
    academy.set(daily_cap=3)
    academy.queue_many(5)
    academy.send()
    assert academy.states() == {"ACCEPTED": 3, "QUEUED:daily_cap": 2}
    waiting = academy.all("SELECT due_at FROM message WHERE status = 'QUEUED'")
    assert set(waiting) == {(seoul("03T00:05:00"),)}
    at("03T00:05:00")
    academy.send()
    assert academy.states() == {"ACCEPTED": 5}


def test_over_the_hour_s_cap_waits_for_the_next_hour(academy, at):
    academy.set(hourly_cap=3)
    at("02T12:30:00")
    academy.queue_many(5)
    academy.send()
    assert academy.states() == {"ACCEPTED": 3, "QUEUED:hourly_cap": 2}
    at("02T13:00:00")
    academy.send()
    assert academy.states() == {"ACCEPTED": 5}


def test_all_academies_together_stay_within_the_provider_s_limit(academy, at):
    academy.limit = 4
    academy.open("other")
    academy.queue_many(3)
    academy.queue_many(3, tenant="other")
    academy.send()
    assert academy.states() == {"ACCEPTED": 3}
    assert academy.states("other") == {"ACCEPTED": 1, "QUEUED:provider_cap": 2}
    at("03T00:05:00")
    academy.send()
    assert academy.states("other") == {"ACCEPTED": 3}


@pytest.mark.parametrize("limits", [{"limit": 6}, {"daily_cap": 6}])
def test_senders_stay_within_a_cap_together(academy, provider, limits):
    academy.batch, academy.limit = 5, limits.pop("limit", 0)
    academy.set(**limits)
    academy.queue_many(40)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: academy.send(), range(4)))
    assert len(provider.sent) == 6


def test_a_trigger_that_is_off_is_off(academy):
    """Not another tenant's, not another channel's: a row that says off is the answer."""
    academy.open("other")
    academy.db.admin.execute(
        "INSERT INTO trigger_setting (tenant_id, trigger, enabled, changed_by)"
        " VALUES ('hangang', 'clinic_reminder', false, 'user-1'),"
        " ('other', 'clinic_reminder', true, 'user-1')"
    )
    reminder = {"event": "clinic_reminder", "batch_id": None}
    academy.queue(academy.wanted(0, **reminder))
    assert academy.states() == {"SKIPPED:trigger_disabled": 1}
    academy.queue(academy.wanted(0, **reminder), tenant="other")
    academy.db.admin.execute("UPDATE trigger_setting SET enabled = false WHERE tenant_id = 'other'")
    academy.send()
    assert academy.states("other") == {"SKIPPED:trigger_disabled": 1}


@pytest.mark.parametrize(
    ("event", "batch", "status"),
    [
        ("registration_approved_parent", None, "QUEUED"),
        ("exam_score_published", None, "SKIPPED:trigger_disabled"),
        ("student_signup", "by a person", "SKIPPED:trigger_disabled"),
        ("no_such_trigger", None, "SKIPPED:trigger_disabled"),
    ],
)
def test_policies(academy, event, batch, status):
    values = {} if batch else {"batch_id": None}
    academy.queue(academy.wanted(0, event=event, **values))
    assert academy.states() == {status: 1}


def test_no_number_to_send_from(academy):
    academy.set(sender=None)
    academy.queue_many(1)
    assert academy.states() == {"SKIPPED:no_sender": 1}


def test_switched_off_messages_wait(academy, provider):
    academy.queue_many(1)
    academy.set(is_active=False)
    academy.send()
    academy.pass_time(hours=1)
    assert provider.calls == []
    academy.set(is_active=True)
    academy.send()
    assert academy.states() == LEAVES


def test_a_scheduled_message_leaves_when_it_is_due(academy, provider):
    academy.queue(academy.wanted(0, due_at=academy.clock.now() + timedelta(hours=2)))
    academy.send()
    assert provider.calls == []
    academy.pass_time(hours=2)
    academy.send()
    assert academy.states() == LEAVES
