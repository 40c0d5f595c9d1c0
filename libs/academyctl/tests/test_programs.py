"""Programs and their supervisor, with small ones in place of servers."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from academyctl.embedded import postgres
from academyctl.embedded.program import Program, StartError, running
from academyctl.supervisor import Supervisor
from testkit.waiting import wait_until


def python(name: str, code: str, ready: Callable[[], bool] = lambda: True, **options: object) -> Program:
    argv = (sys.executable, "-I", "-S", "-c", code)
    return Program(name, argv, ready, env={}, start_seconds=5, **options)


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


SLEEP = "import time; time.sleep(60)"
# a program that leaves a grandchild behind and tells its number
FORK = "import os, time; p = os.fork(); p and open({path!r}, 'w').write(str(p)); time.sleep(60)"


def supervise(logs: Path, scenario: Callable[[Supervisor], object]) -> list[str]:
    said: list[str] = []

    async def main() -> None:
        supervisor = Supervisor(logs, said.append, lambda: None)
        try:
            await scenario(supervisor)
        finally:
            await supervisor.stop(list(supervisor.parts))

    asyncio.run(main())
    return said


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def test_a_program_is_stopped_with_all_it_started(tmp_path: Path) -> None:
    note = tmp_path / "grandchild"
    forks = python("forks", FORK.format(path=str(note)), lambda: note.exists() and bool(note.read_text()))
    with running(forks, tmp_path / "log") as pid:
        assert alive(pid)
    wait_until(lambda: not alive(int(note.read_text())))
    assert not alive(pid)


def test_a_program_that_ends_at_once_is_reported_with_its_last_words(tmp_path: Path) -> None:
    broken = python("broken", "import sys; sys.exit('no such option')", lambda: False)
    with pytest.raises(StartError, match=r"broken ended with code 1\n\s+no such option"):
        running(broken, tmp_path / "log").__enter__()


@pytest.mark.skipif(sys.platform != "linux", reason="tied by the kernel on Linux only")
def test_a_program_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    note = tmp_path / "child"
    code = f"""
import sys, time
from pathlib import Path
from academyctl.embedded.program import Program, spawn
sleeper = Program("child", (sys.executable, "-I", "-S", "-c", {SLEEP!r}), lambda: True)
Path({str(note)!r}).write_text(str(spawn(sleeper, Path({str(tmp_path / "log")!r})).pid))
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code]) as parent:
        wait_until(lambda: note.exists() and note.read_text())
        child = int(note.read_text())
        assert alive(child)
        parent.send_signal(signal.SIGKILL)
    wait_until(lambda: not alive(child))


def test_a_crashed_part_is_started_again_and_its_neighbour_is_not(tmp_path: Path) -> None:
    async def scenario(supervisor: Supervisor) -> None:
        await supervisor.start([python("one", SLEEP), python("two", SLEEP)])
        one, two = supervisor.parts["one"], supervisor.parts["two"]
        first, neighbour = one.process.pid, two.process.pid
        os.kill(first, signal.SIGKILL)
        await until(lambda: one.restarts == 1)
        assert one.process.pid != first
        assert two.process.pid == neighbour
        assert two.restarts == 0

    assert any("one was killed by signal 9" in line for line in supervise(tmp_path, scenario))


def test_a_crash_loop_slows_down_and_can_be_stopped(tmp_path: Path) -> None:
    count = tmp_path / "count"
    code = f"import pathlib, time; open({str(count)!r}, 'a').write('x'); time.sleep(0.05)"

    async def scenario(supervisor: Supervisor) -> None:
        await supervisor.start([python("loops", code, count.exists)])
        await until(lambda: supervisor.parts["loops"].restarts >= 2)
        await supervisor.stop(["loops"])
        assert supervisor.parts == {}

    said = supervise(tmp_path, scenario)
    pauses = [float(line.split(" again in ")[1].split()[0]) for line in said if " again in " in line]
    assert pauses == sorted(pauses)
    assert pauses[-1] > pauses[0]
    total = count.read_text()
    time.sleep(0.3)  # long enough for a restart that should not come
    assert count.read_text() == total


def test_one_that_cannot_start_ends_the_wait_for_the_others(tmp_path: Path) -> None:
    async def scenario(supervisor: Supervisor) -> None:
        began = time.monotonic()
        with pytest.raises(StartError, match="broken ended with code 3"):
            await supervisor.start(
                [
                    python("never", SLEEP, lambda: False),
                    python("broken", "import sys; sys.exit(3)", lambda: False),
                ]
            )
        assert time.monotonic() - began < 4

    supervise(tmp_path, scenario)


def test_a_part_that_ignores_the_stop_signal_is_killed(tmp_path: Path) -> None:
    up = tmp_path / "up"
    ignore = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    deaf = f"{ignore}; open({str(up)!r}, 'w'); {SLEEP}"

    async def scenario(supervisor: Supervisor) -> None:
        await supervisor.start([python("deaf", deaf, up.exists, stop_seconds=0.2)])

    assert any("did not stop" in line for line in supervise(tmp_path, scenario))


def test_a_failed_job_says_why(tmp_path: Path) -> None:
    async def scenario(supervisor: Supervisor) -> None:
        await supervisor.run([python("good", "pass")])
        with pytest.raises(StartError, match="no table"):
            await supervisor.run([python("bad", "import sys; sys.exit('no table')")])

    supervise(tmp_path, scenario)


def test_the_lock_of_a_killed_postgres_does_not_stop_the_next_one(tmp_path: Path) -> None:
    """Its number may belong to any program by then, here to this very test."""
    lock = tmp_path / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{tmp_path}\n")
    postgres.clear_stale_lock(tmp_path)
    assert not lock.exists()
    postgres.clear_stale_lock(tmp_path)
    assert threading.main_thread().is_alive()
