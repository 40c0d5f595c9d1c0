"""A worker built by the kit runs end to end on a real SQS server and PostgreSQL."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from urllib.request import urlopen
from uuid import uuid4

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from contracts import REGISTRY, SERVICES
from eventkit.envelope import Event
from eventkit.ports import Database
from eventkit.queue import Outgoing
from eventkit.schema import create_whole_kit
from eventkit.subscription import Subscription, on
from eventkit.uow import UnitOfWork
from eventkit.worker import Worker
from servicekit.periodic import PeriodicTask
from servicekit.settings import CommonSettings, load
from servicekit.worker_kit import WorkerKit
from testkit.api import environment
from testkit.database import Operations, TestDatabase
from testkit.plugin import MakeDatabase
from testkit.servers import free_ports
from testkit.tokens import Issuer
from testkit.waiting import wait_until

pytestmark = pytest.mark.servers


def build(op: Operations) -> None:
    create_whole_kit(op, "students")


@pytest.fixture
def students(make_database: MakeDatabase) -> TestDatabase:
    return make_database("students", build)


@pytest.fixture
def kit_settings(
    sqs_server: str, students: TestDatabase, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> CommonSettings:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    variables = environment(
        issuer,
        students.url,
        SQS_ENDPOINT_URL=sqs_server,
        QUEUE_PREFIX=f"t{uuid4().hex[:8]}",
        HEALTH_BIND=f"127.0.0.1:{free_ports()}",
    )
    return load(CommonSettings, variables)


def create_queues(kit: WorkerKit, services: Sequence[str]) -> None:
    client = kit.sqs
    for service in services:
        name = f"{kit.settings.queue_prefix}-{service}-events"
        dead = client.create_queue(QueueName=f"{name}-dlq")["QueueUrl"]
        arn = client.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "6"})
        client.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy})


@pytest.fixture
def kit(kit_settings: CommonSettings) -> Iterator[WorkerKit]:
    opened = WorkerKit.open("students", kit_settings)
    yield opened
    opened.db.close()


def test_missing_queues_and_absent_servers_are_told(kit: WorkerKit, kit_settings: CommonSettings) -> None:
    with pytest.raises(ClientError):
        kit.worker(everything())
    away = load(
        CommonSettings,
        {
            "DATABASE_URL": "postgresql://a:b@127.0.0.1:1/x",
            "INTERNAL_WORKER_TOKEN": "x" * 16,
            "AUTH_JWKS_URL": "file:///x",
            "AUTH_ISSUER": "x",
            "AUTH_AUDIENCE": "x",
            "SQS_ENDPOINT_URL": "http://127.0.0.1:1",
        },
    )
    with pytest.raises(BotoCoreError):
        WorkerKit.open("students", away).worker(everything())


def test_a_worker_that_does_not_hear_what_the_registry_says_does_not_start(kit: WorkerKit) -> None:
    _first, *rest = everything()
    with pytest.raises(RuntimeError, match=r"no handler for \['enrollment.erasure.completed'\]"):
        kit.worker(rest)
    with pytest.raises(RuntimeError, match=r"not subscribed to \['students.student.changed'\]"):
        kit.worker([*everything(), on("students.student.changed", never)])


def everything() -> list[Subscription]:
    """What the students service has to hear."""
    return [on(name, never) for name in sorted(REGISTRY.consumed_by("students"))]


def test_the_worker_relays_consumes_dead_letters_and_runs_tasks(
    kit: WorkerKit, students: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signal.signal", lambda *_: None)  # only the main thread may
    create_queues(kit, SERVICES)
    add_outbox_rows(students)
    kit.queue("students").send_batch([Outgoing("not an event")])
    swept: list[datetime] = []

    def sweep(_db: Database, now: datetime) -> None:
        swept.append(now)

    tasks = [PeriodicTask("sweep", sweep, every=timedelta(hours=1))]
    worker = kit.worker(everything(), tasks)
    with started(worker) as codes:
        wait_until(lambda: kit.queue("students", dead=True).receive(), 30)
        wait_until(lambda: unsent(students) == 0, 30)
        wait_until(lambda: 'academy_periodic_runs_total{outcome="done",task="sweep"} 1.0' in metrics(kit), 30)
        assert "academy_dead_letters_total{" in metrics(kit)
    assert (codes, len(swept)) == ([0], 1)


def metrics(kit: WorkerKit) -> str:
    with urlopen(f"http://{kit.settings.health_bind}/metrics") as answer:
        return str(answer.read().decode())


def never(_uow: UnitOfWork, _events: Sequence[Event]) -> None:
    raise AssertionError("nothing readable was sent")


@contextmanager
def started(worker: Worker) -> Iterator[list[int]]:
    """Run the worker in a thread; its exit code is in the list afterwards."""
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(worker.run()))
    thread.start()
    try:
        yield codes
    finally:
        worker.stop()
        thread.join(40)


def add_outbox_rows(students: TestDatabase) -> None:
    """One for every service that hears this one: the relay must know each queue."""
    types = [REGISTRY.get(name) for name in REGISTRY.published_by("students")]
    for destination in sorted({subscriber for event_type in types for subscriber in event_type.subscribers}):
        students.admin.execute(
            "INSERT INTO outbox (id, destination, type, tenant_id, subject, correlation_id, body)"
            " VALUES (%s, %s, 'x', 'demo', 's', 'c', '{}')",
            [uuid4(), destination],
        )


def unsent(students: TestDatabase) -> int:
    row = students.admin.execute("SELECT count(*) FROM outbox WHERE sent_at IS NULL").fetchone()
    assert row is not None
    return int(row[0])
