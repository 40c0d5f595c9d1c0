"""The fake passes the shared suite, and is as strict as AWS where local servers are not."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from eventkit.queue import Outgoing, Queue
from testkit.clock import FakeClock
from testkit.sqs import FakeSqs
from testkit.sqs_conformance import Advance, SqsConformance


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def client(clock: FakeClock) -> FakeSqs:
    return FakeSqs(clock)


class TestFakeSqs(SqsConformance):
    @pytest.fixture
    def advance(self, clock: FakeClock) -> Advance:
        return clock.advance


@pytest.fixture
def queue(client: FakeSqs) -> Queue:
    client.make_pair("q", visibility=30)
    return Queue.open(client, "q")


def test_a_stale_receipt_deletes_nothing_and_says_success(queue: Queue, clock: FakeClock) -> None:
    queue.send_batch([Outgoing("x")])
    (stale,) = queue.receive()
    clock.advance(31)
    (current,) = queue.receive()
    assert queue.delete_batch([stale.receipt]) == {}
    assert queue.extend_batch([(stale.receipt, 60)]) == {stale.receipt: "InvalidParameterValue"}
    assert queue.extend_batch([(current.receipt, 0)]) == {}
    assert len(queue.receive()) == 1


def test_the_latest_receipt_deletes_even_after_its_time_is_up(queue: Queue, clock: FakeClock) -> None:
    queue.send_batch([Outgoing("x")])
    (message,) = queue.receive()
    clock.advance(31)
    assert queue.delete_batch([message.receipt]) == {}
    assert queue.receive() == []


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"MessageBody": "\uffff"}, "InvalidMessageContents"),
        ({"MessageBody": "\x01"}, "InvalidMessageContents"),
        ({"MessageBody": ""}, "InvalidParameterValue"),
        ({"MessageBody": "x", "DelaySeconds": 901}, "InvalidParameterValue"),
        (
            {
                "MessageBody": "x",
                "MessageAttributes": {f"a{n}": {"DataType": "String", "StringValue": "v"} for n in range(11)},
            },
            "InvalidParameterValue",
        ),
    ],
)
def test_a_bad_entry_fails_alone(queue: Queue, client: Any, entry: Any, code: str) -> None:
    url = client.queue("q").url
    good = {"Id": "good", "MessageBody": "x"}
    answer = client.send_message_batch(QueueUrl=url, Entries=[{"Id": "bad", **entry}, good])
    assert [(f["Id"], f["Code"], f["SenderFault"]) for f in answer["Failed"]] == [("bad", code, True)]
    assert client.bodies("q") == ["x"]


def test_attributes_come_only_when_asked_for(queue: Queue, client: Any) -> None:
    queue.send_batch([Outgoing("x", {"type": "t"})])
    (bare,) = client.receive_message(QueueUrl=client.queue("q").url)["Messages"]
    assert bare["Attributes"] == bare["MessageAttributes"] == {}


@pytest.mark.parametrize("options", [{"MaxNumberOfMessages": 11}, {"WaitTimeSeconds": 21}])
def test_receive_quotas(client: Any, queue: Queue, options: Any) -> None:
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        client.receive_message(QueueUrl=client.queue("q").url, **options)


def test_shuffling_is_repeatable(clock: FakeClock) -> None:
    orders = []
    for _ in range(2):
        client = FakeSqs(clock, seed=7)
        client.make_pair("q")
        Queue.open(client, "q").send_batch([Outgoing(str(n)) for n in range(10)])
        client.reorder("q")
        orders.append(client.bodies("q"))
    assert orders[0] == orders[1] != [str(n) for n in range(10)]


def test_our_own_quota_checks_come_before_the_request(queue: Queue, client: FakeSqs) -> None:
    with pytest.raises(ValueError, match="attributes"):
        queue.send_batch([Outgoing("x", {f"a{n}": "v" for n in range(11)})])
    with pytest.raises(ValueError, match="batches"):
        queue.send_batch([Outgoing("x" * 200_000)] * 2)
    assert client.bodies("q") == []
