"""A process that applies one plan over a bucket that is a folder; test_kill.py kills it, again and again.

python applying_child.py DATABASE_URL FOLDER PLAN_ID MINUTES: it is so much later than now, so that the lease
of the one before is over.
"""

from __future__ import annotations

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

BATCH = 25
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


def main(url: str, folder: str, plan_id: str, minutes: str) -> None:
    db, clock = Database(url, "storage_janitor"), LaterClock(timedelta(minutes=int(minutes)))
    remover = Remover(db, {"excel": FolderBucket(Path(folder))}, built_in(), clock)
    with patch.object(applying, "BATCH", BATCH):
        applying.apply(db, applying.silent_ports(remover, Nobody()), UUID(plan_id), by="child")


if __name__ == "__main__":
    main(*sys.argv[1:])
