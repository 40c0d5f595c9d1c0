"""The queues of deploy/queues.yaml: created on a local SQS, compared with any."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
        url = _url(client, queue.name)
        if url is None:
            client.create_queue(QueueName=queue.name, Attributes=_wanted(client, queue))  # type: ignore[arg-type]
        elif drift_of(client, queue):
            client.set_queue_attributes(QueueUrl=url, Attributes=_wanted(client, queue))  # type: ignore[arg-type]


def drift(client: SQSClient, queues: list[QueueSpec]) -> list[str]:
    """One line per difference between the file and the server; empty when they agree."""
    return [line for queue in queues for line in drift_of(client, queue)]


def drift_of(client: SQSClient, queue: QueueSpec) -> list[str]:
    url = _url(client, queue.name)
    if url is None:
        return [f"{queue.name}: missing"]
    found = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    actual: dict[str, Any] = {str(name): value for name, value in found.items()}
    wanted: dict[str, Any] = _wanted(client, queue)
    if "RedrivePolicy" in wanted:
        wanted["RedrivePolicy"] = _policy(wanted["RedrivePolicy"])
        actual["RedrivePolicy"] = _policy(actual.get("RedrivePolicy", "{}"))
    return [
        f"{queue.name}: {name} is {actual.get(name)}, should be {value}"
        for name, value in wanted.items()
        if actual.get(name) != value
    ]


def _policy(text: str) -> dict[str, str]:
    return {name: str(value) for name, value in json.loads(text).items()}


def _wanted(client: SQSClient, queue: QueueSpec) -> dict[str, str]:
    wanted = dict(queue.attributes)
    if queue.dead_letters:
        url = _url(client, queue.dead_letters)
        policy: dict[str, str] = {"maxReceiveCount": str(queue.max_receive_count)}
        if url:
            answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
            policy["deadLetterTargetArn"] = answer["Attributes"]["QueueArn"]
        wanted["RedrivePolicy"] = json.dumps(policy)
    return wanted


def _url(client: SQSClient, name: str) -> str | None:
    try:
        return client.get_queue_url(QueueName=name)["QueueUrl"]
    except ClientError as error:
        if error.response["Error"]["Code"] in _MISSING:
            return None
        raise
