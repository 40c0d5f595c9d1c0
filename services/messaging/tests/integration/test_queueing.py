"""What is asked for twice is sent once; what cannot be paid is not sent."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from uuid import UUID

import pytest
from messaging.domain.pricing import Price
from servicekit.problem import Problem

ELDER, YOUNGER = UUID(int=1), UUID(int=2)


def test_the_same_message_again_is_known(academy, provider):
    first = academy.queue_many(3)
    again = academy.queue_many(4)
    assert (len(first.ids), first.known, first.reserved) == (3, 0, Decimal(60))
    assert (len(again.ids), again.known, again.reserved) == (1, 3, Decimal(20))
    academy.send()
    assert len(provider.sent) == 4


def test_two_who_ask_at_the_same_time_send_once(academy, provider):
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: academy.queue_many(20), range(4)))
    assert sum(len(one.ids) for one in done) == 20
    assert academy.money()["held"] == 400
    academy.send()
    assert len(set(provider.sent)) == len(provider.sent) == 20


@pytest.mark.parametrize(
    "other",
    [{"occurrence": "2026-03-03"}, {"event": "absent_occurred"}, {"target": "x"}, {"template_id": ELDER}],
)
def test_another_occasion_is_another_message(academy, other):
    academy.queue(academy.wanted(0))
    assert len(academy.queue(academy.wanted(0, **other)).ids) == 1


def test_siblings_shared_phone_gets_it_once_and_it_is_about_both(academy, provider):
    queued = academy.queue(
        academy.wanted(0, students=(ELDER,)), academy.wanted(0, students=(YOUNGER,)), academy.wanted(1)
    )
    assert len(queued.ids) == 2
    about = academy.all("SELECT student_id FROM message_subject ORDER BY 1")
    assert about == [(ELDER,), (YOUNGER,)]


def test_what_says_something_of_each_child_goes_for_each(academy):
    queued = academy.queue(*(academy.wanted(0, target=str(one), text=str(one)) for one in (ELDER, YOUNGER)))
    assert len(queued.ids) == 2


def test_without_money_nobody_gets_anything(academy, provider):
    academy.open("poor", won=50)
    with pytest.raises(Problem) as told:
        academy.queue_many(3, tenant="poor")
    assert (told.value.code, told.value.members) == ("insufficient_balance", {"needed": "60"})
    assert academy.states("poor") == {}
    assert academy.money("poor") == {"available": 50, "held": 0, "spent": 0}


def test_what_nobody_waits_for_an_answer_to_is_in_the_log(academy, provider):
    academy.open("poor", won=50)
    queued = academy.queue(*(academy.wanted(n) for n in range(3)), tenant="poor", strict=False)
    assert (queued.ids, dict(queued.skipped)) == ((), {"insufficient_balance": 3})
    assert academy.states("poor") == {"SKIPPED:insufficient_balance": 3}
    academy.send()
    assert provider.calls == []


def test_free_messages_need_no_credit(academy):
    academy.open("free", won=0)
    assert len(academy.queue_many(2, tenant="free", price=Price(Decimal(0))).ids) == 2


def test_two_who_spend_the_last_money_do_not_both(academy):
    academy.open("poor", won=50)

    def ask(occurrence):
        try:
            return len(academy.queue_many(2, tenant="poor", occurrence=occurrence).ids)
        except Problem as problem:
            return problem.code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(ask, ["a", "b"]), key=str) == [2, "insufficient_balance"]
    assert academy.money("poor") == {"available": 10, "held": 40, "spent": 0}


def test_the_ledger_holds_no_number(academy):
    academy.queue_many(1)
    ((row,),) = academy.all("SELECT message::text FROM message")
    assert "01000000000" not in row
    assert "0100****" in row
