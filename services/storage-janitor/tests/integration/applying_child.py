"""Applies one plan over a bucket that is a folder; test_kill.py kills it, again and again.

python applying_child.py DATABASE_URL FOLDER PLAN_ID, then MINUTES on each line of its input: a fork of it
applies the plan so much later than now, so that the lease of the one before is over. It writes the fork's
process id, and when that has ended its exit code, or minus the signal that ended it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from unittest.mock import patch
from uuid import UUID

from eventkit.clock import SystemClock
from servicekit.db import Database
from storage_janitor.adapters.policy_file import built_in
from storage_janitor.domain.objects import Found
from storage_janitor.usecases import applying
from storage_janitor.usecases.removing import Remover

BATCH = 10
WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)


class FolderBucket:
    """Keys are file names with ":" for "/"."""

    kind = "excel"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def pages(self, prefix: str = "", after: str = "") -> Iterator[list[Found]]:
        names = sorted(path.name.replace(":", "/") for path in self.folder.iterdir())
        found = [name for name in names if name.startswith(prefix) and name > after]
        for start in range(0, len(found), 1000):
            yield [Found(name, 5, "etag", WRITTEN) for name in found[start : start + 1000]]

    def fresh(self, keys: Sequence[str]) -> dict[str, Found]:
        return {key: Found(key, 5, "etag", WRITTEN) for key in keys if self._path(key).exists()}

    def delete(self, keys: Sequence[str]) -> dict[str, str]:
        for key in keys:
            self._path(key).unlink(missing_ok=True)
        return {}

    def _path(self, key: str) -> Path:
        return self.folder / key.replace("/", ":")


class LaterClock(SystemClock):
    """It waits for nobody."""

    def __init__(self, later: timedelta) -> None:
        self._later = later

    def now(self) -> datetime:
        return super().now() + self._later

    def wait(self, event: Event, seconds: float) -> bool:
        return event.is_set()


class Nobody:
    def released(self, _owner: str, _tenant: str, _keys: Collection[str], /) -> set[str]:
        return set()


def main(url: str, folder: str, plan_id: str) -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            apply(url, Path(folder), UUID(plan_id), timedelta(minutes=int(line)))
            os._exit(0)
        say(child)
        say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def apply(url: str, folder: Path, plan_id: UUID, later: timedelta) -> None:
    db, clock = Database(url, "storage_janitor"), LaterClock(later)
    remover = Remover(db, {"excel": FolderBucket(folder)}, built_in(), clock)
    with patch.object(applying, "BATCH", BATCH):
        applying.apply(db, applying.silent_ports(remover, Nobody()), plan_id, by="child")


if __name__ == "__main__":
    main(*sys.argv[1:])
