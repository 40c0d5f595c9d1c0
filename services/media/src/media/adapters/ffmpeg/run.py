"""Runs ffmpeg or ffprobe as a child that ends when its caller does, whatever happens."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from media.adapters.ffmpeg.tools import Limits
from media.domain.failures import EncodeError

_CHILD = Path(__file__).with_name("child.py")
_KEPT = 16 * 1024
_MAX_LINE = 1024 * 1024
_PIECE = 64 * 1024
_LOOK = 0.5  # seconds; how long an order to stop may go unnoticed
# what ffmpeg says → what it means; the first that fits
_MEANINGS = (
    ("No space left on device", "no_space"),
    ("moov atom not found", "truncated_file"),
    ("not on whitelist", "not_a_video"),
    ("Invalid data found when processing input", "not_a_video"),
    ("End of file", "not_a_video"),
    ("no decoder found", "unsupported_codec"),
    ("Decode error rate", "unsupported_codec"),
)


class ProgramError(Exception):
    """It ended with a code other than 0 (`stderr`: its last 16 KiB)."""

    def __init__(self, code: int, stderr: str) -> None:
        super().__init__(f"exit {code}")
        self.code = code
        self.stderr = stderr

    def meaning(self, otherwise: str) -> EncodeError:
        """The failure that its words stand for. The words themselves name files, so they stay here."""
        known = (code for words, code in _MEANINGS if words in self.stderr)
        return EncodeError(next(known, otherwise), str(self))


class SilentError(Exception):
    """No line counted as progress for as long as was allowed."""


@dataclass(slots=True)
class _Output:
    """What has come so far: whole lines are handed on, of the errors the end is kept."""

    on_line: Callable[[str], bool]
    line: bytes = b""
    errors: bytes = b""

    def take(self, data: bytes) -> bool:
        """Whether a line was progress."""
        *lines, self.line = (self.line + data).split(b"\n")
        if len(self.line) > _MAX_LINE:
            raise EncodeError("not_a_video", "an endless line")
        progress = [self.on_line(line.decode("utf-8", "replace")) for line in lines]
        return any(progress)

    def complain(self, data: bytes) -> None:
        self.errors = (self.errors + data)[-_KEPT:]


def run(
    command: Sequence[str],
    limits: Limits,
    silence: float,
    on_line: Callable[[str], bool],
    look: Callable[[], None],
) -> None:
    """Runs to its end. `on_line` is given each line of its output and says whether it is progress.

    `look` is called after what came was read, and at least every half second of silence. Raises ProgramError,
    SilentError after `silence` seconds without progress, and what `on_line` and `look` raise; the process
    group is gone by then. The calling thread must live as long: its end ends the child.
    """
    start = [sys.executable, "-I", "-S", str(_CHILD), str(os.getpid()), str(limits.nice)]
    process = subprocess.Popen(
        [*start, str(limits.memory_bytes), *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={"LC_ALL": "C", "AV_LOG_FORCE_NOCOLOR": "1"},
    )
    output = _Output(on_line)
    try:
        _follow(process, output, silence, look)
        code = process.wait()
    finally:
        _end(process)
    if code:
        raise ProgramError(code, output.errors.decode("utf-8", "replace"))


def _follow(
    process: subprocess.Popen[bytes], output: _Output, silence: float, look: Callable[[], None]
) -> None:
    deadline = time.monotonic() + silence
    with selectors.DefaultSelector() as selector:
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                selector.register(pipe, selectors.EVENT_READ, pipe is process.stdout)
        while selector.get_map():
            left = deadline - time.monotonic()
            if left <= 0:
                raise SilentError
            for key, _ in selector.select(min(left, _LOOK)):
                data = os.read(key.fd, _PIECE)
                if not data:
                    selector.unregister(key.fileobj)
                elif not key.data:
                    output.complain(data)
                elif output.take(data):
                    deadline = time.monotonic() + silence
            look()


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdout, process.stderr):
        _close(pipe)


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        pipe.close()
