"""Runs the sandboxed child and hands its rows on; the parent never parses a byte of the file."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import orjson

from enrollment.adapters.sheet.limits import MEBIBYTE, SheetLimits
from enrollment.domain.roster import RosterRow, RosterSheet, SheetError

_LONGEST_FRAME = 16 * MEBIBYTE
_MODULE = "enrollment.adapters.sheet.child"


class RosterBatch(list[RosterRow]):
    """At most 1,000 consecutive rows, and the sheet that they come from."""

    def __init__(self, rows: Iterator[RosterRow], sheet: RosterSheet) -> None:
        super().__init__(rows)
        self.sheet = sheet


class _ChildDiedError(Exception):
    """The child ended without saying why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def read_roster(path: str | Path, limits: SheetLimits | None = None) -> Iterator[RosterBatch]:
    """Judged rows of the best visible sheet, in order; memory stays flat. Close the iterator to stop early.

    Raises SheetError at any time: nothing that was read counts until the iterator has ended.
    """
    limits = limits or SheetLimits()
    started = False
    try:
        for batch in _read(path, limits, "fast"):
            started = True
            yield batch
    except _ChildDiedError as death:
        # the fast reader aborts on sheets that the careful one can read or refuse with a reason
        if started or death.status == -signal.SIGXCPU:
            raise _crashed(death) from None
    else:
        return
    try:
        yield from _read(path, limits, "careful")
    except _ChildDiedError as death:
        raise _crashed(death) from None


def _crashed(death: _ChildDiedError) -> SheetError:
    if death.status == -signal.SIGXCPU:
        return _timeout()
    return SheetError(
        "parser_crashed",
        "파일을 읽는 중에 문제가 생겼습니다. 명단만 새 엑셀 파일에 값으로 옮겨 다시 올려 주세요.",
    )


def _timeout() -> SheetError:
    return SheetError(
        "timeout", "파일을 읽는 데 시간이 너무 오래 걸립니다. 명단만 새 파일에 옮기거나 나누어 올려 주세요."
    )


def _read(path: str | Path, limits: SheetLimits, mode: str) -> Iterator[RosterBatch]:
    with sandboxed(_MODULE, path, limits, mode) as child:
        sheet = RosterSheet("", None, None)
        for payload in _frames(child, limits):
            try:
                said = _understood(payload, sheet)
            except (ValueError, TypeError, LookupError):
                raise _ChildDiedError(0) from None
            if said is None:
                return
            if isinstance(said, SheetError):
                raise said
            if isinstance(said, RosterBatch):
                yield said
            else:
                sheet = said


def _understood(payload: bytes, sheet: RosterSheet) -> RosterBatch | RosterSheet | SheetError | None:
    """What a frame says; None is the end. Raises ValueError, TypeError, LookupError for nonsense."""
    kind, *content = orjson.loads(payload)
    if kind == "rows":
        return RosterBatch((RosterRow(*row) for row in content[0]), sheet)
    if kind == "sheet":
        return RosterSheet(*content)
    if kind == "error":
        return SheetError(*content)
    if kind == "end":
        return None
    raise ValueError(kind)


@contextmanager
def sandboxed(
    module: str, path: str | Path, limits: SheetLimits, *arguments: str, also: tuple[int, ...] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """A child that runs `module` with the file as its standard input; of ours it has only `also` open."""
    command = [sys.executable, "-I", "-m", module, orjson.dumps(asdict(limits)).decode(), *arguments]
    with open(path, "rb") as file:
        child = subprocess.Popen(
            command,
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=also,
            cwd="/",
            # no secret of the worker reaches the child
            env={"LC_ALL": "C.UTF-8"},
            start_new_session=True,
        )
    try:
        yield child
    finally:
        child.kill()
        child.wait()
        if child.stdout:
            child.stdout.close()


def _frames(child: subprocess.Popen[bytes], limits: SheetLimits) -> Iterator[bytes]:
    """What the child writes. The time that the caller takes between two frames does not count."""
    patience = Patience(child, limits.wall_seconds)
    while True:
        length = int.from_bytes(patience.read(4), "big")
        if length > _LONGEST_FRAME:
            raise _ChildDiedError(0)
        yield patience.read(length)


class Patience:
    """Reads a child's output while the time spent waiting for it stays within `seconds`."""

    def __init__(self, child: subprocess.Popen[bytes], seconds: float) -> None:
        assert child.stdout is not None
        self._child = child
        self._pipe = child.stdout.fileno()
        self._left = seconds
        self._poll = select.poll()
        self._poll.register(self._pipe, select.POLLIN)

    def some(self, length: int) -> bytes:
        """At most `length` bytes, none at the end. Raises SheetError timeout."""
        began = time.monotonic()
        ready = self._poll.poll(max(0.0, self._left) * 1000)
        self._left -= time.monotonic() - began
        if not ready:
            raise _timeout()
        return os.read(self._pipe, length)

    def read(self, length: int) -> bytes:
        """Exactly `length` bytes. Raises SheetError timeout, _ChildDiedError."""
        pieces = []
        while length:
            piece = self.some(length)
            if not piece:
                raise _ChildDiedError(self._child.wait())
            pieces.append(piece)
            length -= len(piece)
        return b"".join(pieces)
