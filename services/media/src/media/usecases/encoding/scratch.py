"""Where an encoder puts what it works on: nothing of an attempt outlives it, whatever ended it."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from media.domain.failures import EncodeError

_PREFIX = "encoder-"
_LOCK = "lock"
_MARGIN = 1 << 30


class Scratch:
    """A folder of this process below `root`; those of processes that are gone are removed first.

    A living process keeps its folder by a lock that the kernel takes back when it dies.
    """

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        # one at a time: a folder that is not locked yet looks as if its process were gone
        with (root / _LOCK).open("w") as alone:
            fcntl.flock(alone, fcntl.LOCK_EX)
            for folder in root.glob(f"{_PREFIX}*"):
                _remove_if_left(folder)
            self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=root))
            self._lock = (self._folder / _LOCK).open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX)

    @contextmanager
    def folder(self, name: str) -> Iterator[Path]:
        """An empty folder for one attempt, gone after the block."""
        path = self._folder / name
        path.mkdir()
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def close(self) -> None:
        """At the end of the process."""
        self._lock.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def require_space(folder: Path, raw_bytes: int) -> None:
    """The original and its renditions take about twice its size. Raises EncodeError no_space."""
    free = shutil.disk_usage(folder).free
    if free < 2 * raw_bytes + _MARGIN:
        raise EncodeError("no_space", f"{free >> 20} MiB free")


def _remove_if_left(folder: Path) -> None:
    try:
        with (folder / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        pass  # another encoder on this machine
    except FileNotFoundError:
        shutil.rmtree(folder, ignore_errors=True)
