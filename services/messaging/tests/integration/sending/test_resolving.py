"""A message whose fate is unknown: the provider tells it, and nothing but its proof lets it be sent anew."""

import re

import pytest
from messaging.ports import Accepted, Refused, Unknown
from messaging.usecases import upkeep, webhooks
from prometheus_client import generate_latest


@pytest.fixture
def lost(academy, provider):
    """One message in AMBIGUOUS."""
    provider.answer = lambda one: Unknown(one.ledger, "TimeoutError")
    (one,) = academy.queue_many(1).ids
    academy.send()
    provider.answer = lambda sent: Accepted(sent.ledger, f"M{sent.ledger.hex}", "G1")
    return one


@pytest.mark.parametrize(
    ("code", "states", "money"),
    [
        ("2000", {"ACCEPTED": 1}, {"available": 999_980, "held": 20, "spent": 0}),
        ("4000", {"DELIVERED": 1}, {"available": 999_980, "held": 0, "spent": 20}),
        ("3043", {"FAILED:3043": 1}, {"available": 1_000_000, "held": 0, "spent": 0}),
        ("3048", {"FAILED:3048": 1}, {"available": 1_000_000, "held": 0, "spent": 0}),
    ],
)
def test_the_provider_has_it(academy, provider, lost, code, states, money):
    provider.ends(lost, code)
    academy.pass_time(seconds=15)
    academy.resolve()
    assert academy.states() == states
    assert academy.money() == money
    assert len(provider.calls) == 1


def test_an_absence_counts_only_late_and_told_twice(academy, provider, lost):
    academy.pass_time(minutes=39)
    academy.resolve()
    academy.resolve()
    academy.send()
    assert academy.states() == {"AMBIGUOUS:TimeoutError": 1}
    academy.pass_time(minutes=1)
    academy.resolve()
    assert academy.states() == {"QUEUED:absent": 1}
    assert provider.asked == [lost, lost]
    academy.send()
    assert academy.states() == {"ACCEPTED": 1}
    assert [call[0].attempt for call in provider.calls] == [1, 2]


def test_the_first_question_alone_proves_nothing_however_late(academy, lost):
    academy.pass_time(hours=3)
    academy.resolver().step()
    assert academy.states() == {"AMBIGUOUS:TimeoutError": 1}


def test_questions_become_rarer(academy, provider, lost):
    for _ in range(38 * 4):
        academy.pass_time(seconds=15)
        academy.resolve()
    assert 2 <= len(provider.asked) <= 5


def test_an_accepted_message_without_a_report_is_asked_for(academy, provider):
    (one,) = academy.queue_many(1).ids
    academy.send()
    provider.ends(one, "4000")
    academy.pass_time(minutes=9)
    academy.resolve()
    assert academy.states() == {"ACCEPTED": 1}
    academy.pass_time(minutes=1)
    academy.resolve()
    assert academy.states() == {"DELIVERED": 1}


class TestWebhooks:
    """Hints: they make us ask, and say nothing by themselves."""

    def hear(self, academy, *reports):
        with academy.db.database.system() as conn:
            return webhooks.receive(conn, list(reports), academy.clock.now())

    def report(self, one, event="E1", code="4000"):
        data = {"messageId": f"M{one.hex}", "statusCode": code, "customFields": {"ledger": str(one)}}
        return {"eventDataId": event, "data": data, "retryCount": 0}

    def test_a_report_makes_us_ask_at_once(self, academy, provider):
        (one,) = academy.queue_many(1).ids
        academy.send()
        provider.ends(one, "4000")
        assert self.hear(academy, self.report(one)) == 1
        academy.resolve()
        assert academy.states() == {"DELIVERED": 1}

    def test_a_forged_report_changes_nothing(self, academy, provider):
        (one,) = academy.queue_many(1).ids
        academy.send()
        provider.ends(one, "2000")
        self.hear(academy, self.report(one, code="4000"))
        academy.resolve()
        assert academy.states() == {"ACCEPTED": 1}

    def test_a_repeated_report_is_one(self, academy):
        (one,) = academy.queue_many(1).ids
        academy.send()
        assert [self.hear(academy, self.report(one)) for _ in range(3)] == [1, 0, 0]

    def test_a_report_that_comes_before_our_own_answer_is_not_lost(self, academy, provider):
        (one,) = academy.queue_many(1).ids
        provider.ends(one, "4000")
        provider.before = lambda _batch: self.hear(academy, self.report(one))
        academy.send()
        academy.resolve()
        assert academy.states() == {"DELIVERED": 1}

    def test_an_old_report_after_the_end_changes_nothing(self, academy, provider):
        (one,) = academy.queue_many(1).ids
        academy.send()
        provider.ends(one, "4000")
        self.hear(academy, self.report(one))
        academy.resolve()
        provider.ends(one, "3000")
        self.hear(academy, self.report(one, "E2", "3000"))
        academy.resolve()
        assert academy.states() == {"DELIVERED": 1}
        assert academy.money()["spent"] == 20

    @pytest.mark.parametrize(
        "report",
        [None, 1, "x", [], {}, {"eventDataId": 5}, {"eventDataId": ""}, {"eventDataId": "x" * 201}],
    )
    def test_what_is_no_report_is_left_out(self, academy, report):
        assert self.hear(academy, report) == 0

    @pytest.mark.parametrize("data", [None, [], {}, {"messageId": 5, "customFields": {"ledger": "x"}}])
    def test_a_report_about_nothing_of_ours_is_kept_and_harmless(self, academy, data):
        assert self.hear(academy, {"eventDataId": "E1", "data": data}) == 1

    def test_the_inbox_holds_no_number(self, academy):
        (one,) = academy.queue_many(1).ids
        report = self.report(one)
        report["data"] |= {"to": "01000000000", "text": "안녕하세요"}
        self.hear(academy, report)
        ((body,),) = academy.all("SELECT body::text FROM webhook_event")
        assert "0100000" not in body
        assert "안녕" not in body


@pytest.fixture
def silent(academy):
    """One message in ACCEPTED, of which no report ever comes."""
    (one,) = academy.queue_many(1).ids
    academy.send()
    return one


def test_what_is_never_reported_is_paid_for_and_asked_for_no_more(academy, provider, silent):
    provider.ends(silent, "2000")
    academy.pass_time(hours=71, minutes=59)
    academy.resolve()
    assert academy.states() == {"ACCEPTED": 1}
    assert academy.money() == {"available": 999_980, "held": 20, "spent": 0}

    academy.pass_time(minutes=10)
    academy.resolve()
    assert academy.states() == {"ACCEPTED:no_report": 1}
    assert academy.money() == {"available": 999_980, "held": 0, "spent": 20}
    assert academy.all("SELECT ask_at FROM message") == [(None,)]


def test_a_message_that_the_provider_forgot_ends_alike(academy, silent):
    academy.pass_time(hours=73)
    academy.resolve()
    assert academy.states() == {"ACCEPTED:no_report": 1}
    assert academy.money()["held"] == 0


def test_a_report_after_all_ends_it_and_is_not_paid_for_twice(academy, provider, silent):
    academy.pass_time(hours=73)
    academy.resolve()
    provider.ends(silent, "4000")
    report = {"eventDataId": "E1", "data": {"messageId": f"M{silent.hex}"}}
    with academy.db.database.system() as conn:
        webhooks.receive(conn, [report], academy.clock.now())
    academy.resolve()
    assert academy.states() == {"DELIVERED": 1}
    assert academy.money() == {"available": 999_980, "held": 0, "spent": 20}


def test_what_is_never_reported_is_forgotten_like_what_ended(academy, silent):
    academy.pass_time(hours=73)
    academy.resolve()
    academy.pass_time(days=26)
    upkeep.forget(academy.db.database, academy.clock.now())
    assert len(academy.all("SELECT FROM message_body")) == 1
    academy.pass_time(days=2)
    upkeep.forget(academy.db.database, academy.clock.now())
    assert academy.all("SELECT FROM message_body") == []


def test_how_long_the_oldest_waits_is_shown_but_not_of_who_holds_back(academy, lost):
    academy.open("other", hold=True)
    academy.queue(academy.wanted(5), tenant="other")
    resolver = academy.resolver()

    def oldest():
        resolver.step()
        page = generate_latest(resolver.metrics.registry).decode()
        return dict(re.findall(r'^academy_sends_oldest_seconds{state="(\w+)"} (\S+)$', page, re.MULTILINE))

    academy.pass_time(minutes=11)
    assert oldest() == {"queued": "0.0", "ambiguous": "660.0"}
    academy.set("other", hold=False)
    assert oldest() == {"queued": "660.0", "ambiguous": "660.0"}


@pytest.mark.parametrize(("code", "told"), [("InvalidAPIKey", ["InvalidAPIKey"]), ("1062", [])])
def test_that_the_provider_refuses_us_as_such_is_shown(academy, provider, code, told):
    provider.answer = lambda one: Refused(one.ledger, code, again=True)
    academy.queue_many(3)
    sender = academy.sender()
    sender.step()
    page = generate_latest(sender.metrics.registry).decode()
    assert re.findall(r'^academy_provider_refused_total{code="(\w+)"} 1.0$', page, re.MULTILINE) == told
