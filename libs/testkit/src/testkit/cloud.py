"""AWS on loopback, as far as a worker meets it that stops itself: IMDSv2, ECS task metadata, EC2 and ECS.

Set AWS_ENDPOINT_URL_EC2 and AWS_ENDPOINT_URL_ECS (boto3's own variables) to `Cloud.url`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs

from testkit.servers import serving

INSTANCE = "i-0123456789abcdef0"
_TOKEN = "imds-token"  # noqa: S105 - opens nothing


class Cloud:
    """One instance and one service of one cluster; tests set and read their state."""

    def __init__(self) -> None:
        self.url = ""
        self.instance = "running"
        self.desired = 1
        self.refuses = False
        """Both APIs answer that a permission is missing."""
        self.task: dict[str, Any] = {"Cluster": "academy", "ServiceName": "media-worker"}

    def metadata(self, method: str, path: str, headers: Any) -> tuple[int, str]:
        """IMDSv2 answers nothing without a token that was PUT for."""
        if (method, path) == ("PUT", "/latest/api/token"):
            return (200, _TOKEN) if headers.get("X-aws-ec2-metadata-token-ttl-seconds") else (400, "")
        if path == "/latest/meta-data/instance-id":
            allowed = headers.get("X-aws-ec2-metadata-token") == _TOKEN
            return (200, INSTANCE) if allowed else (401, "")
        return (200, json.dumps(self.task)) if path == "/v4/container/task" else (404, "")

    def ec2(self, asked: dict[str, list[str]]) -> tuple[int, str]:
        """The query API."""
        action = asked["Action"][0]
        if self.refuses:
            return 403, _ec2_refusal("UnauthorizedOperation")
        if asked["InstanceId.1"] != [INSTANCE]:
            return 400, _ec2_refusal("InvalidInstanceID.NotFound")
        if action != "DescribeInstances":
            self.instance = {"StopInstances": "stopping", "StartInstances": "pending"}[action]
        state = f"<instanceState><name>{self.instance}</name></instanceState>"
        instance = f"<instancesSet><item><instanceId>{INSTANCE}</instanceId>{state}</item></instancesSet>"
        return 200, f"<Answer><reservationSet><item>{instance}</item></reservationSet></Answer>"

    def ecs(self, action: str, asked: dict[str, Any]) -> tuple[int, str]:
        """The JSON API."""
        if self.refuses:
            return 400, json.dumps({"__type": "AccessDeniedException"})
        names = asked.get("services", [asked.get("service")])
        if (asked["cluster"], names) != ("academy", ["media-worker"]):
            return 200, json.dumps({"services": [], "failures": [{"reason": "MISSING"}]})
        if action == "UpdateService":
            self.desired = asked["desiredCount"]
        service = {"serviceName": "media-worker", "desiredCount": self.desired}
        return 200, json.dumps({"service": service, "services": [service]})


def _ec2_refusal(code: str) -> str:
    return f"<Response><Errors><Error><Code>{code}</Code></Error></Errors></Response>"


@contextmanager
def cloud() -> Iterator[Cloud]:
    """Up on a free port until the end of the block."""
    made = Cloud()
    with serving(_handler(made)) as made.url:
        yield made


def _handler(made: Cloud) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(*made.metadata("GET", self.path, self.headers))

        def do_PUT(self) -> None:
            self._answer(*made.metadata("PUT", self.path, self.headers))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            target = self.headers.get("X-Amz-Target")
            if target:
                self._answer(*made.ecs(target.rpartition(".")[2], json.loads(body)))
            else:
                self._answer(*made.ec2(parse_qs(body)))

        def _answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler
