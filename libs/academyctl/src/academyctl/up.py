"""`academyctl up`: the whole system on this machine, and its main job once as a demonstration."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import secrets
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path

from academyctl import demo, table
from academyctl.call import FAILURES
from academyctl.client import ApiClient, Json
from academyctl.config import Directories, LocalSettings
from academyctl.embedded.program import StartError
from academyctl.sample import TITLE, sample_roster
from academyctl.stack import Stack
from academyctl.state import read_state

_LONGEST_TABLE = 60
_LINK_LIFETIME = timedelta(hours=12)


class InUseError(RuntimeError):
    """Another stack runs on the same data directory."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for. `demo` False: start the stack and do nothing."""

    once: bool
    roster: Path | None
    as_json: bool
    demo: bool


def say(message: str) -> None:
    """A line for the person watching; standard output is left to --json."""
    print(message, file=sys.stderr, flush=True)


def up(settings: LocalSettings, directories: Directories, options: Options) -> int:
    """The exit code: 0, or 1 when the stack or the import failed."""
    try:
        directories.make()
        with only_one(directories):
            return asyncio.run(
                _Session(Stack(settings, directories, say), settings, directories, options).run()
            )
    except (InUseError, *FAILURES) as error:
        say(f"\nacademyctl: {error}")
        return 1


@contextmanager
def only_one(directories: Directories) -> Iterator[None]:
    """Hold the data directory; the kernel lets go of it when this process dies. Raises InUseError."""
    with directories.lock.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            state = read_state(directories.state)
            where = f": process {state.supervisor}, {state.base_url}" if state else ""
            raise InUseError(
                f"a stack already runs on {directories.data}{where}.\n"
                "Stop it, or set ACADEMY_DATA and ACADEMY_PORT for a second one."
            ) from None
        yield


class _Session:
    """One stack from its start to its end."""

    def __init__(
        self, stack: Stack, settings: LocalSettings, directories: Directories, options: Options
    ) -> None:
        self._stack = stack
        self._settings = settings
        self._directories = directories
        self._options = options
        self._stopped = threading.Event()

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stop.set)
        work, stopping = asyncio.create_task(self._work()), asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if stop.is_set():
                say("\nstopping …")
                return 130 if self._options.once else 0
            return work.result()
        finally:
            self._stopped.set()
            work.cancel()
            with suppress(asyncio.CancelledError, *FAILURES):
                await work
            await self._stack.down()

    async def _work(self) -> int:
        await self._stack.up()
        if self._options.demo:
            token = self._settings.token or self._token()
            status = await asyncio.to_thread(self._job, ApiClient(self._stack.base_url, token))
            if self._options.once:
                return self._finish(status)
            say(f"\n로그인 링크 (12시간 유효):\n  {self._stack.base_url}/console/#token={token}\n")
        say(f"{self._stack.base_url} — Ctrl-C stops everything")
        await asyncio.Event().wait()
        return 0

    def _token(self) -> str:
        if self._settings.jwks_url:
            raise StartError(
                "AUTH_JWKS_URL names another issuer: set ACADEMY_TOKEN to a token of it, or use --no-demo"
            )
        return self._stack.issuer.token(demo.TENANT, ("owner",), "demo-owner", _LINK_LIFETIME)

    def _job(self, client: ApiClient) -> Json | None:
        lecture = demo.seed(client)
        own = self._options.roster
        file = own or sample_roster(self._directories.samples / "roster.xlsx")
        # a file that was asked for is imported each time; the sample only once per data directory
        job = demo.import_roster(client, lecture, file, secrets.token_urlsafe(9), force=own is not None)
        say(f"\n{file.name} → {TITLE}")
        status = demo.wait_for_job(client, job, self._stopped, lambda line: say(f"  {line}"))
        if status is not None and status["status"] == "DONE":
            self._show(client, job, status["result"])
        elif status is not None:
            say(f"  실패: {status['error_code']} {status['error_message']}")
        return status

    def _show(self, client: ApiClient, job: str, result: Json) -> None:
        say(f"\n{table.summary(result)}\n")
        for line in table.outcome_table(islice(demo.outcomes(client, job), _LONGEST_TABLE)):
            say(line)
        if result["rows_total"] > _LONGEST_TABLE:
            say(f"… 전체 {result['rows_total']}행 가운데 {_LONGEST_TABLE}행")

    def _finish(self, status: Json | None) -> int:
        if status is None:
            return 1
        if self._options.as_json:
            table.show([json.dumps(status, ensure_ascii=False)])
        return 0 if status["status"] == "DONE" else 1


def unreadable(path: Path) -> str | None:
    """Why a roster file cannot be read, or None."""
    if not path.exists():
        return f"there is no file {path}"
    if not path.is_file():
        return f"{path} is not a file"
    return None if os.access(path, os.R_OK) else f"{path} cannot be read: permission denied"
