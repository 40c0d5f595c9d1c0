"""The queues of deploy/queues.yaml: created on a local SQS, compared with any."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from types_boto3_sqs.client import SQSClient

# roto answers with the code of the old query protocol
_MISSING = {"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"}


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """A queue by its full name. `attributes` as SQS names them; `dead_letters` is the name of its DLQ."""

    name: str
    attributes: Mapping[str, str]
    dead_letters: str | None = None
    max_receive_count: int = 0


def load_queues(path: Path, prefix: str) -> list[QueueSpec]:
    """Each queue of the file after its dead-letter queue."""
    return list(_specs(yaml.safe_load(path.read_text(encoding="utf-8")), prefix))


def _specs(document: dict[str, Any], prefix: str) -> Iterator[QueueSpec]:
    for name, own in document["queues"].items():
        attributes = document["attributes"] | (own or {})
        receives = int(attributes.pop("maxReceiveCount"))
        dead = f"{prefix}-{name}-dlq"
        yield QueueSpec(dead, _texts(document["attributes"] | document["dead_letter_attributes"]))
        yield QueueSpec(f"{prefix}-{name}", _texts(attributes), dead, receives)


def _texts(attributes: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in attributes.items()
        if name != "maxReceiveCount"
    }


def create_queues(client: SQSClient, queues: list[QueueSpec]) -> None:
    """Create what is missing and set what differs (on a local stack; the cloud is CloudFormation's)."""
    for queue in queues:
        url = queue_url(client, queue.name)
        if url is None:
            client.create_queue(QueueName=queue.name, Attributes=_wanted(client, queue))
        elif drift_of(client, queue):
            client.set_queue_attributes(QueueUrl=url, Attributes=_wanted(client, queue))


class Difference(NamedTuple):
    """Between the file and the server; no `attribute`: the queue is missing."""

    queue: str
    attribute: str = ""
    actual: str | None = None
    wanted: str = ""

    def __str__(self) -> str:
        if not self.attribute:
            return f"{self.queue}: missing"
        return f"{self.queue}: {self.attribute} is {self.actual}, should be {self.wanted}"


def drift(client: SQSClient, queues: Iterable[QueueSpec]) -> list[Difference]:
    """Empty when the file and the server agree. Raises BotoCoreError and ClientError."""
    return [difference for queue in queues for difference in drift_of(client, queue)]


def drift_of(client: SQSClient, queue: QueueSpec) -> list[Difference]:
    url = queue_url(client, queue.name)
    if url is None:
        return [Difference(queue.name)]
    found = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    actual: dict[Any, Any] = {**found, "RedrivePolicy": _redrive(found.get("RedrivePolicy"))}
    wanted = dict(queue.attributes)
    if queue.dead_letters:
        wanted["RedrivePolicy"] = f"{queue.dead_letters} after {queue.max_receive_count}"
    return [
        Difference(queue.name, name, actual.get(name), value)
        for name, value in wanted.items()
        if actual.get(name) != value
    ]


def _redrive(policy: str | None) -> str | None:
    """The dead-letter queue is of the same account and region by AWS's rule: its name says all."""
    if not policy:
        return None
    found = json.loads(policy)
    return f"{found['deadLetterTargetArn'].rpartition(':')[2]} after {found['maxReceiveCount']}"


def _wanted(client: SQSClient, queue: QueueSpec) -> dict[Any, str]:
    """Keys are Any because boto3's stubs list the names that there are, and the file may name others."""
    wanted = dict(queue.attributes)
    if queue.dead_letters:
        url = queue_url(client, queue.dead_letters)
        policy: dict[str, str] = {"maxReceiveCount": str(queue.max_receive_count)}
        if url:
            answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
            policy["deadLetterTargetArn"] = answer["Attributes"]["QueueArn"]
        wanted["RedrivePolicy"] = json.dumps(policy)
    return wanted


def queue_url(client: SQSClient, name: str) -> str | None:
    """None when there is no queue of this name. Raises BotoCoreError and ClientError."""
    try:
        return client.get_queue_url(QueueName=name)["QueueUrl"]
    except ClientError as error:
        if error.response["Error"]["Code"] in _MISSING:
            return None
        raise
