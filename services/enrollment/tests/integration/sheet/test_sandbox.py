"""The child is contained: what it may cost, what it can reach, and what the parent makes of its death."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from enrollment.adapters.sheet import SheetError, SheetLimits, read_roster, reading
from testkit.workbooks import HEADER, raw_workbook, roster_rows, roster_workbook, rows_sheet

MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def roster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return roster_workbook(tmp_path_factory.mktemp("sandbox") / "roster.xlsx", 1500)


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Replaces the child by Python code."""

    def replace(code: str) -> None:
        script = tmp_path / "child"
        frame = "def frame(x):\n b = json.dumps(x).encode(); os.write(1, len(b).to_bytes(4, 'big') + b)\n"
        script.write_text(f"#!{sys.executable} -I\nimport json, os, signal, sys\n{frame}{code}\n")
        script.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(script))

    return replace


def fault_of(path: Path, limits: SheetLimits | None = None) -> SheetError:
    with pytest.raises(SheetError) as fault:
        list(read_roster(path, limits))
    return fault.value


def test_a_hundred_thousand_rows_leave_the_parent_as_it_was(tmp_path: Path) -> None:
    path = raw_workbook(tmp_path / "large.xlsx", {"명단": rows_sheet([HEADER, *roster_rows(100_000)])})
    # its own process, so that peak memory is this reading's and no other test's
    code = (
        "import resource, sys\n"
        "from enrollment.adapters.sheet import read_roster\n"
        "peak = lambda who: resource.getrusage(who).ru_maxrss // 1024\n"
        "before, count, last = peak(resource.RUSAGE_SELF), 0, 0\n"
        "for batch in read_roster(sys.argv[1]):\n"
        "    assert len(batch) <= 1000 and (not last or batch[0].row == last + 1)\n"
        "    count, last = count + sum(row.verdict == 'usable' for row in batch), batch[-1].row\n"
        "print(count, last, peak(resource.RUSAGE_SELF) - before, peak(resource.RUSAGE_CHILDREN))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    count, last, grown, child = map(int, done.stdout.split())

    assert (count, last) == (100_000, 100_001)
    assert grown <= 20
    assert child <= 200


def test_a_caller_that_stops_early_leaves_no_process(roster: Path) -> None:
    batches = read_roster(roster)
    assert len(next(batches)) == 1000

    batches.close()

    assert not [p for p in psutil.Process().children() if "enrollment.adapters.sheet.child" in p.cmdline()]


def test_time_that_the_caller_takes_does_not_count(
    roster: Path, stand_in: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in("for n in range(3): frame(['rows', []])\nframe(['end'])")
    now = [0.0]
    monkeypatch.setattr(reading, "time", SimpleNamespace(monotonic=lambda: now[0]))

    count = 0
    for _ in read_roster(roster, SheetLimits(wall_seconds=30)):
        count += 1
        now[0] += 1000

    assert count == 3


def test_a_child_that_hangs_is_killed(roster: Path, stand_in: Callable[[str], None]) -> None:
    stand_in("signal.pause()")

    assert fault_of(roster, SheetLimits(wall_seconds=0.3)).code == "timeout"


def test_cpu_time_is_limited(roster: Path, stand_in: Callable[[str], None]) -> None:
    stand_in(
        "from enrollment.adapters.sheet import SheetLimits, child\n"
        "child.restrict(SheetLimits(**json.loads(sys.argv[-2])))\n"
        "while True: pass"
    )

    assert fault_of(roster, SheetLimits(cpu_seconds=1)).code == "timeout"


def test_memory_is_limited(roster: Path, stand_in: Callable[[str], None]) -> None:
    stand_in(
        "from enrollment.adapters.sheet import SheetLimits, child\n"
        "child.restrict(SheetLimits(**json.loads(sys.argv[-2])))\n"
        "bytearray(400 << 20)"
    )

    assert fault_of(roster, SheetLimits(memory_bytes=300 * MEBIBYTE)).code in {
        "too_complex",
        "parser_crashed",
    }


def test_a_child_that_cannot_even_start_is_a_fault(roster: Path) -> None:
    fault = fault_of(roster, SheetLimits(memory_bytes=12 * MEBIBYTE))

    assert fault.code in {"too_complex", "parser_crashed"}


@pytest.mark.parametrize(
    "code",
    [
        "os.kill(os.getpid(), signal.SIGSEGV)",
        "os.abort()",
        "os.kill(os.getpid(), signal.SIGKILL)",
        "sys.exit(0)",
        "sys.exit(3)",
        "os.write(1, b'\\xff\\xff\\xff\\xff')",
        "os.write(1, (5).to_bytes(4, 'big') + b'hello')",
        "os.write(1, (4).to_bytes(4, 'big') + b'1234')",
        "frame([])",
        "frame(['error'])",
        "frame(['sheet', 1])",
        "frame(['rows', [[1, 2]]])",
        "frame({'rows': 1})",
        "frame(['rows', 5])",
    ],
)
def test_a_child_that_dies_or_talks_nonsense_is_a_clear_error(
    roster: Path, stand_in: Callable[[str], None], code: str
) -> None:
    stand_in(code)

    assert fault_of(roster).code == "parser_crashed"


def test_a_crash_in_the_middle_is_not_taken_for_the_end(
    roster: Path, stand_in: Callable[[str], None]
) -> None:
    stand_in("frame(['sheet', 'x', 1, None])\nframe(['rows', []])\nos.abort()")

    batches = read_roster(roster)
    next(batches)
    with pytest.raises(SheetError) as fault:
        next(batches)

    assert fault.value.code == "parser_crashed"


def test_no_secret_reaches_the_child(
    roster: Path, stand_in: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    stand_in("frame(['error', 'seen', ' '.join(os.environ) + ' ' + ' '.join(os.listdir('/proc/self/fd'))])")

    seen = fault_of(roster).detail.split()

    assert "DATABASE_URL" not in seen
    # stdin, stdout, stderr and the one that lists them
    assert len([word for word in seen if word.isdecimal()]) == 4


def test_the_child_can_neither_write_files_nor_take_memory_nor_leave_a_core(tmp_path: Path) -> None:
    target = tmp_path / "written"
    code = (
        "import resource, signal, sys\n"
        "from enrollment.adapters.sheet.child import restrict\n"
        "from enrollment.adapters.sheet import SheetLimits\n"
        "restrict(SheetLimits())\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "try:\n open(sys.argv[1], 'w', buffering=1).write('x\\n')\nexcept OSError: print('no file')\n"
        "try:\n bytearray(2_000_000_000)\nexcept MemoryError: print('no memory')\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE), resource.getrlimit(resource.RLIMIT_NPROC))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(target)], capture_output=True, text=True, check=False
    )

    assert done.stdout.splitlines() == ["no file", "no memory", "(0, 0) (0, 0)"]


def test_the_parents_own_limits_stay(roster: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)

    list(read_roster(roster))

    assert resource.getrlimit(resource.RLIMIT_AS) == before
