"""The whole local stack for tests: `academyctl up` as a process, on its own data directory and ports."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psutil
from academyctl.config import PORT_BLOCK, Directories, Ports
from academyctl.embedded import postgres
from academyctl.embedded.program import Program, answers_ok, running
from academyctl.embedded.s3 import GRPC_OFFSET
from academyctl.endpoints import Endpoints
from academyctl.issuer import DevelopmentIssuer
from academyctl.secret_store import SecretStore
from academyctl.services import DATABASE
from academyctl.state import StackState, read_state
from contracts import SERVICES, package_of

from testkit.servers import Facts, free_ports, shared
from testkit.waiting import wait_until

_START_SECONDS = 180
_SOON = 6


@dataclass(frozen=True, slots=True)
class LocalStack:
    """A stack that is up. Parts: postgres, sqs, s3, solapi, gateway, `<service>-api`, `<service>-worker`."""

    data: Path
    base_url: str

    @property
    def state(self) -> StackState:
        """What runs at this moment."""
        found = read_state(Directories(self.data).state)
        if found is None:
            raise RuntimeError(f"no stack is up on {self.data}")
        return found

    def pid(self, part: str) -> int:
        """The process id of a part, which changes when it is restarted."""
        return self.state.pids[part]

    def kill(self, part: str) -> None:
        """kill -9 one part; the supervisor starts it again."""
        os.kill(self.pid(part), signal.SIGKILL)

    def url(self, part: str) -> str:
        """Where a part listens: an API, a worker's health port, a server."""
        return f"http://127.0.0.1:{self.state.ports[part]}"

    def token(self, tenant: str, *roles: str) -> str:
        """A user token of the stack's own issuer; no role named: owner."""
        issuer = DevelopmentIssuer(Directories(self.data).secrets)
        return issuer.token(tenant, roles or ("owner",), "user-1", timedelta(hours=2))

    @property
    def admin_url(self) -> str:
        """The superuser's URL of the services' database."""
        port = Ports(self.state.ports["gateway"]).postgres
        return postgres.admin_url(port, self.secret("postgres"), DATABASE)

    def secret(self, name: str) -> str:
        """A secret of the stack: internal_token, r2_access_key, r2_secret_key, `<schema>_app` …"""
        return SecretStore(Directories(self.data).secrets).get(name)

    @property
    def endpoints(self) -> Endpoints:
        """Clients of its queues and buckets, with the stack's own keys."""
        return Endpoints(
            admin_url=self.admin_url,
            sqs_url=self.state.sqs_endpoint,
            r2_url=self.state.r2_endpoint,
            r2_keys=(self.secret("r2_access_key"), self.secret("r2_secret_key")),
            solapi_url=self.url("solapi"),
            solapi_keys=(self.secret("solapi_key"), self.secret("solapi_secret")),
            aws_keys=("local", self.secret("sqs")),
        )

    def log(self, part: str) -> str:
        """What a part has written."""
        return (Directories(self.data).logs / f"{part}.log").read_text(errors="replace")


def stack_environment(data: Path, port: int) -> dict[str, str]:
    """The environment of `academyctl` for a stack that shares nothing with another."""
    replaced = (
        "DATABASE_URL", "SQS_ENDPOINT_URL", "R2_ENDPOINT", "SOLAPI_ENDPOINT", "AUTH_JWKS_URL",
        "ACADEMY_TOKEN",
    )  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if name not in replaced}
    return kept | {"ACADEMY_DATA": str(data), "ACADEMY_PORT": str(port)}


def free_stack_port() -> int:
    """An ACADEMY_PORT whose whole block is free."""
    return free_ports(PORT_BLOCK, offset=GRPC_OFFSET)


def processes_of(data: Path) -> list[psutil.Process]:
    """Every live process that belongs to the stack on `data`: named in its environment or its arguments."""
    return [process for process in psutil.process_iter() if _belongs(process, str(data))]


def _belongs(process: psutil.Process, data: str) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
            return False
        return process.environ().get("ACADEMY_DATA") == data or any(
            data in word for word in process.cmdline()
        )
    except psutil.Error:
        return False


@contextmanager
def running_stack(
    data: Path, *arguments: str, extra: Mapping[str, str] | None = None
) -> Iterator[LocalStack]:
    """`academyctl up --no-demo` on `data`; it dies with this process. Raises StartError."""
    data.mkdir(parents=True, exist_ok=True)
    port = free_stack_port()
    state = Directories(data).state

    def ready() -> bool:
        found = read_state(state)
        return found is not None and found.ready

    state.unlink(missing_ok=True)
    program = Program(
        "academyctl",
        (sys.executable, "-m", "academyctl", "up", "--no-demo", *arguments),
        ready,
        env=stack_environment(data, port) | dict(extra or {}),
        start_seconds=_START_SECONDS,
        stop_seconds=90,
    )
    with running(program, data / "academyctl.log"):
        yield LocalStack(data, f"http://127.0.0.1:{port}")


@contextmanager
def impatient_stack(data: Path) -> Iterator[LocalStack]:
    """A stack for tests that kill workers: what those held comes back after seconds, not after 30."""
    with running_stack(data) as stack:
        sqs = stack.endpoints.sqs()
        for url in sqs.list_queues()["QueueUrls"]:
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(_SOON)})
        before = {f"{service}-worker": stack.pid(f"{service}-worker") for service in SERVICES}
        for pid in before.values():  # a worker asks its queue once, at its start
            os.kill(pid, signal.SIGTERM)
        wait_until(lambda: _restarted(stack, before), 90, interval=0.2)
        yield stack


def _restarted(stack: LocalStack, before: Mapping[str, int]) -> bool:
    state = stack.state
    new = {part: pid for part, pid in state.pids.items() if part in before and pid != before[part]}
    return len(new) == len(before) and all(answers_ok(state.ports[part], "/readyz") for part in new)


def second_worker(stack: LocalStack, service: str) -> AbstractContextManager[object]:
    """Another worker process of a service, beside the stack's own."""
    port = free_ports()
    environment = psutil.Process(stack.pid(f"{service}-worker")).environ()
    program = Program(
        f"{service}-worker-2",
        (sys.executable, "-m", package_of(service), "worker"),
        lambda: answers_ok(port, "/readyz"),
        env=environment | {"HEALTH_BIND": f"127.0.0.1:{port}"},
        start_seconds=90,
        stop_seconds=30,
    )
    return running(program, stack.data / f"{service}-worker-2.log")


@contextmanager
def shared_stack(directory: Path) -> Iterator[LocalStack]:
    """One stack for all pytest-xdist workers of a run."""
    with shared(directory / "stack", _facts) as facts:
        yield LocalStack(Path(facts["data"]), facts["base_url"])


@contextmanager
def _facts(directory: Path) -> Iterator[Facts]:
    with running_stack(directory / "data") as stack:
        yield {"data": str(stack.data), "base_url": stack.base_url}


def run_academyctl(
    data: Path, port: int, *arguments: str, seconds: float = 300
) -> subprocess.CompletedProcess[str]:
    """`academyctl` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "academyctl", *arguments],
        env=stack_environment(data, port),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
