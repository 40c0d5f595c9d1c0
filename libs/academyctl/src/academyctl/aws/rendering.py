"""The templates of deploy/aws that follow from another file: queues.yaml and routes.yaml. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import yaml

from academyctl.queues import QueueSpec

Resources = dict[str, Any]
_HEAD = "# Generated from deploy/{source}: academyctl aws render\n"
_PATHS_OF_A_RULE = 2
"""A rule takes five values in its conditions; each path is two, itself and what is below it."""
_FIRST_PRIORITY = 10


def queues(specs: Sequence[QueueSpec]) -> str:
    """The stack of all queues, with attributes and redrive policies as deploy/queues.yaml has them."""
    resources: Resources = {}
    for spec in specs:
        resources |= _queue(spec, {one.dead_letters: one.name for one in specs if one.dead_letters})
    text = "academy, 4 of 9: a queue and a dead-letter queue for each service, encrypted, never without TLS."
    return _template("queues.yaml", text, resources)


def routes(services: Mapping[str, Sequence[str]]) -> str:
    """The load balancer's rules: a path goes to the service whose it is, the longest first."""
    priorities = count(_FIRST_PRIORITY, 10)
    resources: Resources = {}
    for service, paths in _rules(services):
        priority = next(priorities)
        resources[f"Rule{priority}"] = {
            "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
            "Properties": {
                "ListenerArn": {"Fn::ImportValue": "academy-https"},
                "Priority": priority,
                "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": _patterns(paths)}}],
                "Actions": [
                    {"Type": "forward", "TargetGroupArn": {"Fn::ImportValue": f"academy-target-{service}"}}
                ],
            },
        }
    text = "academy, 5 of 9, after balancer.yaml: which path goes to which service."
    return _template("gateway.yaml", text, resources)


def _rules(services: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Sequence[str]]]:
    """Paths below a path of another service come first, for the lowest priority number wins."""
    every = {path: service for service, paths in services.items() for path in paths}
    inner = {path for path in every if any(path.startswith(f"{other}/") for other in every)}
    for chosen in (inner, every.keys() - inner):
        for service in services:
            own = sorted(
                (path for path in chosen if every[path] == service), key=lambda path: (-len(path), path)
            )
            for start in range(0, len(own), _PATHS_OF_A_RULE):
                yield service, own[start : start + _PATHS_OF_A_RULE]


def _patterns(paths: Sequence[str]) -> list[str]:
    return [pattern for path in paths for pattern in (path, f"{path}/*")]


def _queue(spec: QueueSpec, sources: Mapping[str, str]) -> Resources:
    name = _logical(spec.name)
    properties: dict[str, Any] = {"QueueName": spec.name}
    properties |= {key: yaml.safe_load(value) for key, value in spec.attributes.items()}
    if spec.dead_letters:
        dead = {"Fn::GetAtt": [_logical(spec.dead_letters), "Arn"]}
        properties["RedrivePolicy"] = {"deadLetterTargetArn": dead, "maxReceiveCount": spec.max_receive_count}
    else:
        source = f"arn:${{AWS::Partition}}:sqs:${{AWS::Region}}:${{AWS::AccountId}}:{sources[spec.name]}"
        allowed = {"redrivePermission": "byQueue", "sourceQueueArns": [{"Fn::Sub": source}]}
        properties["RedriveAllowPolicy"] = allowed
    refusal = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": {"Fn::GetAtt": [name, "Arn"]},
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = {"Queues": [{"Ref": name}], "PolicyDocument": {"Version": "2012-10-17", "Statement": [refusal]}}
    return {
        name: {
            "Type": "AWS::SQS::Queue",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": properties,
        },
        f"{name}Policy": {"Type": "AWS::SQS::QueuePolicy", "Properties": policy},
    }


def _logical(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-")[1:])


def _template(source: str, description: str, resources: Resources) -> str:
    whole = {"AWSTemplateFormatVersion": "2010-09-09", "Description": description, "Resources": resources}
    return _HEAD.format(source=source) + yaml.safe_dump(whole, sort_keys=False, width=110, allow_unicode=True)
