"""The operations guide's section 4, line by line: all services, a real S3 server, a clock that is moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import enrollment.handlers
import enrollment.metrics
import media.metrics
import pytest
import storage_janitor.handlers
import storage_janitor.metrics
from enrollment.adapters.sheet import annotate
from enrollment.usecases.workbooks import EndingPorts
from eventkit.envelope import Event, decode
from eventkit.metrics import Metrics
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from flask.testing import FlaskClient
from media.domain.source import Source
from media.store import publication, videos
from media.usecases.retention import expire_raw
from prometheus_client import CollectorRegistry
from servicekit.settings import load
from servicekit.storage import R2Store, r2_client
from storage_janitor.adapters.buckets import open_buckets
from storage_janitor.adapters.policy_file import built_in
from storage_janitor.commands.legacy import delete_r2_legacy
from storage_janitor.domain.objects import BUCKETS
from storage_janitor.settings import Settings
from storage_janitor.store import ledger
from storage_janitor.usecases import applying, releasing, sweeping
from storage_janitor.usecases.removing import Remover
from testkit.api import app_of, environment, internal, signed_in
from testkit.clock import FakeClock
from testkit.database import TestDatabase
from testkit.events import MakeEvent

pytestmark = pytest.mark.servers

TENANT, JOB = "hangang", UUID(int=7)
HANDLERS = {
    "enrollment.import.completed": storage_janitor.handlers.on_import_completed,
    "media.video.ready": storage_janitor.handlers.on_video_ready,
    "media.video.deleted": storage_janitor.handlers.on_video_deleted,
    "media.raw.expired": storage_janitor.handlers.on_raw_expired,
}


class Apps:
    """storage_janitor.ports.Owners: the owners' own internal routes."""

    def __init__(self, clients: dict[str, FlaskClient]) -> None:
        self._clients = clients

    def released(self, owner: str, tenant: str, keys: Collection[str], /) -> set[str]:
        asked = {"tenant_id": tenant, "keys": sorted(keys)}
        answer = self._clients[owner].post("/internal/storage/released/", json=asked)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return set(answer.get_json()["released"])


class World:
    """The three services over one database and four buckets; `pass_time` is the only clock."""

    def __init__(self, database: TestDatabase, settings: Settings, issuer: Any, r2: Any) -> None:
        self.database, self.settings, self.r2 = database, settings, r2
        self.media_db, self.db = database.database_of("media"), database.database_of("storage_janitor")
        apps = {
            name: app_of(name, issuer, database.url_of(name)) for name in ("enrollment", "media", "students")
        }
        self.api = signed_in(apps["media"], issuer, TENANT)
        owners = Apps({name: internal(app) for name, app in apps.items()})
        self.clock = FakeClock(datetime.now(UTC))
        self.buckets = open_buckets(settings, settings.buckets)
        figures = Metrics(CollectorRegistry(), storage_janitor.metrics.ALL)
        self.media_figures = Metrics(CollectorRegistry(), media.metrics.ALL)
        remover = Remover(self.db, self.buckets, built_in(), self.clock)
        self.deleting = releasing.deleting_ports(remover, figures)
        self.applying = applying.applying_ports(remover, owners, figures)
        self.sweeping = sweeping.SweepingPorts(built_in(), self.buckets, owners, self.clock)
        self._heard: set[UUID] = set()

    def put(self, kind: str, *keys: str) -> None:
        for key in keys:
            self.r2.put_object(Bucket=self.settings.buckets[kind], Key=key, Body=b"12345")

    def keys(self, kind: str) -> set[str]:
        return {found.key for page in self.buckets[kind].pages() for found in page}

    def video(self) -> tuple[UUID, str, str]:
        """(id, key of the original, HLS prefix) of one that has just become READY."""
        session, object_id = uuid4(), uuid4()
        raw = f"tenants/{TENANT}/video/raw/{session}/{object_id}.mp4"
        with unit_of_work(self.media_db, TENANT, Cause.start(), source="media") as uow:
            values = {
                "lecture_id": uuid4(),
                "session_id": session,
                "title": "1강",
                "position": 1,
                "raw_key": raw,
            }
            row = videos.insert(uow.conn, TENANT, {**values, "created_by": "user-1", "raw_bytes": 5})
            prefix = f"tenants/{TENANT}/video/hls/{row.id}/"
            published = publication.Published(f"{prefix}master.m3u8", "", "", [], 9, 2)
            row = publication.mark_ready(uow.conn, row.id, SOURCE, published)
            of = {"video_id": row.id, "lecture_id": row.lecture_id, "session_id": session}
            data = {name: str(value) for name, value in of.items()}
            data |= {"duration_ms": 1000, "hls_prefix": prefix, "hls_bytes": 9, "raw_key": raw}
            data["raw_expires_at"] = row.raw_expires_at.isoformat()
            uow.publish("media.video.ready", subject=str(row.id), data=data)
        self.put("video", raw, f"{prefix}master.m3u8", f"{prefix}a-1/v1/00000.m4s")
        return row.id, raw, prefix

    def pass_time(self, **passed: float) -> None:
        """Later: what media does on time, what it says, and what the janitor does on time."""
        self.clock.advance(timedelta(**passed).total_seconds())
        expire_raw(self.media_db, self.clock.now(), metrics=self.media_figures)
        self.listen()
        releasing.delete_released(self.db, self.clock.now(), ports=self.deleting)
        for bucket in BUCKETS:
            sweeping.sweep(self.db, self.sweeping, bucket, by="test")
        self.clock.advance(3601)  # the longest grace
        applying.apply_plans(self.db, self.clock.now(), ports=self.applying)

    def listen(self) -> None:
        """The janitor hears what media has said."""
        rows = self.database.admin.execute("SELECT body FROM media.outbox ORDER BY seq").fetchall()
        for event in map(decode, (body for (body,) in rows)):
            if event.type in HANDLERS and event.id not in self._heard:
                self._heard.add(event.id)
                self.hear(event)

    def hear(self, event: Event) -> None:
        with unit_of_work(self.db, event.tenantid, Cause.of(event), source="storage-janitor") as uow:
            HANDLERS[event.type](uow, [event])

    def ledger(self) -> Counter[str]:
        """Deleted objects by rule, of a chain that verifies."""
        with self.db.system() as conn:
            assert ledger.verified(conn).broken_at is None
            return Counter(entry.rule for entry, _, _ in ledger.chain(conn))


SOURCE = Source(1000, 5, "h264", 640, 360, 0, Fraction(30), False, None, ())


@pytest.fixture
def world(migrated: Any, issuer: Any, s3_server: Any) -> Iterator[World]:
    r2 = r2_client(s3_server.endpoint, s3_server.access_key, s3_server.secret_key)
    names = {f"R2_{kind.upper()}_BUCKET": f"{kind}-{uuid4().hex}" for kind in BUCKETS}
    for name in names.values():
        r2.create_bucket(Bucket=name)
    database = migrated("storage_janitor", "media", "enrollment", "students")
    keys = {
        "R2_ENDPOINT": s3_server.endpoint,
        "R2_ACCESS_KEY": s3_server.access_key,
        "R2_SECRET_KEY": s3_server.secret_key,
    }
    settings = load(Settings, environment(issuer, database.url_of("storage_janitor"), **names, **keys))
    made = World(database, settings, issuer, r2)
    yield made
    for kind, name in settings.buckets.items():
        for key in made.keys(kind):
            r2.delete_object(Bucket=name, Key=key)
        r2.delete_bucket(Bucket=name)


def test_an_uploaded_workbook_is_gone_when_its_job_ends(world: World, make_event: MakeEvent) -> None:
    """엑셀 업로드: 워커가 즉시 삭제; and what a worker left behind an hour later."""
    keys = [f"excel/{TENANT}/{UUID(int=n)}.xlsx" for n in (1, 2, 3)]
    world.put("excel", *keys)
    events = [ended(make_event, key) for key in keys[:2]]
    store = R2Store(world.r2, world.settings.r2_excel_bucket)
    ports = EndingPorts(store, annotate, Metrics(CollectorRegistry(), enrollment.metrics.ALL))
    with unit_of_work(
        world.database.database_of("enrollment"), TENANT, Cause.start(), source="enrollment"
    ) as uow:
        enrollment.handlers.on_import_completed(uow, events[:1], ports=ports)
    assert world.keys("excel") == set(keys[1:])
    for event in events:
        world.hear(event)
    world.pass_time(minutes=30)
    assert world.keys("excel") == set(keys[1:])
    world.pass_time(minutes=31)
    assert world.keys("excel") == {keys[2]}  # its import has not ended


def ended(make_event: Callable[..., Event], key: str) -> Event:
    data = {"job_id": key.rpartition("/")[2].removesuffix(".xlsx"), "lecture_id": None, "dry_run": False}
    figures = {"object_key": key, "enrolled_count": 1, "rows_total": 1}
    return make_event("enrollment.import.completed", TENANT, {**data, **figures})


def test_an_export_is_gone_after_24_hours(world: World) -> None:
    """엑셀 내보내기: 24h."""
    key = f"exports/{TENANT}/{JOB}_출석부 3월.xlsx"
    world.put("excel", key)
    world.pass_time(hours=23.9)
    assert world.keys("excel") == {key}
    world.pass_time(minutes=1)  # an hour has passed besides
    assert world.keys("excel") == set()
    assert world.ledger() == {"export": 1}


def test_an_original_goes_30_days_after_ready_and_not_29_and_hls_stays(world: World) -> None:
    """영상 원본: 30일 후 삭제; HLS: 무한 유지."""
    _, raw, prefix = world.video()
    made = {f"{prefix}master.m3u8", f"{prefix}a-1/v1/00000.m4s"}
    world.pass_time(days=29)
    assert world.keys("video") == {raw, *made}
    world.pass_time(days=1)
    assert world.keys("video") == made
    assert world.ledger() == {"video-raw": 1}
    for _ in range(3):
        world.pass_time(days=365)
    assert world.keys("video") == made


def test_hls_of_a_deleted_video_goes_and_its_neighbours_stay(world: World) -> None:
    """HLS: 삭제 시 함께 삭제, 접두사가 겹치는 다른 영상은 그대로."""
    video, raw, prefix = world.video()
    other, other_raw, other_prefix = world.video()
    neighbours = {f"{prefix.removesuffix('/')}3/master.m3u8", prefix.removesuffix("/")}
    world.put("video", *neighbours)
    assert world.api.delete(f"/api/v1/media/videos/{video}/").status_code == 204
    world.pass_time(minutes=1)
    kept = {other_raw, f"{other_prefix}master.m3u8", f"{other_prefix}a-1/v1/00000.m4s", *neighbours}
    assert world.keys("video") == kept
    assert world.ledger() == {"video-hls": 2, "video-raw": 1}
    assert not {key for key in world.keys("video") if str(other) not in key} - {other_raw, *neighbours}
    assert raw not in kept


def test_the_guide_s_command_takes_hls_12_and_not_hls_123(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """delete_r2_legacy --bucket video --prefix "tenants/…/video/hls/{id}", with a slash."""
    hls = f"tenants/{TENANT}/video/hls"
    old = [f"{hls}/12/master.m3u8", f"{hls}/12/v1/index0.ts", f"{hls}/123/master.m3u8"]
    _, raw, prefix = world.video()
    world.put("video", *old)
    command = partial(delete_r2_legacy, world.settings)
    with pytest.raises(SystemExit) as refused:
        command(["--bucket", "video", "--prefix", f"{hls}/12"])
    assert refused.value.code == 2
    assert command(["--bucket", "video", "--prefix", f"{hls}/12/", "--dry-run"]) == 0
    assert len(world.keys("video")) == 6
    assert command(["--bucket", "video", "--prefix", f"{hls}/12/"]) == 0
    assert world.keys("video") == {old[2], raw, f"{prefix}master.m3u8", f"{prefix}a-1/v1/00000.m4s"}
    assert "video: 2 listed, 2 deleted, 0 needed and kept" in capsys.readouterr().out
    assert world.ledger() == {"unknown": 2}
