"""What it takes to run one program: its command, its environment, when it is ready and how it is stopped."""

from __future__ import annotations

import http.client
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

CHILD = Path(__file__).with_name("child.py")
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")


class StartError(RuntimeError):
    """A program did not become ready; the message carries the last lines of its log."""


@dataclass(frozen=True, slots=True)
class User:
    """Whom to run as. `search`: let it pass directories that are closed to it."""

    uid: int
    gid: int
    search: bool


@dataclass(frozen=True, slots=True)
class Program:
    """`ready` answers at once. `env` is the whole environment. `ports` are those it will listen on."""

    name: str
    argv: tuple[str, ...]
    ready: Callable[[], bool]
    env: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[int, ...] = ()
    user: User | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    start_seconds: float = 60.0
    stop_seconds: float = 10.0

    def command(self) -> list[str]:
        """The command behind the wrapper that ties it to this process."""
        user = self.user or User(-1, -1, search=False)
        ties = (os.getpid(), user.uid, user.gid, int(user.search))
        return [sys.executable, "-I", "-S", str(CHILD), *map(str, ties), *self.argv]


def plain_environment() -> dict[str, str]:
    """The little of our own environment that an embedded server needs: no secret of ours is in it."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ}


def user_for(directory: Path) -> User | None:
    """`nobody` when we are root, who must not run PostgreSQL; None otherwise."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    parents = directory.resolve().parents
    closed = [path for path in parents if path.exists() and not path.stat().st_mode & 0o001]
    tools = [path for path in CHILD.parents if not path.stat().st_mode & 0o001]
    return User(entry.pw_uid, entry.pw_gid, search=bool(closed or tools))


def listens(port: int) -> bool:
    """Whether something accepts connections on this loopback port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def answers_ok(port: int, path: str) -> bool:
    """Whether GET `path` on this loopback port answers 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def tail(log: Path, lines: int = 15) -> str:
    """The end of a log file, for a message to a person."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8_192))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])


def kill_group(pid: int) -> None:
    """End whatever is left of the process group that a program led."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def spawn(program: Program, log: Path) -> subprocess.Popen[bytes]:
    """Start it in a process group of its own, out of reach of the terminal's Ctrl-C; appends to `log`."""
    with log.open("ab") as output:
        return subprocess.Popen(
            program.command(),
            env=dict(program.env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


@contextmanager
def running(program: Program, log: Path) -> Iterator[int]:
    """Run a program until the block ends; yields its process id. Raises StartError."""
    process = spawn(program, log)
    try:
        _wait_ready(program, process, log)
        yield process.pid
    finally:
        _stop(program, process)


def _wait_ready(program: Program, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + program.start_seconds
    while not program.ready():
        if process.poll() is not None:
            raise StartError(f"{program.name} ended with code {process.returncode}\n{tail(log)}")
        if time.monotonic() > deadline:
            raise StartError(f"{program.name} was not ready in {program.start_seconds:.0f} s\n{tail(log)}")
        time.sleep(0.05)


def _stop(program: Program, process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(program.stop_signal)
        try:
            process.wait(program.stop_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    kill_group(process.pid)
