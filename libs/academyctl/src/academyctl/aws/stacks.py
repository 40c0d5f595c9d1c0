"""The stacks of deploy/aws in their order, created or brought up to date by CloudFormation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError
from contracts import SERVICES

from academyctl.config import REPOSITORY

TEMPLATES = REPOSITORY / "deploy" / "aws" / "templates"
DATA = "academy-data"


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack: its name, its template's, its parameters."""

    name: str
    template: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> str:
        """The template's text."""
        return (TEMPLATES / f"{self.template}.yaml").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Release:
    """One build on its way: its size, its tag, each service's image by digest, the ARNs of the secret
    documents by service ("shared" is the common one), and what stands in the environment files.
    """

    size: str
    tag: str
    images: Mapping[str, str]
    secrets: Mapping[str, str]
    environ: Mapping[str, Mapping[str, str]]
    email: str


def base(size: str, certificate: str) -> list[Stack]:
    """All that stands before the first image does."""
    return [
        Stack("academy-network", "network"),
        *(Stack(f"academy-images-{one}", "registry", {"Service": one}) for one in ("base", *SERVICES)),
        Stack(DATA, "data", {"Size": size}),
        Stack("academy-queues", "queues"),
        Stack("academy-balancer", "balancer", {"CertificateArn": certificate}),
        Stack("academy-routes", "routes"),
        Stack("academy-cluster", "cluster", {"Size": size}),
    ]


def migrations(release: Release) -> Iterator[Stack]:
    """One for each service, with the task that migrates its schema."""
    for service in SERVICES:
        own = {"Service": service, "Image": release.images[service], "Secret": release.secrets[service]}
        yield Stack(f"academy-{service}-migration", "migration", own)


def services(release: Release) -> Iterator[Stack]:
    """The services, then the encoder, then who watches them."""
    for service in SERVICES:
        environ = release.environ[service]
        own = {
            "Service": service,
            **_common(release, service),
            "CdnHlsBaseUrl": environ.get("CDN_HLS_BASE_URL", ""),
            "UploadOrigins": environ.get("UPLOAD_ORIGINS", ""),
        }
        yield Stack(f"academy-{service}", "service", own)
    yield Stack("academy-encoder", "encoder", _common(release, "media"))
    yield Stack("academy-watching", "watching", {"Size": release.size, "Email": release.email})
    for service in SERVICES:
        yield Stack(f"academy-{service}-alarms", "service-alarms", {"Service": service, "Size": release.size})


def _common(release: Release, service: str) -> dict[str, str]:
    environ = release.environ[service]
    return {
        "Size": release.size,
        "Image": release.images[service],
        "BuildId": release.tag,
        "Secret": release.secrets[service],
        "SharedSecret": release.secrets["shared"],
        "AuthJwksUrl": environ["AUTH_JWKS_URL"],
        "AuthIssuer": environ["AUTH_ISSUER"],
        "AuthAudience": environ["AUTH_AUDIENCE"],
        # one account, whose endpoint messaging has no use for
        "R2Endpoint": environ.get("R2_ENDPOINT") or release.environ["media"]["R2_ENDPOINT"],
    }


def apply(cloudformation: Any, stack: Stack) -> str:
    """Create the stack or bring it up to date, and wait; "created", "updated" or "unchanged".

    Raises ClientError, and WaiterError when CloudFormation rolls back (its events say why).
    """
    asked = {
        "StackName": stack.name,
        "TemplateBody": stack.body,
        "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in stack.parameters.items()],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
    }
    if find(cloudformation, stack.name) is None:
        cloudformation.create_stack(**asked)
        cloudformation.get_waiter("stack_create_complete").wait(StackName=stack.name)
        return "created"
    try:
        cloudformation.update_stack(**asked)
    except ClientError as error:
        if "No updates are to be performed" in error.response["Error"]["Message"]:
            return "unchanged"
        raise
    cloudformation.get_waiter("stack_update_complete").wait(StackName=stack.name)
    return "updated"


def find(cloudformation: Any, name: str) -> dict[str, Any] | None:
    """What CloudFormation says of a stack; None when there is none. Raises ClientError."""
    try:
        found: dict[str, Any] = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return None
        raise
    return found


def outputs(cloudformation: Any, name: str) -> dict[str, str]:
    """Of a stack that stands. Raises LookupError when it does not."""
    found = find(cloudformation, name)
    if found is None:
        raise LookupError(f"no stack {name}: academyctl aws base comes first")
    return {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", ())}
