"""The embedded SQS server passes the suite that the fake passes."""

from __future__ import annotations

import time
from threading import Thread
from typing import Any

import boto3
import pytest
from eventkit.clock import SYSTEM_CLOCK
from eventkit.consumer import Consumer, on
from eventkit.metrics import Metrics
from eventkit.queue import Outgoing, Queue
from eventkit.runtime import Runtime
from prometheus_client import CollectorRegistry
from testkit.sqs_conformance import Advance, SqsConformance

pytestmark = pytest.mark.servers


@pytest.fixture
def client(sqs_server: str) -> Any:
    return boto3.client(
        "sqs",
        endpoint_url=sqs_server,
        region_name="ap-northeast-2",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


class TestEmbeddedSqs(SqsConformance):
    @pytest.fixture
    def advance(self) -> Advance:
        return time.sleep  # the server's clock is the thing under test: no condition can be waited for


def test_a_long_poll_in_flight_at_the_stop_gives_its_messages_back_within_seconds(
    client: Any, stage: Any, recording: Any
) -> None:
    for name in ("drain", "drain-dlq"):
        client.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "60"})
    queue = Queue.open(client, "drain")
    runtime = Runtime(SYSTEM_CLOCK, Metrics(CollectorRegistry()), stage.points, stage.runtime.registry)
    handlers = [on("kit.thing.made", recording)]
    consumer = Consumer("kit", queue, Queue.open(client, "drain-dlq"), stage.db, handlers, runtime)
    stage.points.at("consumer.after_receive", consumer.stop)
    threads = [Thread(target=consumer.run) for _ in range(2)]
    for thread in threads:
        thread.start()
    stage.publish(1, 2)
    bodies = [body for (body,) in stage.rows("SELECT body FROM outbox")]
    queue.send_batch([Outgoing(body) for body in bodies])
    started = time.monotonic()
    for thread in threads:
        thread.join(10)
    assert time.monotonic() - started < 10
    receipt = consumer.drain()
    assert receipt.received == receipt.returned > 0
    assert receipt.balanced
    assert _receive_two(queue) == set(bodies)


def _receive_two(queue: Queue) -> set[str]:
    return {m.body for _ in range(2) for m in queue.receive(wait=1)}
