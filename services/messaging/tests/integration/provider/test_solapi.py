"""What the adapter makes of every answer, and of none: sent, surely not sent, or nobody knows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from messaging.domain.content import Kind
from messaging.ports import Accepted, Alimtalk, ProviderUnavailableError, Refused, Unknown
from testkit.waiting import wait_until

CONTENT = "#{name}님, 결석입니다."


def of(server, message):
    return [row for row in server.record if row["ledger"] == str(message.ledger)]


def test_a_batch_is_taken_and_each_message_gets_its_ids(provider, server, outgoing):
    batch = [outgoing(n) for n in range(50)]
    outcomes = provider.send(batch)
    assert {type(one) for one in outcomes} == {Accepted}
    assert {one.ledger for one in outcomes} == {one.ledger for one in batch}
    assert len({one.provider_id for one in outcomes}) == 50
    assert len({one.group for one in outcomes}) == 1


def test_messages_fail_alone(provider, server, outgoing):
    server.settings(senders=["0212345678"], opted_out=["01000000002"])
    batch = [outgoing(1), outgoing(2), replace(outgoing(3), sender="0299999999"), outgoing(4, text="가" * 46)]
    found = {one.ledger: one for one in provider.send(batch)}
    assert isinstance(found[batch[0].ledger], Accepted)
    assert [found[one.ledger] for one in batch[1:]] == [
        Refused(batch[1].ledger, "1061", again=False),
        Refused(batch[2].ledger, "1062", again=False),
        Refused(batch[3].ledger, "1031", again=False),
    ]


def test_a_server_error_of_one_message_is_tried_again(provider, server, outgoing):
    server.faults(refuse={"1024": 1})
    one = outgoing()
    assert provider.send([one]) == [Refused(one.ledger, "1024", again=True)]


@pytest.mark.parametrize(
    ("fault", "code", "taken"),
    [
        ("error_before_accept", "http_500", 0),
        ("error_after_accept", "http_500", 1),
        ("timeout_before_accept", "TimeoutError", 0),
        ("timeout_after_accept", "TimeoutError", 1),
        ("drop_before_accept", "RemoteDisconnected", 0),
        ("drop_after_accept", "RemoteDisconnected", 1),
    ],
)
def test_whatever_happens_after_the_request_was_written_is_unknown(
    provider, server, outgoing, fault, code, taken
):
    server.faults(next=[fault])
    one = outgoing()
    assert provider.send([one]) == [Unknown(one.ledger, code)]
    assert len(of(server, one)) == taken
    found = provider.find([one.ledger], datetime.now(UTC))
    assert [(each.ledger, each.attempt) for each in found] == [(one.ledger, 1)] * taken


def test_no_connection_is_surely_not_sent(provider, outgoing):
    one = outgoing()
    nowhere = replace(provider, endpoint="http://127.0.0.1:9")
    assert nowhere.send([one]) == [Refused(one.ledger, "ConnectionRefusedError", again=True)]
    with pytest.raises(ProviderUnavailableError):
        nowhere.find([one.ledger], datetime.now(UTC))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"key": "ANOTHER"}, "InvalidAPIKey"),
        ({"secret": "another"}, "SignatureDoesNotMatch"),
    ],
)
def test_wrong_keys_are_no_fault_of_the_messages(provider, outgoing, change, code):
    one = outgoing()
    assert replace(provider, **change).send([one]) == [Refused(one.ledger, code, again=True)]


def test_a_clock_that_is_wrong_by_more_than_15_minutes(provider, server, outgoing):
    one = outgoing()
    server.faults(clock_skew=14 * 60)
    assert isinstance(provider.send([one])[0], Accepted)
    server.faults(clock_skew=16 * 60)
    assert provider.send([one]) == [Refused(one.ledger, "RequestTimeTooSkewed", again=True)]


def test_an_empty_account_takes_nothing(provider, server, outgoing):
    server.settings(balance=39)
    batch = [outgoing(1), outgoing(2)]
    assert {one.code for one in provider.send(batch)} == {"NotEnoughBalance"}
    assert [of(server, one) for one in batch] == [[], []]
    assert provider.balance() == 39


def test_a_list_is_read_to_its_end(provider, outgoing, monkeypatch):
    monkeypatch.setattr("messaging.adapters.solapi._PAGE", 20)
    batch = [outgoing(n) for n in range(45)]
    provider.send(batch)
    found = provider.find([one.ledger for one in batch] + [uuid4()], datetime.now(UTC) - timedelta(minutes=1))
    assert {one.ledger for one in found} == {one.ledger for one in batch}


def test_statuses_tell_the_end(provider, server, outgoing):
    server.faults(report={"3043": 1})
    (accepted,) = provider.send([outgoing()])
    (found,) = wait_until(
        lambda: [one for one in provider.statuses([accepted.provider_id]) if one.code != "2000"]
    )
    assert (found.provider_id, found.code, found.replaced) == (accepted.provider_id, "3043", False)


def test_an_alimtalk_whose_template_was_approved(provider, server, outgoing):
    code = provider.register_template("PF01", "결석", CONTENT)
    one = replace(
        outgoing(text="김하나님, 결석입니다."),
        kind=Kind.ATA,
        alimtalk=Alimtalk("PF01", code, {"name": "김하나"}, fallback=True),
    )
    assert provider.template_state(code).review == "PENDING"
    assert provider.send([one]) == [Refused(one.ledger, "1042", again=False)]
    server.decide(code, "APPROVED")
    assert provider.template_state(code).review == "APPROVED"
    server.faults(kakao_unreachable=1)
    (accepted,) = provider.send([one])
    (found,) = wait_until(
        lambda: [one for one in provider.statuses([accepted.provider_id]) if one.code == "4000"]
    )
    assert found.replaced
    lacking = replace(one, ledger=uuid4(), alimtalk=replace(one.alimtalk, variables={}))
    assert provider.send([lacking]) == [Refused(lacking.ledger, "3063", again=False)]


def test_a_rejected_template_says_why(provider, server):
    code = provider.register_template("PF01", "광고", CONTENT)
    server.decide(code, "REJECTED", "광고성 문구가 있습니다.")
    state = provider.template_state(code)
    assert (state.review, state.comment) == ("REJECTED", "광고성 문구가 있습니다.")


def test_opt_outs_and_senders(provider, server):
    server.settings(opted_out=["01000000001"], senders=["0212345678"])
    assert provider.opted_out() == ["01000000001"]
    assert provider.senders() == {"0212345678"}


def test_the_adapter_shows_no_secret(provider):
    assert provider.secret not in repr(provider)
