"""The stack as processes: what starts is stopped, what crashes comes back, what is printed can be parsed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from academyctl.__main__ import main
from academyctl.sample import sample_roster
from academyctl.state import read_state
from contracts import SERVICES
from openpyxl import Workbook
from testkit.stack import (
    LocalStack,
    free_stack_port,
    processes_of,
    run_academyctl,
    running_stack,
    stack_environment,
)
from testkit.waiting import wait_until

REPOSITORY = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.stack, pytest.mark.slow]
needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def make_run(data: Path, port: int, arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "run", f"ARGS={arguments}"],
        cwd=REPOSITORY,
        env=stack_environment(data, port),
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


@contextmanager
def made_to_run(data: Path) -> Iterator[subprocess.Popen[str]]:
    """`make run` in a process group of its own, from its first moment."""
    process = subprocess.Popen(
        ["make", "run", "ARGS=--no-demo"],
        cwd=REPOSITORY,
        env=stack_environment(data, free_stack_port()),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def assert_stopped(process: subprocess.Popen[str], data: Path) -> None:
    out, err = process.communicate(timeout=90)
    assert out == ""
    assert "everything is stopped" in err
    assert processes_of(data) == []
    assert not (data / "stack.json").exists()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of stacks that come and go, as on the machine of an operator."""
    return tmp_path_factory.mktemp("stack") / "data"


@needs_make
def test_one_job_prints_only_its_status_and_leaves_nothing_running(data: Path, tmp_path: Path) -> None:
    roster = sample_roster(tmp_path / "r o s t e r.xlsx")
    done = make_run(data, free_stack_port(), f"--once --json --roster '{roster}'")
    assert done.returncode == 0, done.stderr
    status = json.loads(done.stdout)
    assert status["status"] == "DONE"
    assert status["result"]["enrolled_count"] == status["result"]["created_students_count"] > 20
    assert processes_of(data) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["up", "--json"], "--json needs --once"),
        (["up", "--once", "--roster", "no-such-file.xlsx"], "there is no file no-such-file.xlsx"),
        (["up", "--once", "--roster", "/"], "is not a file"),
        (["up", "--no-demo", "--once"], "--no-demo"),
        (["token", "--tenant", "Not A Tenant", "--role", "staff"], "--tenant"),
        (["nonsense"], "invalid choice"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_starts(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    says: str,
) -> None:
    for name, value in stack_environment(tmp_path / "data", 8800).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    out, err = capsys.readouterr()
    assert ended.value.code == 2
    assert says in err
    assert out == ""
    assert not (tmp_path / "data" / "postgres").exists()


def test_a_taken_port_is_named_with_its_holder_and_the_variable_to_set(tmp_path: Path) -> None:
    port = free_stack_port()
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", port + 2))
        holder.listen()
        done = run_academyctl(tmp_path / "data", port, "up", "--once", "--json")
    assert done.returncode == 1
    assert f"port {port + 2} (sqs) is taken by" in done.stderr
    assert f"process {os.getpid()}" in done.stderr
    assert "ACADEMY_PORT=" in done.stderr
    assert done.stdout == ""
    assert processes_of(tmp_path / "data") == []


def test_nothing_outlives_a_killed_supervisor_and_the_next_run_takes_over(data: Path, tmp_path: Path) -> None:
    """That one is given a workbook with no roster in it, and ends by itself as well."""
    with running_stack(data) as stack:
        token = stack.secret("internal_token")
        os.kill(stack.state.supervisor, signal.SIGKILL)
        wait_until(lambda: processes_of(data) == [], timeout=20)
    empty = tmp_path / "empty.xlsx"
    Workbook().save(empty)
    done = run_academyctl(data, free_stack_port(), "up", "--once", "--json", "--roster", str(empty))
    assert done.returncode == 1
    assert json.loads(done.stdout)["status"] == "FAILED"
    assert LocalStack(data, "").secret("internal_token") == token
    assert processes_of(data) == []


@needs_make
def test_ctrl_c_in_a_terminal_stops_everything(data: Path) -> None:
    with made_to_run(data) as process:
        wait_until(lambda: (state := read_state(data / "stack.json")) and state.ready, timeout=180)
        os.killpg(process.pid, signal.SIGINT)
        assert_stopped(process, data)


@needs_make
def test_what_has_only_begun_to_start_is_stopped_by_a_signal_to_make_alone(data: Path) -> None:
    with made_to_run(data) as process:
        wait_until(lambda: any(p.name() == "postgres" for p in processes_of(data)), timeout=180)
        process.terminate()
        assert_stopped(process, data)


def test_every_process_of_the_stack_answers_its_probes(stack: LocalStack) -> None:
    for service in SERVICES:
        for part in (f"{service}-api", f"{service}-worker"):
            for path in ("/livez", "/readyz", "/health", "/metrics"):
                assert answers(stack.url(part) + path), (part, path)
        assert answers(f"{stack.base_url}/openapi/{service}.json")


@pytest.mark.parametrize(
    "path",
    [
        "/internal/anything",
        "/metrics",
        "/health",
        "/api/v1/enrollmentsX",
        "/api/v1/students/../../internal/x",
        "/api/v1/students/..%2f..%2fmetrics",
        "/console/../secrets/secrets.json",
    ],
)
def test_the_gateway_answers_404_for_what_the_load_balancer_does_not_route(
    stack: LocalStack, path: str
) -> None:
    with socket.create_connection(("127.0.0.1", stack.state.ports["gateway"]), timeout=5) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 404")
    assert b"application/problem+json" in head
    assert json.loads(body)["code"] == "not_found"
