"""deploy/queues.yaml against a real SQS server."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import boto3
import pytest
from academyctl.bootstrap import QUEUES
from academyctl.queues import QueueSpec, create_queues, drift, load_queues
from contracts import SERVICES

pytestmark = pytest.mark.servers


@pytest.fixture
def client(sqs_server: str) -> Any:
    return boto3.client(
        "sqs",
        endpoint_url=sqs_server,
        region_name="ap-northeast-2",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


@pytest.fixture
def queues() -> list[QueueSpec]:
    return load_queues(QUEUES, f"t{uuid4().hex[:8]}")


def test_every_service_has_its_queue_and_every_queue_its_dead_letters(queues: list[QueueSpec]) -> None:
    names = {queue.name.split("-", 1)[1] for queue in queues}
    assert {f"{service}-events" for service in SERVICES} <= names
    assert {name for name in names if not name.endswith("-dlq")} == {
        name.removesuffix("-dlq") for name in names if name.endswith("-dlq")
    }


def test_what_is_created_agrees_with_the_file_also_when_repeated(
    client: Any, queues: list[QueueSpec]
) -> None:
    assert len(drift(client, queues)) == len(queues)
    create_queues(client, queues)
    assert drift(client, queues) == []
    create_queues(client, queues)
    assert drift(client, queues) == []


def test_drift_is_reported_and_mended(client: Any, queues: list[QueueSpec]) -> None:
    create_queues(client, queues)
    queue = next(queue for queue in queues if queue.name.endswith("students-events"))
    url = client.get_queue_url(QueueName=queue.name)["QueueUrl"]
    client.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "5"})
    assert [str(found) for found in drift(client, queues)] == [
        f"{queue.name}: VisibilityTimeout is 5, should be 30"
    ]
    create_queues(client, queues)
    assert drift(client, queues) == []
