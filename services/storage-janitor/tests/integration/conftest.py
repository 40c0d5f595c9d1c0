"""The storage-janitor over an empty database, what the media service says, and the task that deletes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from eventkit.envelope import Event, decode
from eventkit.metrics import Metrics
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from prometheus_client import CollectorRegistry
from servicekit.storage import ObjectInfo, ObjectStore
from storage_janitor import handlers, metrics
from storage_janitor.usecases import delete_released, deleting_ports
from testkit.clock import FakeClock
from testkit.database import TestDatabase
from testkit.events import MakeEvent
from testkit.objects import MemoryObjects
from testkit.plugin import Migrated

TENANT = "hangang"
LECTURE, SESSION, VIDEO = UUID(int=1), UUID(int=2), UUID(int=12)
HANDLERS = {
    "media.video.uploaded": handlers.on_video_uploaded,
    "media.video.ready": handlers.on_video_ready,
    "media.video.failed": handlers.on_video_failed,
    "media.video.deleted": handlers.on_video_deleted,
    "media.raw.expired": handlers.on_raw_expired,
}


def raw_key(video: UUID, tenant: str) -> str:
    return f"tenants/{tenant}/video/raw/{SESSION}/{UUID(int=video.int + 1000)}.mp4"


class Hooked:
    """A store of which `before` and `after` are called with the keys of each delete."""

    def __init__(self, real: ObjectStore) -> None:
        self.real = real
        self.before = self.after = lambda keys: None

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        return self.real.list(prefix)

    def head(self, key: str) -> ObjectInfo:
        return self.real.head(key)

    def delete(self, keys: Sequence[str]) -> None:
        self.before(keys)
        self.real.delete(keys)
        self.after(keys)


class Janitor:
    """`hear` what the media service says, `run` the periodic task; `objects` is in memory unless replaced."""

    def __init__(self, database: TestDatabase, make_event: MakeEvent) -> None:
        self.admin, self.db = database.admin, database.database
        self.make_event = make_event
        self.clock = FakeClock(datetime.now(UTC) + timedelta(hours=1))  # later than every event
        self.memory = MemoryObjects()
        self.registry = CollectorRegistry()
        self.figures = Metrics(self.registry, metrics.ALL)
        self.use(self.memory)

    def use(self, objects: Any) -> Hooked:
        """The store from now on."""
        self.objects = Hooked(objects)
        self.ports = deleting_ports(self.objects, self.figures, self.clock)
        return self.objects

    def event(self, type: str, video: UUID = VIDEO, tenant: str = TENANT, **changes: Any) -> Event:
        """As media publishes it; `changes` replace values of its data."""
        known: dict[str, dict[str, Any]] = {
            "media.video.uploaded": {"raw_key": raw_key(video, tenant), "raw_bytes": 5},
            "media.video.ready": {
                "duration_ms": 1000,
                "hls_prefix": f"tenants/{tenant}/video/hls/{video}/",
                "hls_bytes": 9,
                "raw_key": raw_key(video, tenant),
                "raw_expires_at": "2020-03-01T00:00:00+09:00",
            },
            "media.video.failed": {"error_code": "unreadable"},
            "media.video.deleted": {
                "raw_key": raw_key(video, tenant),
                "hls_prefix": f"tenants/{tenant}/video/hls/{video}/",
            },
            "media.raw.expired": {"raw_key": raw_key(video, tenant)},
        }
        ids = {"video_id": str(video), "lecture_id": str(LECTURE), "session_id": str(SESSION)}
        return self.make_event(type, tenant, {**ids, **known[type], **changes})

    def hear(self, *events: Event) -> None:
        """Each in a transaction of its own, as from the queue."""
        for event in events:
            self.hear_together(event)

    def hear_together(self, *events: Event) -> None:
        """Of one type and tenant, in one batch."""
        tenant = events[0].tenantid
        with unit_of_work(self.db, tenant, Cause.of(events[0]), source="storage-janitor") as uow:
            HANDLERS[events[0].type](uow, events)

    def run(self) -> None:
        delete_released(self.db, self.clock.now(), ports=self.ports)

    def run_later(self, **after: float) -> None:
        self.clock.advance(timedelta(**after).total_seconds())
        self.run()

    def store(self, *keys: str, content: bytes = b"12345") -> None:
        self.memory.content.update(dict.fromkeys(keys, content))

    def answers(self) -> list[tuple[str, str, int, int]]:
        """(kind, reference, objects, bytes) of each storage.object.deleted, in order."""
        bodies = self.admin.execute("SELECT body FROM outbox ORDER BY seq").fetchall()
        found = [decode(body) for (body,) in bodies]
        assert {(event.type, event.data["owner"]) for event in found} <= {("storage.object.deleted", "media")}
        names = ("kind", "reference", "objects", "bytes")
        return [tuple(event.data[name] for name in names) for event in found]

    def deletions(self) -> list[tuple[Any, ...]]:
        """(kind, state, reason) by video and kind."""
        query = "SELECT kind, state, reason FROM deletion ORDER BY video_id, kind DESC"
        return self.admin.execute(query).fetchall()

    def videos(self) -> list[tuple[Any, ...]]:
        """(tenant, video, state) of the read model."""
        return self.admin.execute("SELECT tenant_id, video_id, state FROM video_ref ORDER BY 1, 2").fetchall()


@pytest.fixture
def janitor(migrated: Migrated, make_event: MakeEvent) -> Janitor:
    return Janitor(migrated("storage_janitor"), make_event)
