"""Starts, watches, restarts and stops the processes of the local stack.

Why not circus, which was measured as the best of its kind (limits-runtime, section 5): a stop request
that arrives while a child crash-loops is refused with ConflictError and lost, a crash loop has no
back-off, its control socket fails in a data directory deeper than 107 bytes, and it knows neither
readiness nor stages, so that each watcher would be driven from here anyway.
"""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from pathlib import Path

from academyctl.embedded.program import Program, StartError, kill_group, spawn, tail

_POLL = 0.1
_LONGEST_PAUSE = 10.0
_STABLE_SECONDS = 30.0

Say = Callable[[str], None]


@dataclass(slots=True)
class Part:
    """One supervised program."""

    program: Program
    log: Path
    process: subprocess.Popen[bytes]
    restarts: int = 0
    keeper: asyncio.Task[None] | None = None


class Supervisor:
    """A crashed program is started again, with growing pauses; the others are left alone."""

    def __init__(self, logs: Path, say: Say, changed: Callable[[], None]) -> None:
        self._logs = logs
        self._say = say
        self._changed = changed
        self.parts: dict[str, Part] = {}

    async def start(self, programs: Iterable[Program]) -> None:
        """Start all at once and return when each is ready. Raises StartError."""
        await _together(self._start(program) for program in programs)

    async def run(self, programs: Iterable[Program]) -> None:
        """Run programs that end by themselves. Raises StartError when one fails."""
        await _together(self._run(program) for program in programs)

    async def stop(self, names: Iterable[str]) -> None:
        """Stop these and return when they are gone."""
        await _together(self._stop(self.parts[name]) for name in list(names) if name in self.parts)

    async def _start(self, program: Program) -> None:
        began = time.monotonic()
        part = self._spawn(program)
        while not await asyncio.to_thread(program.ready):
            if part.process.poll() is not None:
                raise StartError(_ended(part))
            if time.monotonic() - began > program.start_seconds:
                raise StartError(
                    f"{program.name} was not ready in {program.start_seconds:.0f} s\n{tail(part.log)}"
                )
            await asyncio.sleep(_POLL)
        part.keeper = asyncio.create_task(self._keep(part))
        self._say(f"{program.name:<24} ready in {time.monotonic() - began:.1f} s")
        self._changed()

    async def _run(self, program: Program) -> None:
        part = self._spawn(program)
        await _exit(part.process)
        if part.process.returncode:
            raise StartError(_ended(part))
        del self.parts[program.name]

    def _spawn(self, program: Program) -> Part:
        log = self._logs / f"{program.name}.log"
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        part = self.parts[program.name] = Part(program, log, spawn(program, log))
        return part

    async def _keep(self, part: Part) -> None:
        pause = _POLL
        while True:
            began = time.monotonic()
            await _exit(part.process)
            kill_group(part.process.pid)  # what is left of it may hold its port
            pause = _POLL if time.monotonic() - began > _STABLE_SECONDS else min(_LONGEST_PAUSE, pause * 2)
            self._say(f"{_ended(part)}\n  starting it again in {pause:.1f} s (log: {part.log})")
            await asyncio.sleep(pause)
            part.process = spawn(part.program, part.log)
            part.restarts += 1
            self._changed()

    async def _stop(self, part: Part) -> None:
        if part.keeper:
            part.keeper.cancel()
        if part.process.poll() is None:
            part.process.send_signal(part.program.stop_signal)
            try:
                await asyncio.wait_for(_exit(part.process), part.program.stop_seconds)
            except TimeoutError:
                self._say(f"{part.program.name} did not stop in {part.program.stop_seconds:.0f} s: killed")
                part.process.kill()
                await _exit(part.process)
        kill_group(part.process.pid)
        del self.parts[part.program.name]


async def _together(tasks: Iterable[Coroutine[None, None, None]]) -> None:
    """All at once; the first failure cancels the others."""
    try:
        async with asyncio.TaskGroup() as group:
            for task in tasks:
                group.create_task(task)
    except ExceptionGroup as failures:  # not except*: some 3.11 wrap what is raised in it in a group again
        first = failures.exceptions[0]
        if not isinstance(first, StartError):
            raise
        raise first from None


async def _exit(process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        await asyncio.sleep(_POLL)


def _ended(part: Part) -> str:
    code = part.process.returncode
    how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
    return "\n".join(filter(None, (f"{part.program.name} {how}", tail(part.log))))
