"""Embedded PostgreSQL, SQS and S3 for tests: started once, shared by all pytest-xdist workers of a run.

And HTTP servers of a test's own handler.
"""

from __future__ import annotations

import fcntl
import json
import random
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler
from threading import Thread
from typing import IO, Any

from academyctl.embedded import postgres, s3, sqs
from academyctl.embedded.program import running
from academyctl.ports import is_free

Facts = dict[str, str]


@dataclass(frozen=True, slots=True)
class S3Server:
    """Where the S3 server answers and who may ask."""

    endpoint: str
    access_key: str
    secret_key: str


def free_ports(count: int = 1, *, offset: int = 0) -> int:
    """The first of `count` consecutive loopback ports nobody uses; also free: the last one plus `offset`."""
    while True:
        # below the range from which the kernel gives outgoing connections their ports
        first = random.SystemRandom().randrange(10_000, 32_000 - count - offset)
        wanted = [*range(first, first + count), first + count - 1 + offset]
        if all(map(is_free, wanted)):
            return first


@contextmanager
def serving(handler: Callable[..., BaseRequestHandler]) -> Iterator[str]:
    """HTTP on a free port of this process, until the end of the block; yields its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def postgres_server(directory: Path) -> Iterator[str]:
    """A throw-away PostgreSQL under `directory`; yields its superuser's URL."""
    password, port = secrets.token_hex(16), free_ports()
    directory.mkdir(parents=True, exist_ok=True)
    postgres.initialise(directory / "data", password, postgres.THROWAWAY)
    program = postgres.program(directory / "data", port, password, postgres.THROWAWAY)
    with running(program, directory / "postgres.log"):
        yield postgres.admin_url(port, password)


@contextmanager
def sqs_server(directory: Path) -> Iterator[str]:
    """An SQS server with its data under `directory`; yields its endpoint URL."""
    port = free_ports()
    directory.mkdir(parents=True, exist_ok=True)
    with running(sqs.program(directory / "data", port), directory / "sqs.log"):
        yield sqs.endpoint(port)


@contextmanager
def s3_server(directory: Path) -> Iterator[S3Server]:
    """An S3 server with its data under `directory`."""
    port = free_ports(s3.PORTS, offset=s3.GRPC_OFFSET)
    keys = secrets.token_hex(10), secrets.token_hex(20)
    (directory / "data").mkdir(parents=True, exist_ok=True)
    with running(s3.program(directory / "data", port, *keys), directory / "s3.log"):
        yield S3Server(s3.endpoint(port), *keys)
    s3.remove_sockets(port)


@contextmanager
def shared(directory: Path, start: Callable[[Path], AbstractContextManager[Facts]]) -> Iterator[Facts]:
    """One server for every process that asks with the same `directory`; the first one owns it.

    Locks are files held open, so a process that is killed lets go of them. The owner leaves last: the
    kernel ends the server together with the process that started it.
    """
    directory.mkdir(parents=True, exist_ok=True)
    facts = directory / "facts.json"
    with ExitStack() as stack:
        with _locked(directory / "starting"):
            owner = stack.enter_context((directory / "owner").open("w"))
            owned = _try_lock(owner)
            if owned:
                found = stack.enter_context(start(directory))
                facts.write_text(json.dumps(found))
            else:
                found = json.loads(facts.read_text())
                users = stack.enter_context((directory / "users").open("w"))
                fcntl.flock(users, fcntl.LOCK_SH)
        yield found
        if owned:
            with _nobody_else(directory):
                stack.close()


@contextmanager
def _nobody_else(directory: Path) -> Iterator[None]:
    """Wait until no other process uses the server, and let none in meanwhile."""
    while True:
        with _locked(directory / "starting"), (directory / "users").open("w") as users:
            if _try_lock(users):
                yield
                return
        with _locked(directory / "users"):
            continue


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _try_lock(file: IO[Any]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _as_facts(server: AbstractContextManager[str]) -> Iterator[Facts]:
    with server as url:
        yield {"url": url}


def shared_postgres(directory: Path) -> AbstractContextManager[Facts]:
    """`{"url": superuser's URL}` of the one PostgreSQL of this test run."""
    return shared(directory / "postgres", lambda path: _as_facts(postgres_server(path)))


def shared_sqs(directory: Path) -> AbstractContextManager[Facts]:
    """`{"url": endpoint}` of the one SQS server of this test run."""
    return shared(directory / "sqs", lambda path: _as_facts(sqs_server(path)))


@contextmanager
def _s3_facts(directory: Path) -> Iterator[Facts]:
    with s3_server(directory) as server:
        yield asdict(server)


def shared_s3(directory: Path) -> AbstractContextManager[Mapping[str, str]]:
    """The fields of S3Server of the one S3 server of this test run."""
    return shared(directory / "s3", _s3_facts)
