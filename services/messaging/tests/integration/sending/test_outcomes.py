"""What an answer of the provider makes of a message and of its money."""

from datetime import timedelta
from decimal import Decimal

import pytest
from messaging.domain.content import Kind
from messaging.domain.messages import MAX_ATTEMPTS, SEND_LEASE
from messaging.domain.pricing import Price
from messaging.ports import Refused, Unknown
from testkit.points import Crash


def crash(_batch):
    raise Crash


def test_from_the_queue_to_the_phone(academy, provider):
    queued = academy.queue_many(3)
    assert academy.money() == {"available": 999_940, "held": 60, "spent": 0}
    academy.send()
    assert academy.states() == {"ACCEPTED": 3}
    assert [one.attempt for one in provider.calls[0]] == [1, 1, 1]
    for one in queued.ids:
        provider.ends(one, "4000")
    academy.pass_time(minutes=10)
    academy.resolve()
    assert academy.states() == {"DELIVERED": 3}
    assert academy.money() == {"available": 999_940, "held": 0, "spent": 60}


def test_what_the_provider_refuses_for_good_costs_nothing(academy, provider):
    provider.answer = lambda one: Refused(one.ledger, "1062", again=False)
    academy.queue_many(2)
    academy.send()
    assert academy.states() == {"FAILED:1062": 2}
    assert academy.money() == {"available": 1_000_000, "held": 0, "spent": 0}


def test_what_was_surely_not_sent_is_tried_again_later_and_not_for_ever(academy, provider):
    provider.answer = lambda one: Refused(one.ledger, "NotEnoughBalance", again=True)
    academy.queue_many(1)
    academy.send()
    assert academy.states() == {"QUEUED:NotEnoughBalance": 1}
    assert len(provider.calls) == 1
    academy.pass_time(seconds=29)
    academy.send()
    assert len(provider.calls) == 1
    for _ in range(MAX_ATTEMPTS + 2):
        academy.pass_time(hours=1)
        academy.send()
    assert academy.states() == {"FAILED:NotEnoughBalance": 1}
    assert [call[0].attempt for call in provider.calls] == list(range(1, MAX_ATTEMPTS + 1))
    assert academy.money()["held"] == 0


def test_an_unknown_outcome_keeps_the_message_and_its_money_where_they_are(academy, provider):
    provider.answer = lambda one: Unknown(one.ledger, "TimeoutError")
    academy.queue_many(1)
    for _ in range(5):
        academy.send()
        academy.pass_time(hours=5)
    assert academy.states() == {"AMBIGUOUS:TimeoutError": 1}
    assert len(provider.calls) == 1
    assert academy.money() == {"available": 999_980, "held": 20, "spent": 0}


def test_a_worker_that_dies_in_the_call_leaves_an_ambiguous_message(academy, provider):
    provider.before = crash
    academy.queue_many(2)
    with pytest.raises(Crash):
        academy.send()
    assert academy.states() == {"SENDING": 2}
    provider.before = lambda _batch: None
    academy.clock.advance(SEND_LEASE.total_seconds() - 1)
    academy.send()
    assert academy.states() == {"SENDING": 2}
    academy.pass_time(seconds=1)
    academy.send()
    assert academy.states() == {"AMBIGUOUS:worker_died": 2}
    assert len(provider.calls) == 1


def test_an_answer_that_comes_after_the_lease_still_counts(academy, provider):
    provider.before = lambda _batch: (
        academy.clock.advance(SEND_LEASE.total_seconds() + 1),
        academy.sender().step(),
    )
    academy.queue_many(1)
    academy.send()
    assert academy.states() == {"ACCEPTED": 1}


def test_a_message_that_was_only_claimed_goes_back_to_the_queue(academy, provider, monkeypatch):
    monkeypatch.setattr("messaging.usecases.sending.Sender._begin", lambda *_: crash(()))
    academy.queue_many(1)
    with pytest.raises(Crash):
        academy.send()
    assert academy.states() == {"CLAIMED": 1}
    monkeypatch.undo()
    academy.pass_time(minutes=3)
    academy.send()
    assert academy.states() == {"ACCEPTED": 1}
    assert len(provider.calls) == 1


def test_an_alimtalk_that_became_a_text_message_costs_that(academy, provider):
    price = Price(Decimal(15), Decimal(50))
    talk = {"pfid": "PF1", "template": "T1", "variables": {}, "fallback": True}
    queued = academy.queue(*(academy.wanted(n, kind=Kind.ATA, price=price, alimtalk=talk) for n in range(3)))
    assert academy.money()["held"] == 150
    academy.send()
    provider.ends(queued.ids[0], "4000")
    provider.ends(queued.ids[1], "4000", replaced=True)
    provider.ends(queued.ids[2], "3104")
    academy.pass_time(minutes=10)
    academy.resolve()
    assert academy.states() == {"DELIVERED": 2, "FAILED:3104": 1}
    assert academy.money() == {"available": 999_935, "held": 0, "spent": 65}


def test_a_message_ends_in_time_or_not_at_all(academy):
    academy.queue(academy.wanted(1, not_after=academy.clock.now() + timedelta(hours=1)))
    academy.set(hold=True)
    academy.pass_time(hours=1)
    academy.send()
    assert academy.states() == {"SKIPPED:expired": 1}
    assert academy.money() == {"available": 1_000_000, "held": 0, "spent": 0}


def test_messages_leave_in_batches_of_one_tenant_and_tenants_take_turns(academy, provider):
    academy.batch = 10
    academy.open("other")
    academy.queue_many(30)
    academy.queue_many(5, tenant="other")
    academy.send()
    assert [len(call) for call in provider.calls] == [10, 5, 10, 10]
    assert academy.states("other") == {"ACCEPTED": 5}
