"""SQS in memory, shaped like boto3's client and as strict as AWS where local servers are not.

Rules: SQS Developer Guide (quotas, visibility timeout, dead-letter queues) and SQS API Reference (errors).
Faults that tests ask for are in testkit.sqs_faults.
"""
# ruff: noqa: N803 – parameters have boto3's names

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from eventkit.clock import Clock

from testkit.sqs_faults import Faults, refusal
from testkit.sqs_rules import check_batch, check_entry, check_receive, check_visibility, requested

Answer = dict[str, Any]


@dataclass(slots=True, eq=False)
class Stored:
    """One copy of a message; a duplicate delivery is another copy with the same id."""

    id: str
    body: str
    attributes: dict[str, Any]
    sent: float
    visible: float
    receives: int = 0
    receipt: str | None = None


@dataclass(slots=True)
class FakeQueue:
    name: str
    url: str
    attributes: dict[str, str]
    messages: list[Stored] = field(default_factory=list)

    @property
    def visibility(self) -> float:
        return float(self.attributes["VisibilityTimeout"])

    @property
    def redrive(self) -> dict[str, Any]:
        policy: dict[str, Any] = json.loads(self.attributes.get("RedrivePolicy", "{}"))
        return policy


class FakeSqs:
    """`long_poll` really waits (for threads on the system clock); else an empty receive returns at once."""

    def __init__(self, clock: Clock, *, seed: int = 0, long_poll: bool = False) -> None:
        self.faults = Faults(seed)
        self._clock = clock
        self._long_poll = long_poll
        self._queues: dict[str, FakeQueue] = {}
        self._changed = threading.Condition()

    # What tests look at

    def queue(self, name: str) -> FakeQueue:
        return self._queues[_url(name)]

    def bodies(self, name: str) -> list[str]:
        """Everything in the queue, in flight or not."""
        return [message.body for message in self.queue(name).messages]

    def make_pair(self, name: str, *, visibility: int = 60, max_receives: int = 6) -> None:
        """`<name>` and `<name>-dlq`, as deploy/queues.yaml declares them."""
        self.create_queue(QueueName=f"{name}-dlq")
        policy = {"deadLetterTargetArn": _arn(f"{name}-dlq"), "maxReceiveCount": max_receives}
        self.create_queue(
            QueueName=name,
            Attributes={"VisibilityTimeout": str(visibility), "RedrivePolicy": json.dumps(policy)},
        )

    def duplicate(self, name: str) -> None:
        """At-least-once: another copy of every message, visible now."""
        queue = self.queue(name)
        now = self._clock.monotonic()
        copies = [Stored(m.id, m.body, m.attributes, m.sent, now, m.receives) for m in queue.messages]
        queue.messages.extend(copies)

    def reorder(self, name: str) -> None:
        """Best-effort ordering: none."""
        self.faults.random.shuffle(self.queue(name).messages)

    # boto3's client

    def create_queue(self, *, QueueName: str, Attributes: Mapping[str, str] | None = None) -> Answer:
        url = _url(QueueName)
        attributes = {"VisibilityTimeout": "30", "QueueArn": _arn(QueueName), **(Attributes or {})}
        existing = self._queues.setdefault(url, FakeQueue(QueueName, url, attributes))
        if existing.attributes != attributes:
            raise refusal("QueueAlreadyExists", "CreateQueue")
        return {"QueueUrl": url}

    def get_queue_url(self, *, QueueName: str) -> Answer:
        self.faults.call("GetQueueUrl")
        return {"QueueUrl": self._find(_url(QueueName), "GetQueueUrl").url}

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: Iterable[str] = ()) -> Answer:
        self.faults.call("GetQueueAttributes")
        queue = self._find(QueueUrl, "GetQueueAttributes")
        now = self._clock.monotonic()
        visible = sum(m.visible <= now for m in queue.messages)
        delayed = sum(m.visible > now and not m.receives for m in queue.messages)
        known = {
            **queue.attributes,
            "ApproximateNumberOfMessages": str(visible),
            "ApproximateNumberOfMessagesNotVisible": str(len(queue.messages) - visible - delayed),
            "ApproximateNumberOfMessagesDelayed": str(delayed),
        }
        return {"Attributes": {k: v for k, v in known.items() if requested(k, AttributeNames)}}

    def send_message(self, *, QueueUrl: str, **entry: Any) -> Answer:
        self.faults.call("SendMessage")
        queue = self._find(QueueUrl, "SendMessage")
        if code := check_entry(entry):
            raise refusal(code, "SendMessage")
        with self._changed:
            return self._store(queue, entry)

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> Answer:
        def send(queue: FakeQueue, entry: dict[str, Any]) -> str | Answer:
            return check_entry(entry) or self._store(queue, entry)

        return self._batch("SendMessageBatch", QueueUrl, Entries, send)

    def receive_message(self, *, QueueUrl: str, **options: Any) -> Answer:
        self.faults.call("ReceiveMessage")
        queue = self._find(QueueUrl, "ReceiveMessage")
        limit, wait = check_receive(options)
        with self._changed:
            if self._long_poll and not self._visible(queue):
                self._changed.wait(wait)
            timeout = float(options.get("VisibilityTimeout", queue.visibility))
            messages = [self._take(queue, m, timeout) for m in self._visible(queue)[:limit]]
        return {"Messages": [_shown(m, options) for m in messages]} if messages else {}

    def delete_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> Answer:
        return self._batch("DeleteMessageBatch", QueueUrl, Entries, self._delete)

    def change_message_visibility_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> Answer:
        return self._batch("ChangeMessageVisibilityBatch", QueueUrl, Entries, self._change)

    # Inside

    def _find(self, url: str, operation: str) -> FakeQueue:
        if url not in self._queues:
            raise refusal("AWS.SimpleQueueService.NonExistentQueue", operation)
        return self._queues[url]

    def _batch(
        self,
        operation: str,
        url: str,
        entries: list[dict[str, Any]],
        apply: Callable[[FakeQueue, dict[str, Any]], str | Answer],
    ) -> Answer:
        """HTTP 200 with Successful and Failed; `apply` answers an error code or the entry's result."""
        self.faults.call(operation)
        queue = self._find(url, operation)
        check_batch(entries, operation)
        answer: Answer = {"Successful": [], "Failed": []}
        with self._changed:
            for entry in entries:
                refused = self.faults.entry(operation, entry)
                result = refused.code if refused else apply(queue, entry)
                if isinstance(result, str):
                    fault = refused.sender_fault if refused else True
                    answer["Failed"].append({"Id": entry["Id"], "Code": result, "SenderFault": fault})
                else:
                    answer["Successful"].append({"Id": entry["Id"], **result})
            self._changed.notify_all()
        return {key: rows for key, rows in answer.items() if rows}

    def _store(self, queue: FakeQueue, entry: Mapping[str, Any]) -> Answer:
        now = self._clock.monotonic()
        attributes = dict(entry.get("MessageAttributes") or {})
        visible = now + entry.get("DelaySeconds", 0)
        message = Stored(str(uuid4()), entry["MessageBody"], attributes, now, visible)
        queue.messages.append(message)
        self._changed.notify_all()
        return {"MessageId": message.id}

    def _visible(self, queue: FakeQueue) -> list[Stored]:
        """Those that may be received now; one received too often moves to the dead-letter queue instead."""
        now = self._clock.monotonic()
        visible = [m for m in queue.messages if m.visible <= now]
        limit = int(queue.redrive.get("maxReceiveCount", sys.maxsize))
        worn = [m for m in visible if m.receives >= limit]
        for message in worn:
            queue.messages.remove(message)
            letters = queue.redrive["deadLetterTargetArn"].rpartition(":")[2]
            self.queue(letters).messages.append(message)
        return [m for m in visible if m not in worn]

    def _take(self, queue: FakeQueue, message: Stored, timeout: float) -> Stored:
        message.receives += 1
        message.visible = self._clock.monotonic() + timeout
        message.receipt = f"{queue.name}/{message.id}/{uuid4().hex}"
        return message

    def _delete(self, queue: FakeQueue, entry: Mapping[str, Any]) -> str | Answer:
        """A receipt older than the last receive: answered with success, deletes nothing (API Reference)."""
        receipt = entry["ReceiptHandle"]
        if not receipt.startswith(f"{queue.name}/"):
            return "ReceiptHandleIsInvalid"
        queue.messages[:] = [m for m in queue.messages if m.receipt != receipt]
        return {}

    def _change(self, queue: FakeQueue, entry: Mapping[str, Any]) -> str | Answer:
        receipt, seconds = entry["ReceiptHandle"], entry["VisibilityTimeout"]
        if not receipt.startswith(f"{queue.name}/"):
            return "ReceiptHandleIsInvalid"
        if code := check_visibility(seconds):
            return code
        now = self._clock.monotonic()
        for message in queue.messages:
            if message.receipt == receipt and message.visible > now:
                message.visible = now + seconds
                return {}
        return "InvalidParameterValue"  # not in flight any more, or received again


def _url(name: str) -> str:
    return f"https://sqs.test/000000000000/{name}"


def _arn(name: str) -> str:
    return f"arn:aws:sqs:ap-northeast-2:000000000000:{name}"


def _shown(message: Stored, options: Mapping[str, Any]) -> Answer:
    """Attributes that were not asked for are left out, as AWS does."""
    system = {
        "ApproximateReceiveCount": str(message.receives),
        "SentTimestamp": str(round(message.sent * 1000)),
    }
    wanted = [*options.get("MessageSystemAttributeNames", ()), *options.get("AttributeNames", ())]
    own = options.get("MessageAttributeNames", ())
    return {
        "MessageId": message.id,
        "ReceiptHandle": message.receipt,
        "Body": message.body,
        "Attributes": {k: v for k, v in system.items() if requested(k, wanted)},
        "MessageAttributes": {k: v for k, v in message.attributes.items() if requested(k, own)},
    }
