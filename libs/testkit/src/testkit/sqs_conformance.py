"""What eventkit relies on in SQS: one suite that the fake and every real server must pass."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from eventkit.queue import Depth, Outgoing, Queue, SqsClient

Advance = Callable[[float], None]


class SqsConformance:
    """Subclasses give the fixtures `client` (boto3-shaped) and `advance(seconds)` (let time pass)."""

    @pytest.fixture
    def queues(self, client: Any) -> tuple[Queue, Queue]:
        """A new queue (visibility 2 s, three receives) and its dead-letter queue."""
        name = f"conformance-{uuid4().hex[:8]}"
        letters = client.create_queue(QueueName=f"{name}-dlq")["QueueUrl"]
        names = {"QueueUrl": letters, "AttributeNames": ["QueueArn"]}
        arn = client.get_queue_attributes(**names)["Attributes"]["QueueArn"]
        redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})
        client.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "2", "RedrivePolicy": redrive})
        return Queue.open(client, name), Queue.open(client, f"{name}-dlq")

    @pytest.fixture
    def queue(self, queues: tuple[Queue, Queue]) -> Queue:
        return queues[0]

    def test_a_queue_tells_its_own_settings(self, queues: tuple[Queue, Queue]) -> None:
        queue, letters = queues
        assert (queue.visibility, queue.max_receives) == (2, 3)
        assert letters.max_receives is None

    def test_a_queue_tells_how_much_is_in_it(self, queue: Queue) -> None:
        assert queue.depth() == Depth(visible=0, in_flight=0, delayed=0)
        queue.send_batch([Outgoing("1"), Outgoing("2"), Outgoing("3", delay=900)])
        assert len(queue.receive(1)) == 1
        assert queue.depth() == Depth(visible=1, in_flight=1, delayed=1)

    def test_an_unknown_queue_is_an_error(self, client: SqsClient) -> None:
        with pytest.raises(ClientError, match=r"NonExistentQueue|QueueDoesNotExist"):
            Queue.open(client, f"nothing-{uuid4().hex}")

    def test_body_and_attributes_arrive_unchanged(self, queue: Queue) -> None:
        body = '{"name":"홍길동 \\u0000 😀"}'
        assert queue.send_batch([Outgoing(body, {"type": "kit.thing.made"})]) == {}
        (message,) = queue.receive()
        assert (message.body, message.attributes, message.receives) == (body, {"type": "kit.thing.made"}, 1)

    def test_a_batch_of_ten_goes_out_and_comes_back(self, queue: Queue) -> None:
        queue.send_batch([Outgoing(str(n)) for n in range(10)])
        assert _receive_all(queue, 10) == {str(n) for n in range(10)}

    def test_an_empty_queue_answers_nothing(self, queue: Queue) -> None:
        assert queue.receive() == []

    def test_a_received_message_is_invisible_until_its_time_is_up(
        self, queue: Queue, advance: Advance
    ) -> None:
        queue.send_batch([Outgoing("x")])
        assert len(queue.receive()) == 1
        assert queue.receive() == []
        advance(2.2)
        (again,) = queue.receive()
        assert again.receives == 2

    def test_extending_keeps_it_invisible(self, queue: Queue, advance: Advance) -> None:
        queue.send_batch([Outgoing("x")])
        (message,) = queue.receive()
        assert queue.extend_batch([(message.receipt, 60)]) == {}
        advance(2.2)
        assert queue.receive() == []

    def test_visibility_zero_gives_it_back_at_once(self, queue: Queue) -> None:
        queue.send_batch([Outgoing("x")])
        (message,) = queue.receive()
        assert queue.extend_batch([(message.receipt, 0)]) == {}
        assert len(queue.receive()) == 1

    def test_a_deleted_message_is_gone(self, queue: Queue, advance: Advance) -> None:
        queue.send_batch([Outgoing("x")])
        (message,) = queue.receive()
        assert queue.delete_batch([message.receipt]) == {}
        advance(2.2)
        assert queue.receive() == []

    def test_batches_report_what_failed(self, queue: Queue) -> None:
        queue.send_batch([Outgoing("x")])
        (message,) = queue.receive()
        failed = queue.extend_batch([(message.receipt, 60), ("nonsense", 60)])
        assert failed == {"nonsense": "ReceiptHandleIsInvalid"}
        assert queue.delete_batch(["nonsense", message.receipt]) == {"nonsense": "ReceiptHandleIsInvalid"}

    def test_a_delayed_message_waits(self, queue: Queue, advance: Advance) -> None:
        queue.send_batch([Outgoing("x", delay=2)])
        assert queue.receive() == []
        advance(2.2)
        assert len(queue.receive()) == 1

    def test_received_too_often_it_moves_to_the_dead_letters(
        self, queues: tuple[Queue, Queue], advance: Advance
    ) -> None:
        queue, letters = queues
        queue.send_batch([Outgoing("x", {"type": "t"})])
        for _ in range(3):
            (message,) = queue.receive()
            queue.extend_batch([(message.receipt, 0)])
        assert queue.receive() == []
        (letter,) = letters.receive(wait=1)
        assert (letter.body, letter.attributes) == ("x", {"type": "t"})

    @pytest.mark.parametrize(
        ("entries", "code"),
        [
            ([], "EmptyBatchRequest"),
            ([{"Id": str(n), "MessageBody": "x"} for n in range(11)], "TooManyEntriesInBatchRequest"),
            ([{"Id": "1", "MessageBody": "x"}] * 2, "BatchEntryIdsNotDistinct"),
            ([{"Id": str(n), "MessageBody": "x" * 200_000} for n in range(2)], "BatchRequestTooLong"),
        ],
    )
    def test_quotas_of_a_request(self, queue: Queue, client: Any, entries: Any, code: str) -> None:
        url = client.get_queue_url(QueueName=queue.name)["QueueUrl"]
        with pytest.raises(ClientError, match=code):
            client.send_message_batch(QueueUrl=url, Entries=entries)


def _receive_all(queue: Queue, count: int) -> set[str]:
    """A receive may bring fewer than there are."""
    bodies: set[str] = set()
    for _ in range(50):
        bodies |= {message.body for message in queue.receive(wait=1)}
        if len(bodies) >= count:
            break
    return bodies
