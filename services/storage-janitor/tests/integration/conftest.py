"""The storage-janitor over an empty database: buckets in memory, what owners say, what is done on time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any
from uuid import UUID

import pytest
from eventkit.envelope import Event, decode
from eventkit.errors import UnavailableError
from eventkit.metrics import Metrics
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from prometheus_client import CollectorRegistry
from storage_janitor import handlers, metrics
from storage_janitor.adapters.policy_file import NAME, built_in
from storage_janitor.domain.objects import BUCKETS, Found
from storage_janitor.domain.policies import Policy, parse
from storage_janitor.store import ledger, plans
from storage_janitor.usecases import applying, sweeping
from storage_janitor.usecases.releasing import delete_released, deleting_ports
from storage_janitor.usecases.removing import Remover
from testkit.clock import FakeClock
from testkit.database import Templates, TestDatabase
from testkit.events import MakeEvent
from testkit.plugin import Migrated

TENANT = "hangang"
LECTURE, SESSION, VIDEO = UUID(int=1), UUID(int=2), UUID(int=12)
HANDLERS = {
    "enrollment.import.completed": handlers.on_import_completed,
    "media.video.uploaded": handlers.on_video_uploaded,
    "media.video.ready": handlers.on_video_ready,
    "media.video.failed": handlers.on_video_failed,
    "media.video.deleted": handlers.on_video_deleted,
    "media.raw.expired": handlers.on_raw_expired,
}
Hook = Callable[[Sequence[str]], object]


def raw_key(video: UUID, tenant: str) -> str:
    return f"tenants/{tenant}/video/raw/{SESSION}/{UUID(int=video.int + 1000)}.mp4"


class MemoryBucket:
    """A Bucket of which `before` and `after` are called with the keys of each delete.

    `away` makes every call fail as a lost network does; `stuck` keys are refused; `page` objects at once.
    """

    def __init__(self, kind: str, clock: FakeClock) -> None:
        self.kind, self.clock = kind, clock
        self.content: dict[str, Found] = {}
        self.away = False
        self.stuck: set[str] = set()
        self.page = 1000
        self.before: Hook = lambda keys: None
        self.after: Hook = lambda keys: None
        self.listed: Hook = lambda keys: None
        self.lifecycle_rules: list[Any] = []
        self.cors_rules: list[Any] = []

    def put(self, *keys: str, size: int = 5, age: timedelta = timedelta()) -> None:
        """Written `age` ago."""
        written = (self.clock.now() - age).replace(microsecond=0)
        self.content.update({key: Found(key, size, f"{hash((key, written)):x}", written) for key in keys})

    def pages(self, prefix: str = "", after: str = "") -> Iterator[list[Found]]:
        self._reach()
        keys = sorted(key for key in self.content if key.startswith(prefix))
        keys = keys[bisect_right(keys, after) :]
        for start in range(0, len(keys), self.page):
            part = [self.content[key] for key in keys[start : start + self.page] if key in self.content]
            yield part
            self.listed([one.key for one in part])

    def fresh(self, keys: Sequence[str]) -> dict[str, Found]:
        self._reach()
        return {key: self.content[key] for key in keys if key in self.content}

    def delete(self, keys: Sequence[str]) -> dict[str, str]:
        self._reach()
        assert len(keys) <= 1000
        self.before(keys)
        for key in set(keys) - self.stuck:
            self.content.pop(key, None)
        self.after(keys)
        return {key: "AccessDenied" for key in keys if key in self.stuck}

    def make(self) -> None:
        self.away = False

    def lifecycle(self) -> list[Any]:
        self._reach()
        return self.lifecycle_rules

    def put_lifecycle(self, rules: Sequence[Any]) -> None:
        self.lifecycle_rules = list(rules)

    def cors(self) -> list[Any]:
        return self.cors_rules

    def put_cors(self, rules: Sequence[Any]) -> None:
        self.cors_rules = list(rules)

    def abort_uploads(self, before: datetime) -> int:
        return 0

    def _reach(self) -> None:
        if self.away:
            raise UnavailableError("storage: test")


class MemoryOwners:
    """The owners' internal routes: keys in `needed` are not released; `asked` is called before an answer."""

    def __init__(self) -> None:
        self.needed: set[str] = set()
        self.away: set[str] = set()
        self.asked: Callable[[str, Collection[str]], object] = lambda owner, keys: None

    def released(self, owner: str, tenant: str, keys: Collection[str], /) -> set[str]:
        self.asked(owner, keys)
        if owner in self.away:
            raise UnavailableError(f"owner: {owner}")
        return set(keys) - self.needed


class Janitor:
    """`hear` what owners say, `run` the periodic tasks; the buckets are in memory unless replaced."""

    def __init__(self, database: TestDatabase, make_event: MakeEvent) -> None:
        self.admin, self.db, self.url = database.admin, database.database, database.url
        self.make_event = make_event
        # later than every event
        self.clock = FakeClock(datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1))
        self.registry = CollectorRegistry()
        self.figures = Metrics(self.registry, metrics.ALL)
        self.memory = {kind: MemoryBucket(kind, self.clock) for kind in BUCKETS}
        self.owners = MemoryOwners()
        self.policy = built_in()
        self.use({})

    @property
    def objects(self) -> MemoryBucket:
        """The bucket of videos."""
        return self.memory["video"]

    @property
    def excel(self) -> MemoryBucket:
        return self.memory["excel"]

    def use(self, buckets: dict[str, Any], policy: Policy | None = None) -> None:
        """Other buckets, or another policy, from now on."""
        self.policy = policy or self.policy
        self.buckets = {**self.memory, **buckets}
        self.remover = Remover(self.db, self.buckets, self.policy, self.clock)
        self.ports = deleting_ports(self.remover, self.figures)
        self.applying = applying.applying_ports(self.remover, self.owners, self.figures)
        self.sweeping = sweeping.SweepingPorts(self.policy, self.buckets, self.owners, self.clock)

    # -- events

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

    def import_ended(self, job: UUID, tenant: str = TENANT) -> str:
        """An import has ended; the key of its workbook."""
        key = f"excel/{tenant}/{job}.xlsx"
        data = {"job_id": str(job), "lecture_id": None, "dry_run": False, "object_key": key}
        figures = {"enrolled_count": 1, "rows_total": 1}
        self.hear(self.make_event("enrollment.import.completed", tenant, {**data, **figures}))
        return key

    # -- tasks

    def run(self) -> None:
        delete_released(self.db, self.clock.now(), ports=self.ports)

    def run_later(self, **after: float) -> None:
        self.later(**after)
        self.run()

    def later(self, **after: float) -> None:
        self.clock.advance(timedelta(**after).total_seconds())

    def until(self, moment: datetime) -> None:
        """The clock's next time; it may also go back."""
        self.clock.advance((moment - self.clock.now()).total_seconds())

    def empty(self) -> None:
        """No rows, no objects."""
        tables = self.admin.execute(
            "SELECT string_agg(tablename, ', ') FROM pg_tables WHERE schemaname = current_schema()"
            " AND tablename <> 'alembic_version'"
        ).fetchone()
        self.admin.execute(f"TRUNCATE {tables[0]}".encode())
        for bucket in self.memory.values():
            bucket.content.clear()

    def forget_plans(self) -> None:
        """As if none had been made."""
        self.admin.execute("DELETE FROM plan")

    def sweep(self, *buckets: str) -> None:
        for bucket in buckets or BUCKETS:
            self.later(seconds=1)  # no two at once
            sweeping.sweep(self.db, self.sweeping, bucket, by="test")

    def apply(self) -> None:
        applying.apply_plans(self.db, self.clock.now(), ports=self.applying)

    # -- what became of it

    def store(self, *keys: str) -> None:
        """Videos' objects, written now."""
        self.objects.put(*keys)

    def plans(self, *columns: str) -> list[Any]:
        """These columns of every plan, in order of creation."""
        names = ", ".join(columns)
        return self.admin.execute(f"SELECT {names} FROM plan ORDER BY created_at, id".encode()).fetchall()

    def plan(self, kind: str = "policy") -> Any:
        """The newest of this kind."""
        query = "SELECT id FROM plan WHERE kind = %s ORDER BY created_at DESC, id DESC LIMIT 1"
        found = self.admin.execute(query, [kind]).fetchone()
        if found is None:
            return None
        with self.db.system() as conn:
            return plans.find(conn, found[0])

    def ledgered(self) -> list[str]:
        """The keys in the ledger, in order."""
        rows = self.admin.execute("SELECT key FROM ledger ORDER BY seq").fetchall()
        return [key for (key,) in rows]

    def verified(self) -> Any:
        """What the chain says of itself."""
        with self.db.system() as conn:
            return ledger.verified(conn)

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


@pytest.fixture(scope="module")
def untouched_janitor(templates: Templates) -> Iterator[Janitor]:
    """One for a whole file: nothing happens in it, and nobody hears of anything."""
    with templates.migrated("storage_janitor") as database:
        yield Janitor(database, make_nothing)


def make_nothing(type: str, tenant: str, data: dict[str, Any]) -> Event:
    raise AssertionError(f"{type} in an untouched one")


@pytest.fixture
def other_policy() -> Callable[..., Policy]:
    """`other_policy((text, other text), …)`: the built-in one, edited."""

    def edit(*changes: tuple[str, str]) -> Policy:
        text = (files("storage_janitor") / NAME).read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        return parse(text)

    return edit
