"""`academyctl aws`: the stacks of deploy/aws, their secrets, releases. The order is README's there."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import boto3
import yaml

from academyctl import bootstrap
from academyctl.aws import documents, rendering, stacks
from academyctl.aws.releasing import Clients, ReleaseError, prepared, release
from academyctl.call import Call
from academyctl.endpoints import QUEUE_PREFIX, region
from academyctl.gateway import RULES
from academyctl.queues import load_queues
from academyctl.readiness.sources import Sources, of_files


def add_arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    render = what.add_parser("render", help="write queues.yaml and routes.yaml of deploy/aws/templates")
    render.add_argument("--check", action="store_true", help="only say whether they are up to date")
    base = what.add_parser("base", help="create or update all that stands before the first image")
    base.add_argument("--size", required=True, choices=["start", "growth"])
    base.add_argument("--certificate", required=True, metavar="ARN", help="of ACM, in this region")
    env = what.add_parser("env", help="write the environment files, with what can be generated")
    secrets = what.add_parser("secrets", help="put what the environment files say into Secrets Manager")
    released = what.add_parser("release", help="migrate with the new images, then update the services")
    released.add_argument("--tag", required=True, help="of the images that deploy/aws/push has pushed")
    released.add_argument("--email", required=True, help="who is told of alarms and of the budget")
    for one in (env, secrets, released):
        one.add_argument(
            "--env-dir", required=True, type=Path, metavar="DIR", help="of the environment files"
        )


def run(call: Call) -> int:
    """0, or 1: what is missing or wrong was said."""
    try:
        return _ACTIONS[call.arguments.what](call)
    except (ReleaseError, LookupError, documents.DocumentError) as error:
        print(error)
        return 1


def generated() -> dict[Path, str]:
    """Path → what has to be in it."""
    rules = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    return {
        stacks.TEMPLATES / "queues.yaml": rendering.queues(load_queues(bootstrap.QUEUES, QUEUE_PREFIX)),
        stacks.TEMPLATES / "routes.yaml": rendering.routes(rules["services"]),
    }


def _render(call: Call) -> int:
    wanted = generated()
    old = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    for path in old:
        print(f"{path.name} is not what deploy says" if call.arguments.check else f"{path.name} written")
        if not call.arguments.check:
            path.write_text(wanted[path], encoding="utf-8")
    return 1 if old and call.arguments.check else 0


def _base(call: Call) -> int:
    cloudformation = _client("cloudformation")
    for stack in stacks.base(call.arguments.size, call.arguments.certificate):
        print(f"{stack.name}: {stacks.apply(cloudformation, stack)}", flush=True)
    return 0


def _env(call: Call) -> int:
    host = stacks.outputs(_client("cloudformation"), stacks.DATA)["Endpoint"]
    for path in documents.write_environment(call.arguments.env_dir, host, call.secrets()):
        print(f"{path} written; fill in what is empty")
    return 0


def _secrets(call: Call) -> int:
    found = documents.documents(_files(call))
    documents.put(_client("secretsmanager"), found)
    for name, values in found.items():
        print(f"academy/{name}: {', '.join(values)}")
    return 0


def _release(call: Call) -> int:
    environ = {service.name: service.environ for service in _files(call).services}
    clients = Clients(_client("cloudformation"), _client("ecr"), _client("ecs"))
    wanted = prepared(clients, call.arguments.tag, environ, call.arguments.email)
    release(clients, wanted, lambda line: print(line, flush=True))
    return 0


def _files(call: Call) -> Sources:
    return of_files(call.arguments.env_dir)


def _client(name: str) -> Any:
    return boto3.client(name, region_name=region())  # type: ignore[call-overload]  # known by literals


_ACTIONS = {"render": _render, "base": _base, "env": _env, "secrets": _secrets, "release": _release}
