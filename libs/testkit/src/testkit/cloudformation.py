"""deploy/aws deployed to moto, CloudFormation and services in memory, by the code that deploys to AWS.

What moto's CloudFormation has no model of is recorded with its properties resolved, and so is all the rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import boto3
from academyctl.aws import stacks
from academyctl.aws.releasing import Clients, prepared, release
from contracts import SERVICES
from moto import mock_aws
from moto.cloudformation import parsing
from moto.core.common_models import CloudFormationModel
from moto.core.models import DEFAULT_ACCOUNT_ID as ACCOUNT_ID
from moto.elbv2.models import FakeLoadBalancer
from moto.rds.models import DBParameterGroup

REGION = "ap-northeast-2"
TAG = "1f2e3d4"
_TYPE = "application/vnd.oci.image.manifest.v1+json"
_ENVIRON = {
    "AUTH_JWKS_URL": "https://id.example.com/jwks",
    "AUTH_ISSUER": "https://id.example.com",
    "AUTH_AUDIENCE": "academy",
    "R2_ENDPOINT": "https://account.r2.example.com",
    "CDN_HLS_BASE_URL": "https://video.example.com",
    "UPLOAD_ORIGINS": "https://academy.example.com",
}


@dataclass(frozen=True)
class Resource:
    """One of a template, with every reference and function replaced by what it stands for."""

    stack: str
    name: str
    kind: str
    properties: dict[str, Any]


@dataclass
class Deployed:
    """All that stands after a release, and what was asked of ECS meanwhile, in order."""

    size: str
    resources: list[Resource] = field(default_factory=list)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def client(self, name: str) -> Any:
        """boto3's, of moto."""
        return boto3.client(name, region_name=REGION)  # type: ignore[call-overload]  # known by literals

    def of(self, kind: str, stack: str = "") -> list[Resource]:
        """Of a type ("SQS::Queue"), of one stack or all."""
        return [one for one in self.resources if one.kind == f"AWS::{kind}" and stack in ("", one.stack)]

    def one(self, kind: str, stack: str, name: str = "") -> Resource:
        """The only one of its type there, or the one of this logical name."""
        (found,) = [one for one in self.of(kind, stack) if name in ("", one.name)]
        return found


@contextmanager
def deployed(size: str) -> Iterator[Deployed]:
    """Base, pushed images and a first release of `size`; moto's clients answer while the block runs."""
    found = Deployed(size)
    with mock_aws(), _complete(), patch.object(parsing, "parse_resource", _recording(found)):
        clients = Clients(found.client("cloudformation"), found.client("ecr"), _Tasks(found))
        certificate = found.client("acm").request_certificate(DomainName="api.example.com")["CertificateArn"]
        for stack in stacks.base(size, certificate):
            stacks.apply(clients.cloudformation, stack)
        for service in SERVICES:
            manifest = json.dumps({"schemaVersion": 2, "mediaType": _TYPE, "config": {"digest": service}})
            clients.ecr.put_image(repositoryName=f"academy-{service}", imageTag=TAG, imageManifest=manifest)
        wanted = prepared(clients, TAG, dict.fromkeys(SERVICES, _ENVIRON), "operator@example.com")
        release(clients, wanted, lambda _line: None)
        yield found


class _Tasks:
    """ECS as moto has it, but for tasks, which moto leaves without an end: here they have ended well."""

    def __init__(self, found: Deployed) -> None:
        self._ecs = found.client("ecs")
        self._asked = found.asked

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            self._asked.append((name, arguments))
            return getattr(self._ecs, name)(**arguments)

        return call

    def run_task(self, **arguments: Any) -> dict[str, Any]:
        self._asked.append(("run_task", arguments))
        return {"failures": [], "tasks": [{"taskArn": arguments["taskDefinition"]}]}

    def get_waiter(self, _name: str) -> Any:
        return self

    def wait(self, **_arguments: Any) -> None:
        """It has."""

    def describe_tasks(self, *, tasks: list[str], **_arguments: Any) -> dict[str, Any]:
        definition = self._ecs.describe_task_definition(taskDefinition=tasks[0])["taskDefinition"]
        digest = definition["containerDefinitions"][0]["image"].partition("@")[2]
        return {"tasks": [{"containers": [{"exitCode": 0, "imageDigest": digest}]}]}


class _Declared(CloudFormationModel):
    """A resource that is nothing but its name; an attribute of it is `name.attribute`. An alarm is one."""

    def __init__(self, name: str) -> None:
        self.physical_resource_id = name
        self.type = ""

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        return "Declared"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return True

    def get_cfn_attribute(self, attribute: str) -> str:
        return f"{self.physical_resource_id}.{attribute}"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], *_: Any, **__: Any
    ) -> _Declared:
        properties = cloudformation_json["Properties"]
        name = properties.get("Name", resource_name)
        if cloudformation_json["Type"] == "AWS::CloudWatch::Alarm":
            boto3.client("cloudwatch", region_name=REGION).put_metric_alarm(**properties)
        if cloudformation_json["Type"] == "AWS::SecretsManager::Secret":
            name = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT_ID}:secret:{name}-Ab12Cd"
        return cls(name)


@contextmanager
def _complete() -> Iterator[None]:
    """What moto leaves out: types, what a reference to a parameter group is, and a balancer's full name."""

    def attribute(balancer: FakeLoadBalancer, name: str) -> Any:
        return (
            balancer.arn.partition("loadbalancer/")[2]
            if name == "LoadBalancerFullName"
            else known(balancer, name)
        )

    known = FakeLoadBalancer.get_cfn_attribute
    with (
        patch.object(parsing, "resource_class_from_type", _model),
        patch.object(DBParameterGroup, "physical_resource_id", property(lambda self: self.name), create=True),
        patch.object(FakeLoadBalancer, "get_cfn_attribute", attribute),
    ):
        yield


def _model(kind: str) -> type[CloudFormationModel]:
    return parsing.get_model_map().get(kind, _Declared)


def _recording(found: Deployed) -> Callable[..., Any]:
    def parse(document: dict[str, Any], known: Any) -> Any:
        kind = document["Type"]
        resolved = _compact(parsing.clean_json({"Properties": {}} | document, known))
        (name,) = [name for name, one in known._resource_json_map.items() if one is document]
        found.resources.append(Resource(known["AWS::StackName"], name, kind, resolved["Properties"]))
        return _model(kind), resolved, kind

    return parse


def _compact(value: Any) -> Any:
    """Without what AWS::NoValue left in lists."""
    if isinstance(value, dict):
        return {key: _compact(one) for key, one in value.items()}
    return [_compact(one) for one in value if one is not None] if isinstance(value, list) else value
