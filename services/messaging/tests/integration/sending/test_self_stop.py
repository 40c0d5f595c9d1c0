"""A worker does not stop itself while a message needs it, and is woken when one does."""

from datetime import timedelta

import pytest
from messaging.ports import Unknown
from messaging.usecases.tending import needed_sender


@pytest.fixture
def needed(academy):
    return needed_sender(academy.db.database, academy.clock)


def test_nothing_to_send_needs_nobody(needed):
    assert needed() is None


def test_a_message_needs_the_worker_from_its_hour_until_its_report_was_asked_for(academy, provider, needed):
    queued = academy.queue(academy.wanted(0, due_at=academy.clock.now() + timedelta(hours=1)))
    assert needed() is None
    academy.pass_time(hours=1)
    assert needed() == "message"
    seen = []
    provider.before = lambda _batch: seen.append(needed())
    academy.send()
    assert (seen, needed()) == (["message"], None)
    academy.pass_time(minutes=11)
    assert needed() == "message"
    provider.ends(queued.ids[0], "4000")
    academy.resolve()
    assert (academy.states(), needed()) == ({"DELIVERED": 1}, None)


def test_a_lost_call_is_asked_for(academy, provider, needed):
    academy.queue_many(1)
    provider.answer = lambda one: Unknown(one.ledger, "timeout")
    academy.send()
    assert needed() is None
    academy.pass_time(seconds=16)
    assert needed() == "message"


@pytest.mark.parametrize("kept_back", [{"hold": True}, {"is_active": False}])
def test_what_is_held_back_needs_nobody_until_it_expires(academy, needed, kept_back):
    academy.queue(academy.wanted(0, not_after=academy.clock.now() + timedelta(hours=2)))
    academy.set(**kept_back)
    assert needed() is None
    academy.pass_time(hours=2)
    assert needed() == "message"
    academy.send()
    assert (academy.states(), needed()) == ({"SKIPPED:expired": 1}, None)
