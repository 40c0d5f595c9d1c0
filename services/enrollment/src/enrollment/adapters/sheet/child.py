"""The sandboxed child: reads a hostile workbook from standard input, writes judged rows to standard output.

Nothing of the file is touched before the limits are set. Output is frames: 4 bytes of length, then JSON
["sheet", name, header_row, lecture_title], ["rows", [...]], ["end"] or ["error", code, detail].
"""

from __future__ import annotations

import gc
import resource
import sys
from collections.abc import Iterator
from itertools import chain
from typing import Any, BinaryIO

import orjson

from enrollment.adapters.sheet.archive import Archive
from enrollment.adapters.sheet.bounded import read_bounded, read_sample
from enrollment.adapters.sheet.fast import FastReaderRefusedError, is_plain, read_fast
from enrollment.adapters.sheet.limits import SheetLimits
from enrollment.adapters.sheet.sniffing import check
from enrollment.adapters.sheet.workbook import SheetPart, Workbook, too_complex
from enrollment.domain.roster import (
    SAMPLE_ROWS,
    Judge,
    Layout,
    Line,
    RosterRow,
    SheetError,
    SheetSample,
    choose,
)

BATCH_ROWS = 1000
BATCH_CHARACTERS = 500_000
_VERDICT, _MEMO, _EXTRA = (RosterRow.__slots__.index(name) for name in ("verdict", "memo", "extra"))
Frame = list[Any]


def main() -> None:
    limits = SheetLimits(**orjson.loads(sys.argv[1]))
    careful = sys.argv[2] == "careful"
    restrict(limits)
    # a short life without reference cycles
    gc.disable()
    try:
        with open(sys.stdin.fileno(), "rb", closefd=False) as file:
            for frame in frames(file, limits, careful):
                _write(frame)
    except SheetError as error:
        _write(["error", error.code, error.detail])
    except MemoryError:
        fault = too_complex()
        _write(["error", fault.code, fault.detail])


def restrict(limits: SheetLimits) -> None:
    """The limits of this process, before it touches anything of the file."""
    cpu = limits.cpu_seconds
    wanted = {
        resource.RLIMIT_AS: (limits.memory_bytes, limits.memory_bytes),
        # the hard limit kills without a word; the soft one says what it was
        resource.RLIMIT_CPU: (cpu, cpu + 1),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_NOFILE: (16, 16),
        resource.RLIMIT_NPROC: (0, 0),
    }
    for kind, (soft, hard) in wanted.items():
        known = resource.getrlimit(kind)[1]
        most = hard if known == resource.RLIM_INFINITY else min(hard, known)
        resource.setrlimit(kind, (min(soft, most), most))


def _write(frame: Frame) -> None:
    payload = orjson.dumps(frame)
    sys.stdout.buffer.write(len(payload).to_bytes(4, "big"))
    sys.stdout.buffer.write(payload)
    sys.stdout.buffer.flush()


def frames(file: BinaryIO, limits: SheetLimits, careful: bool) -> Iterator[Frame]:
    """Read, choose the sheet, judge its rows. Raises SheetError."""
    archive = check(file, limits)
    plain = {name: inspect(archive, name) for name in archive.members}
    workbook = Workbook(archive, limits)
    part, layout = choose_part(archive, workbook, limits)
    yield ["sheet", part.name, layout.header_row, layout.lecture_title]
    lines = _lines(
        file, archive, workbook, part, limits, careful or not plain.get(part.member.lower(), False)
    )
    yield from _judged(lines, layout)
    yield ["end"]


def inspect(archive: Archive, name: str) -> bool:
    """Inflate a member to its end, so that true sizes are known before anything is parsed."""
    return is_plain(archive.inflate(name))


def choose_part(archive: Archive, workbook: Workbook, limits: SheetLimits) -> tuple[SheetPart, Layout]:
    """The sheet that is the roster, and where it is on it. Raises SheetError."""
    parts = {}
    samples = []
    for part in workbook.sheets:
        sample = read_sample(archive, workbook, part.member, limits, SAMPLE_ROWS)
        if sample:
            parts[part.name] = part
            samples.append(SheetSample(part.name, sample))
    chosen, layout = choose(samples)
    return parts[chosen.name], layout


def _lines(
    file: BinaryIO, archive: Archive, workbook: Workbook, part: SheetPart, limits: SheetLimits, careful: bool
) -> Iterator[Line]:
    if not careful:
        lines = read_fast(file.fileno(), part.name, limits)
        try:
            first = next(lines, None)
        except FastReaderRefusedError:
            return read_bounded(archive, workbook, part.member, limits)
        return iter(()) if first is None else chain((first,), lines)
    return read_bounded(archive, workbook, part.member, limits)


def _judged(lines: Iterator[Line], layout: Layout) -> Iterator[Frame]:
    judge = Judge(layout).judge
    rows: list[Any] = []
    size = students = 0
    for line in lines:
        if line[0] < layout.first_row:
            continue
        row = judge(line)
        if row is None:
            continue
        students += row[_VERDICT] != "skipped"
        rows.append(row)
        if row[_MEMO] or row[_EXTRA]:
            size += len(row[_MEMO] or "") + sum(map(len, row[_EXTRA].values()))
        if len(rows) == BATCH_ROWS or size > BATCH_CHARACTERS:
            yield ["rows", rows]
            rows, size = [], 0
    if rows:
        yield ["rows", rows]
    if not students:
        raise SheetError("no_rows", "학생 행이 없습니다. 제목 행 아래에 학생을 입력한 뒤 다시 올려 주세요.")


if __name__ == "__main__":
    main()
