"""Stopping oneself and being started again, on a simulated EC2 and ECS."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from eventkit.errors import UnavailableError
from servicekit.hosts import (
    ECS_METADATA,
    Host,
    OwnInstance,
    OwnProcess,
    OwnService,
    Target,
    host_of,
    target_of,
)
from servicekit.settings import CommonSettings, SettingsError, load
from testkit.api import environment
from testkit.cloud import INSTANCE, Cloud, cloud
from testkit.tokens import Issuer

Settings = Callable[..., CommonSettings]
STOP = threading.Event()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with cloud() as made:
        for name in ("AWS_ENDPOINT_URL_EC2", "AWS_ENDPOINT_URL_ECS"):
            monkeypatch.setenv(name, made.url)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "test")
        yield made


@pytest.fixture
def given(issuer: Issuer) -> Settings:
    return lambda **variables: load(CommonSettings, environment(issuer, **variables))


def own_instance(given: Settings, aws: Cloud) -> Host:
    host = host_of(given(SELF_STOP="ec2"), {})
    assert isinstance(host, OwnInstance)
    return OwnInstance(host._ec2, aws.url)  # the real address answers on EC2 only


def own_service(given: Settings, aws: Cloud) -> Host:
    host = host_of(given(SELF_STOP="ecs"), {ECS_METADATA: f"{aws.url}/v4/container"})
    assert isinstance(host, OwnService)
    return host


def instance(given: Settings) -> Target:
    return target_of(f"ec2:{INSTANCE}", given())


def service(given: Settings) -> Target:
    return target_of("ecs:academy/media-worker", given())


def test_an_instance_stops_itself_and_is_started_when_it_has_stopped(given: Settings, aws: Cloud) -> None:
    own_instance(given, aws).sleep(STOP)
    assert aws.instance == "stopping"
    assert not instance(given).wake()  # EC2 refuses to start what is still stopping
    assert aws.instance == "stopping"
    aws.instance = "stopped"
    assert instance(given).wake()
    assert (aws.instance, STOP.is_set()) == ("pending", False)


def test_a_service_scales_itself_to_nothing_and_is_started_with_one_task(given: Settings, aws: Cloud) -> None:
    own_service(given, aws).sleep(STOP)
    assert aws.desired == 0
    assert service(given).wake()
    assert (aws.desired, STOP.is_set()) == (1, False)


def test_a_worker_that_runs_is_not_started_again(given: Settings, aws: Cloud) -> None:
    aws.desired = 3
    assert not service(given).wake()
    assert not instance(given).wake()
    assert (aws.desired, aws.instance) == (3, "running")


def test_a_process_just_ends(given: Settings) -> None:
    host, stop = host_of(given(SELF_STOP="exit"), {}), threading.Event()
    assert isinstance(host, OwnProcess)
    host.sleep(stop)
    assert stop.is_set()


def test_off_is_the_default(given: Settings) -> None:
    assert host_of(given(), {}) is None


def test_ecs_outside_of_ecs_is_told_at_boot(given: Settings) -> None:
    with pytest.raises(SettingsError, match=f"SELF_STOP must not be ecs outside ECS: {ECS_METADATA}"):
        host_of(given(SELF_STOP="ecs"), {})


def test_a_missing_permission_is_told_by_its_name(given: Settings, aws: Cloud) -> None:
    aws.refuses = True
    for ask in (lambda: own_service(given, aws).sleep(STOP), lambda: service(given).wake()):
        with pytest.raises(UnavailableError, match="ECS: AccessDeniedException"):
            ask()
    for ask in (lambda: own_instance(given, aws).sleep(STOP), lambda: instance(given).wake()):
        with pytest.raises(UnavailableError, match="EC2: UnauthorizedOperation"):
            ask()
    assert (aws.desired, aws.instance) == (1, "running")


@pytest.mark.parametrize("task", [{}, {"Cluster": "academy"}, [], None, "text", 7])
def test_a_task_that_belongs_to_no_service_scales_nothing(given: Settings, aws: Cloud, task: object) -> None:
    aws.task = task
    with pytest.raises(UnavailableError, match="ECS: "):
        own_service(given, aws).sleep(STOP)
    assert aws.desired == 1


def test_metadata_that_cannot_be_reached_stops_nothing(given: Settings, aws: Cloud) -> None:
    ec2 = host_of(given(SELF_STOP="ec2"), {})
    assert isinstance(ec2, OwnInstance)
    for host in (
        OwnInstance(ec2._ec2, "http://127.0.0.1:9"),
        OwnInstance(ec2._ec2, f"{aws.url}/not"),
        host_of(given(SELF_STOP="ecs"), {ECS_METADATA: "http://127.0.0.1:9"}),
        host_of(given(SELF_STOP="ecs"), {ECS_METADATA: f"{aws.url}/not"}),
    ):
        assert host is not None
        with pytest.raises(UnavailableError):
            host.sleep(STOP)
    assert (aws.desired, aws.instance) == (1, "running")


def test_a_worker_that_does_not_exist_is_told(given: Settings, aws: Cloud) -> None:
    with pytest.raises(UnavailableError, match="ECS: IndexError"):
        target_of("ecs:academy/nobody", given()).wake()
    with pytest.raises(UnavailableError, match=r"EC2: InvalidInstanceID\.NotFound"):
        target_of("ec2:i-00000000000000000", given()).wake()
    assert (aws.desired, aws.instance) == (1, "running")
