"""A release: migrations run from the new images, then the services follow (incident 28)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from contracts import SERVICES

from academyctl.aws import stacks
from academyctl.aws.stacks import Release, Stack

CLUSTER = "academy"
_CALLERS = ("students-api", "media-api", "storage-janitor-api", "storage-janitor-worker")
"""Those that call other services: a task knows the names that there were when it was started."""
_CREATED = "created"
Say = Callable[[str], None]


class ReleaseError(Exception):
    """The release ended before any service was changed, or with the services that are named."""


class Clients(NamedTuple):
    """boto3's, as `boto3.client` makes them."""

    cloudformation: Any
    ecr: Any
    ecs: Any


def images(ecr: Any, tag: str) -> dict[str, str]:
    """Service → its image by digest. Raises ReleaseError for one that was not pushed."""
    found = {}
    for service in SERVICES:
        repository = f"academy-{service}"
        try:
            answer = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
        except ecr.exceptions.ImageNotFoundException:
            raise ReleaseError(f"{repository}:{tag} is not in ECR: deploy/aws/push") from None
        uri = ecr.describe_repositories(repositoryNames=[repository])["repositories"][0]["repositoryUri"]
        found[service] = f"{uri}@{answer['imageDetails'][0]['imageDigest']}"
    return found


def prepared(clients: Clients, tag: str, environ: Mapping[str, Mapping[str, str]], email: str) -> Release:
    """What is to be released onto what stands. Raises LookupError without the base, ReleaseError."""
    data = stacks.outputs(clients.cloudformation, stacks.DATA)
    names = {"shared": "SharedSecret", **{service: f"{_camel(service)}Secret" for service in SERVICES}}
    secrets = {document: data[name] for document, name in names.items()}
    return Release(data["Size"], tag, images(clients.ecr, tag), secrets, environ, email)


def release(clients: Clients, wanted: Release, say: Say) -> None:
    """Raises ReleaseError for a migration that failed: nothing else was changed then."""
    for stack in stacks.migrations(wanted):
        _apply(clients, stack, say)
        task = stacks.outputs(clients.cloudformation, stack.name)["Task"]
        _migrate(clients.ecs, task, stack.parameters["Image"])
        say(f"{stack.parameters['Service']}: migrated by {stack.parameters['Image']}")
    outcomes = [_apply(clients, stack, say) for stack in stacks.services(wanted)]
    if _CREATED in outcomes[: len(SERVICES)]:
        for name in _CALLERS:
            clients.ecs.update_service(cluster=CLUSTER, service=name, forceNewDeployment=True)
            say(f"{name}: started anew, to know the others' names")


def _apply(clients: Clients, stack: Stack, say: Say) -> str:
    outcome = stacks.apply(clients.cloudformation, stack)
    say(f"{stack.name}: {outcome}")
    return outcome


def _migrate(ecs: Any, task: str, image: str) -> None:
    """Run it to its end. It exits 0 only at its own newest revision; whose that is, its digest says."""
    strategy = [{"capacityProvider": "academy-hosts", "weight": 1}]
    started = ecs.run_task(cluster=CLUSTER, taskDefinition=task, count=1, capacityProviderStrategy=strategy)
    if started["failures"]:
        raise ReleaseError(f"{task} was not started: {started['failures'][0]['reason']}")
    arn = started["tasks"][0]["taskArn"]
    ecs.get_waiter("tasks_stopped").wait(cluster=CLUSTER, tasks=[arn])
    container = ecs.describe_tasks(cluster=CLUSTER, tasks=[arn])["tasks"][0]["containers"][0]
    if container.get("exitCode") != 0:
        said = container.get("reason") or f"exit code {container.get('exitCode')}"
        raise ReleaseError(f"{task}: {said}; no service was changed, see its log group")
    if not image.endswith(f"@{container.get('imageDigest')}"):
        raise ReleaseError(f"{task} ran another image than {image}; no service was changed")


def _camel(service: str) -> str:
    return "".join(part.capitalize() for part in service.split("-"))
