"""A service on a simulated ECS: its worker scales itself to nothing, its API starts it again. Processes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest
from academyctl.embedded.program import Program, answers_ok, plain_environment, running
from academyctl.queues import create_queues, load_queues
from servicekit.hosts import ECS_METADATA
from testkit.api import environment
from testkit.cloud import Cloud, cloud
from testkit.database import TestDatabase
from testkit.plugin import Migrated
from testkit.servers import free_ports
from testkit.tokens import Issuer
from testkit.waiting import wait_until

pytestmark = pytest.mark.servers
PREFIX = "waking"


@pytest.fixture
def media(migrated: Migrated) -> TestDatabase:
    return migrated("media")


@pytest.fixture
def aws() -> Iterator[Cloud]:
    with cloud() as made:
        yield made


@pytest.fixture
def variables(issuer: Issuer, media: TestDatabase, aws: Cloud, sqs_server: str, root: Path) -> dict[str, str]:
    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    client = boto3.client(
        "sqs",
        region_name="ap-northeast-2",
        endpoint_url=sqs_server,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    create_queues(client, load_queues(root / "deploy" / "queues.yaml", PREFIX))
    return environment(
        issuer,
        media.url,
        SQS_ENDPOINT_URL=sqs_server,
        QUEUE_PREFIX=PREFIX,
        AWS_ENDPOINT_URL_ECS=aws.url,
        SELF_STOP="ecs",
        SELF_STOP_AFTER_POLLS="2",
        WAKE_WORKER="ecs:academy/media-worker",
        **{ECS_METADATA: f"{aws.url}/v4/container"},
        **credentials,
    )


@pytest.fixture
def root() -> Path:
    return Path(__file__).parents[3]


@contextmanager
def started(command: str, variables: dict[str, str], folder: Path) -> Iterator[Path]:
    """`media api` or `media worker`; yields its log."""
    port, log = free_ports(), folder / f"{command}.log"
    bind = f"127.0.0.1:{port}"
    program = Program(
        command,
        (sys.executable, "-m", "media", command),
        lambda: answers_ok(port, "/livez"),
        env={**plain_environment(), **variables, "API_BIND": bind, "HEALTH_BIND": bind, "WEB_WORKERS": "1"},
        stop_seconds=30,
    )
    with running(program, log):
        yield log


def test_the_worker_scales_itself_to_nothing_and_the_api_wakes_it_for_its_outbox(
    variables: dict[str, str], media: TestDatabase, aws: Cloud, tmp_path: Path
) -> None:
    with started("worker", variables, tmp_path) as log:
        wait_until(lambda: aws.desired == 0, 60)
        assert "drained" not in log.read_text()  # it works on until ECS sends SIGTERM
    assert "received=0 done=0 duplicate=0 returned=0 dead=0" in log.read_text()
    media.admin.execute(
        "INSERT INTO outbox (id, destination, type, tenant_id, subject, correlation_id, body)"
        " VALUES (gen_random_uuid(), 'students', 'x', 'demo', 's', 'c', '{}')"
    )
    with started("api", variables, tmp_path):
        wait_until(lambda: aws.desired == 1, 60)
