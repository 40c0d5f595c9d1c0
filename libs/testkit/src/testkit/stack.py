"""The whole local stack for tests: `academyctl up` as a process, on its own data directory and ports."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psutil
import yaml
from academyctl import bootstrap
from academyctl.config import PORT_BLOCK, Directories, Ports
from academyctl.embedded import postgres
from academyctl.embedded.program import Program, answers_ok, running
from academyctl.embedded.s3 import GRPC_OFFSET
from academyctl.endpoints import Endpoints
from academyctl.issuer import DevelopmentIssuer
from academyctl.secret_store import SecretStore
from academyctl.services import DATABASE
from academyctl.state import StackState, read_state
from contracts import package_of

from testkit.servers import Facts, free_ports, shared

_START_SECONDS = 180
_SOON = 6
_SERVERS = ("postgres", "sqs", "s3", "gateway")


@dataclass(frozen=True, slots=True)
class LocalStack:
    """It runs. Parts: postgres, sqs, s3, solapi, gateway, `<service>-api`, `-worker`, media-encoder."""

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
    data: Path, extra: Mapping[str, str] | None = None, command: Sequence[str] = ("academyctl",)
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
        (sys.executable, "-m", *command, "up", "--no-demo"),
        ready,
        env=stack_environment(data, port) | dict(extra or {}),
        start_seconds=_START_SECONDS,
        stop_seconds=90,
    )
    with running(program, data / "academyctl.log") as supervisor:
        stack = LocalStack(data, f"http://127.0.0.1:{port}")
        try:
            yield stack
        finally:
            _cut_short(stack, supervisor)


def _cut_short(stack: LocalStack, supervisor: int) -> None:
    """Stop, and kill the services: nobody needs what they would take some ten seconds to finish."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(supervisor)
        servers = {pid for part, pid in stack.state.pids.items() if part in _SERVERS}
        process.terminate()  # first, or it would start them again
        for child in process.children():
            if child.pid not in servers:
                child.kill()


@contextmanager
def impatient_stack(data: Path) -> Iterator[LocalStack]:
    """A stack for tests that kill workers: what those held comes back after seconds, not after 30."""
    data.mkdir(parents=True, exist_ok=True)
    queues, document = data / "queues.yaml", yaml.safe_load(bootstrap.QUEUES.read_text(encoding="utf-8"))
    document["attributes"]["VisibilityTimeout"] = _SOON
    queues.write_text(yaml.safe_dump(document), encoding="utf-8")
    with running_stack(data, command=("testkit.with_queues", str(queues))) as stack:
        yield stack


def second_worker(stack: LocalStack, service: str) -> AbstractContextManager[object]:
    """Another worker process of a service, beside the stack's own."""
    return _second(stack, service, "worker")


def second_encoder(stack: LocalStack) -> AbstractContextManager[object]:
    """Another encoder, with a scratch directory of its own."""
    return _second(stack, "media", "encoder", ENCODER_SCRATCH=str(stack.data / "encoder-scratch" / "second"))


def _second(stack: LocalStack, service: str, command: str, **own: str) -> AbstractContextManager[object]:
    port = free_ports()
    name = f"{service}-{command}"
    environment = psutil.Process(stack.pid(name)).environ()
    program = Program(
        f"{name}-2",
        (sys.executable, "-m", package_of(service), command),
        lambda: answers_ok(port, "/readyz"),
        env=environment | {"HEALTH_BIND": f"127.0.0.1:{port}"} | own,
        start_seconds=90,
        stop_seconds=30,
    )
    return running(program, stack.data / f"{name}-2.log")


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
