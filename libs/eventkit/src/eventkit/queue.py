"""A typed wrapper of one SQS queue. Quotas: AWS SQS Developer Guide, "message quotas"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self, TypeVar

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from eventkit.effects import Effects

MAX_ENTRIES = 10
MAX_ATTRIBUTES = 10
MAX_BATCH_BYTES = 256 * 1024
MAX_DELAY_SECONDS = 900
TRIES = "tries_before"
"""Attribute of a message that was sent anew: how often it was received before, beside SQS's own count."""
QUEUE_ERRORS = (BotoCoreError, ClientError)
"""What any call here may raise when the queue cannot be reached or refuses the whole request."""

_COUNT = re.compile(r"[0-9]{1,6}")
_DEPTH = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)

Call = Callable[..., Any]
T = TypeVar("T")


class SqsClient(Protocol):
    """The part of boto3's SQS client that is used; boto3's own and testkit's FakeSqs both fit."""

    @property
    def get_queue_url(self) -> Call: ...
    @property
    def get_queue_attributes(self) -> Call: ...
    @property
    def receive_message(self) -> Call: ...
    @property
    def send_message_batch(self) -> Call: ...
    @property
    def delete_message_batch(self) -> Call: ...
    @property
    def change_message_visibility_batch(self) -> Call: ...


@dataclass(frozen=True, slots=True)
class Message:
    """A received message.

    `receives` counts this time too (ApproximateReceiveCount), and those before it was sent anew.
    """

    receipt: str
    body: str
    receives: int
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outgoing:
    body: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    delay: int = 0

    @property
    def size(self) -> int:
        """Bytes that count against the batch quota: body, attribute names, data types and values."""
        attributes = sum(len(k) + len("String") + len(v.encode()) for k, v in self.attributes.items())
        return len(self.body.encode()) + attributes


@dataclass(frozen=True, slots=True)
class Refused:
    """A batch entry SQS did not take; `permanent` is its SenderFault."""

    code: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class Depth:
    """What SQS says is in a queue, right within a minute after the last change: waiting, received and not
    settled, sent with a delay."""

    visible: int
    in_flight: int
    delayed: int

    @property
    def total(self) -> int:
        return self.visible + self.in_flight + self.delayed


class Queue:
    """Visibility and maxReceiveCount are read from the queue itself, so that nothing can drift."""

    def __init__(
        self, client: SqsClient, name: str, url: str, *, visibility: int = 30, max_receives: int | None = None
    ) -> None:
        self.name = name
        self.visibility = visibility
        self.max_receives = max_receives
        """Failing this many times is the end; None where the queue has no dead-letter queue."""
        self._client = client
        self._url = url

    @classmethod
    def open(cls, client: SqsClient, name: str) -> Self:
        """Raises ClientError when there is no such queue."""
        url = client.get_queue_url(QueueName=name)["QueueUrl"]
        attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        redrive = orjson.loads(attributes.get("RedrivePolicy") or "{}")
        receives = redrive.get("maxReceiveCount")
        return cls(
            client,
            name,
            url,
            visibility=int(attributes["VisibilityTimeout"]),
            max_receives=None if receives is None else int(receives),
        )

    def recording(self, effects: Effects) -> Queue:
        """Its twin in a rehearsal."""
        return _NotedQueue(self, effects)

    def ping(self) -> None:
        """Raises one of QUEUE_ERRORS when the queue does not answer."""
        self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=["VisibilityTimeout"])

    def depth(self) -> Depth:
        """Raises one of QUEUE_ERRORS."""
        answer = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=list(_DEPTH))
        return Depth(*(int(answer["Attributes"][name]) for name in _DEPTH))

    def receive(self, limit: int = MAX_ENTRIES, wait: int = 0) -> list[Message]:
        """Up to `limit` messages, after up to `wait` seconds when there are none."""
        answer = self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=limit,
            WaitTimeSeconds=wait,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        return [_message(raw) for raw in answer.get("Messages", ())]

    def delete_batch(self, receipts: Sequence[str]) -> dict[str, str]:
        """The receipts that were not deleted, with SQS's error code."""
        failed: dict[str, str] = {}
        for part in _tens(receipts):
            entries = [{"Id": str(i), "ReceiptHandle": receipt} for i, receipt in enumerate(part)]
            answer = self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)
            failed |= {part[int(f["Id"])]: f["Code"] for f in answer.get("Failed", ())}
        return failed

    def extend_batch(self, items: Sequence[tuple[str, int]]) -> dict[str, str]:
        """Make each (receipt, seconds) invisible for that long from now; 0 gives it back. As delete_batch."""
        failed: dict[str, str] = {}
        for part in _tens(items):
            entries = [
                {"Id": str(i), "ReceiptHandle": receipt, "VisibilityTimeout": seconds}
                for i, (receipt, seconds) in enumerate(part)
            ]
            answer = self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)
            failed |= {part[int(f["Id"])][0]: f["Code"] for f in answer.get("Failed", ())}
        return failed

    def send_batch(self, messages: Sequence[Outgoing]) -> dict[int, Refused]:
        """One request (see batches()); the positions that were refused. Raises ValueError beyond a quota."""
        if not 1 <= len(messages) <= MAX_ENTRIES or sum(m.size for m in messages) > MAX_BATCH_BYTES:
            raise ValueError("not one SendMessageBatch request: use batches()")
        entries = [_entry(i, message) for i, message in enumerate(messages)]
        answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
        return {
            int(f["Id"]): Refused(f["Code"], bool(f.get("SenderFault"))) for f in answer.get("Failed", ())
        }


class _NotedQueue(Queue):
    """Seems empty, because even a receive has an effect; says of everything else that it was done."""

    def __init__(self, real: Queue, effects: Effects) -> None:
        super().__init__(real._client, real.name, real._url, visibility=real.visibility)
        self._effects = effects

    def receive(self, limit: int = MAX_ENTRIES, wait: int = 0) -> list[Message]:
        self._effects.note(f"{self.name} looked through")
        return []

    def delete_batch(self, receipts: Sequence[str]) -> dict[str, str]:
        return {}

    def extend_batch(self, items: Sequence[tuple[str, int]]) -> dict[str, str]:
        return {}

    def send_batch(self, messages: Sequence[Outgoing]) -> dict[int, Refused]:
        self._effects.note(f"sent to {self.name}", len(messages))
        return {}


def batches(messages: Iterable[Outgoing]) -> Iterator[list[Outgoing]]:
    """Cut into legal requests, in order: at most 10 messages and 256 KB together."""
    batch: list[Outgoing] = []
    size = 0
    for message in messages:
        if batch and (len(batch) == MAX_ENTRIES or size + message.size > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += message.size
    if batch:
        yield batch


def _entry(position: int, message: Outgoing) -> dict[str, Any]:
    if len(message.attributes) > MAX_ATTRIBUTES:
        raise ValueError(f"{len(message.attributes)} message attributes, SQS takes {MAX_ATTRIBUTES}")
    entry: dict[str, Any] = {"Id": str(position), "MessageBody": message.body}
    if message.attributes:
        entry["MessageAttributes"] = {
            name: {"DataType": "String", "StringValue": value} for name, value in message.attributes.items()
        }
    if message.delay:
        entry["DelaySeconds"] = message.delay
    return entry


def _message(raw: Mapping[str, Any]) -> Message:
    sent = raw.get("MessageAttributes") or {}
    attributes = {name: value["StringValue"] for name, value in sent.items() if "StringValue" in value}
    return Message(
        receipt=raw["ReceiptHandle"],
        body=raw["Body"],
        receives=int(raw["Attributes"]["ApproximateReceiveCount"]) + count_in(attributes, TRIES),
        attributes=attributes,
    )


def count_in(attributes: Mapping[str, str], name: str) -> int:
    """A number that somebody said in an attribute; 0 for none, and for what is no sensible count."""
    said = attributes.get(name, "")
    return int(said) if _COUNT.fullmatch(said) else 0


def _tens(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), MAX_ENTRIES):
        yield items[start : start + MAX_ENTRIES]
