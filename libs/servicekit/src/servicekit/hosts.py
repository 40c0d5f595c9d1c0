"""What a worker runs on, as far as it stops itself there and is started again from outside.

Sources: EC2 User Guide, "Use IMDSv2"; ECS Developer Guide, "task metadata endpoint version 4". Every call
raises UnavailableError when AWS cannot be reached, refuses, or answers something else than it documents.
"""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from eventkit.errors import UnavailableError

from servicekit.settings import CommonSettings, SettingsError

ECS_METADATA = "ECS_CONTAINER_METADATA_URI_V4"
"""ECS's own variable: where a container asks about its task."""
_EC2_METADATA = "http://169.254.169.254"
_TIMEOUT = 5.0


class Host(Protocol):
    """What this worker runs on."""

    def sleep(self, stop: threading.Event) -> None:
        """Stop it. What is asked of AWS comes back as SIGTERM: until then the worker goes on working."""


class Target(Protocol):
    """What a worker runs on, seen from outside."""

    def wake(self) -> bool:
        """Start it if it is stopped; whether it was."""


def host_of(settings: CommonSettings, environ: Mapping[str, str]) -> Host | None:
    """As SELF_STOP says; None for "off". Raises SettingsError for "ecs" where there is no ECS."""
    if settings.self_stop == "off":
        return None
    if settings.self_stop == "exit":
        return OwnProcess()
    if settings.self_stop == "ec2":
        return OwnInstance(_client("ec2", settings))
    if ECS_METADATA not in environ:
        raise SettingsError([f"SELF_STOP must not be ecs outside ECS: {ECS_METADATA} is not set"])
    return OwnService(_client("ecs", settings), environ[ECS_METADATA])


def target_of(place: str, settings: CommonSettings) -> Target:
    """`place` as settings.worker_place has it (WAKE_WORKER and its like)."""
    kind, _, name = place.partition(":")
    client = _client(kind, settings)
    return Instance(client, name) if kind == "ec2" else Service(client, *name.split("/"))


class OwnProcess:
    """Ends itself; whoever started it decides when to start it again."""

    def sleep(self, stop: threading.Event) -> None:
        stop.set()


class OwnInstance:
    """The EC2 instance this process runs on."""

    def __init__(self, ec2: Any, metadata: str = _EC2_METADATA) -> None:
        self._ec2 = ec2
        self._metadata = metadata

    def sleep(self, stop: threading.Event) -> None:
        with _asking("EC2"):
            ttl = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
            token = _read(f"{self._metadata}/latest/api/token", "PUT", ttl)
            own = {"X-aws-ec2-metadata-token": token}
            instance = _read(f"{self._metadata}/latest/meta-data/instance-id", "GET", own)
            self._ec2.stop_instances(InstanceIds=[instance])


class OwnService:
    """The ECS service whose task this process is; all its tasks stop."""

    def __init__(self, ecs: Any, metadata: str) -> None:
        self._ecs = ecs
        self._metadata = metadata

    def sleep(self, stop: threading.Event) -> None:
        with _asking("ECS"):
            task = json.loads(_read(f"{self._metadata}/task", "GET", {}))
            self._ecs.update_service(cluster=task["Cluster"], service=task["ServiceName"], desiredCount=0)


class Instance:
    """An EC2 instance."""

    def __init__(self, ec2: Any, name: str) -> None:
        self._ec2 = ec2
        self._name = name

    def wake(self) -> bool:
        with _asking("EC2"):
            found = self._ec2.describe_instances(InstanceIds=[self._name])
            stopped = found["Reservations"][0]["Instances"][0]["State"]["Name"] == "stopped"
            if stopped:  # one that is still stopping is found stopped by the next look
                self._ec2.start_instances(InstanceIds=[self._name])
        return bool(stopped)


class Service:
    """An ECS service."""

    def __init__(self, ecs: Any, cluster: str, name: str) -> None:
        self._ecs = ecs
        self._cluster = cluster
        self._name = name

    def wake(self) -> bool:
        with _asking("ECS"):
            found = self._ecs.describe_services(cluster=self._cluster, services=[self._name])
            stopped = found["services"][0]["desiredCount"] == 0
            if stopped:
                self._ecs.update_service(cluster=self._cluster, service=self._name, desiredCount=1)
        return bool(stopped)


def _client(name: str, settings: CommonSettings) -> Any:
    config = Config(
        retries={"mode": "standard", "max_attempts": 3}, connect_timeout=_TIMEOUT, read_timeout=30
    )
    return boto3.client(name, region_name=settings.aws_region, config=config)  # type: ignore[call-overload]  # known by literals


def _read(url: str, method: str, headers: Mapping[str, str]) -> str:
    """Past any proxy: these addresses answer this machine only."""
    request = urllib.request.Request(url, method=method, headers=dict(headers))  # noqa: S310 - link-local http
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, timeout=_TIMEOUT) as answer:
        return str(answer.read(1 << 16).decode())


@contextmanager
def _asking(whom: str) -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError, OSError, HTTPException, ValueError, LookupError, TypeError) as error:
        raise UnavailableError(f"{whom}: {_code(error)}") from error


def _code(error: Exception) -> str:
    """AWS's own word for a refusal: AccessDeniedException says which permission to look at."""
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__
