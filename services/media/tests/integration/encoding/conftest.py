"""Encoders on real PostgreSQL and a real S3 server, with a transcoder that writes small files."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from eventkit.clock import SystemClock
from eventkit.idle import Idle
from eventkit.metrics import Metrics
from eventkit.pulse import Pulse
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from media.domain.renditions import caption_playlist
from media.domain.source import Audio, Caption, Rendition, Source
from media.domain.videos import hls_prefix, raw_key
from media.metrics import ENCODING
from media.usecases.encoding.attempt import EncodingPorts
from media.usecases.encoding.loop import EncodeLoop
from media.usecases.encoding.queueing import enqueue
from media.usecases.encoding.reconciling import MendingPorts, retry_lost
from media.usecases.encoding.scratch import Scratch
from prometheus_client import CollectorRegistry
from testkit.points import CrashPoints

TENANT = "hangang"
SEGMENT_MS = 6000


class MovableClock(SystemClock):
    """The system's, and as much later as a test says."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.ahead)

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead

    def pass_(self, **span: float) -> None:
        self.ahead += timedelta(**span).total_seconds()


@dataclass
class FakeTranscoder:
    """Every call is noted; `fails` raises at a call's name, `meanwhile` runs in the middle of encoding."""

    source: Source
    calls: list[str] = field(default_factory=list)
    fails: dict[str, Exception] = field(default_factory=dict)
    meanwhile: Callable[[], object] = lambda: None

    def probe(self, path, watch):
        self._called("probe")
        watch(0)
        assert path.read_bytes() == b"original" * 1000
        return self.source

    def encode(self, path, source, rungs, into, watch):
        self._called(f"encode {' '.join(rung.name for rung in rungs)}")
        for rung in rungs:
            self._rendition(into / rung.name, source)
        watch(source.duration_ms / 2000)
        self.meanwhile()
        watch(source.duration_ms / 1000)

    def examine(self, folder, rung):
        self._called(f"examine {rung.name}")
        files = list(folder.iterdir())
        lengths = tuple(self._lengths(self.source))
        size = sum(file.stat().st_size for file in files)
        common = (rung.fps, "avc1.4d401f,mp4a.40.2", rung.max_kbps * 1000, rung.max_kbps * 900)
        return Rendition(rung.name, rung.width, rung.height, *common, lengths, len(files), size)

    def poster(self, path, source, into, watch):
        self._called("poster")
        watch(0)
        (into / "poster.jpg").write_bytes(b"poster")

    def storyboard(self, path, source, into, watch):
        self._called("storyboard")
        (into / "storyboard-000.jpg").write_bytes(b"sprite")
        (into / "storyboard.vtt").write_text("WEBVTT\n")
        watch(source.duration_ms / 1000)

    def captions(self, path, source, caption, into, watch):
        self._called(f"captions {caption.language}")
        (into / "index.m3u8").write_text(caption_playlist(source.duration_ms))
        (into / "00000.vtt").write_text("WEBVTT\n")

    def _called(self, name):
        self.calls.append(name)
        if name in self.fails:
            raise self.fails.pop(name)

    def _rendition(self, folder, source):
        folder.mkdir(parents=True)
        lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:6", '#EXT-X-MAP:URI="init.mp4"']
        (folder / "init.mp4").write_bytes(b"init")
        for number, length in enumerate(self._lengths(source)):
            (folder / f"{number:05}.m4s").write_bytes(f"{folder.name} {number}".encode() * 50)
            lines += [f"#EXTINF:{length / 1000:.3f},", f"{number:05}.m4s"]
        (folder / "index.m3u8").write_text("\n".join([*lines, "#EXT-X-ENDLIST", ""]))

    def _lengths(self, source):
        whole, rest = divmod(source.duration_ms, SEGMENT_MS)
        return [SEGMENT_MS] * whole + [rest] * bool(rest)


@pytest.fixture
def source():
    """13 s of 640x360: two rungs; with sound and one caption."""
    caption = Caption(2, "kor", "자막")
    sound = Audio("aac", 2, 48_000)
    return Source(13_000, 8_000, "h264", 640, 360, 0, Fraction(30), False, sound, (caption,))


@pytest.fixture
def transcoder(source):
    return FakeTranscoder(source)


@pytest.fixture
def db(database):
    return database.database


@pytest.fixture
def admin(database):
    return database.admin


@pytest.fixture
def clock():
    return MovableClock()


@pytest.fixture
def points():
    return CrashPoints()


@pytest.fixture
def metrics():
    return Metrics(CollectorRegistry(), ENCODING)


@pytest.fixture
def mending(db, objects, clock, metrics):
    return MendingPorts.of(db, objects, clock, metrics)


@pytest.fixture
def scratch_root(tmp_path):
    return tmp_path / "scratch"


@dataclass
class Encoder:
    """An encoder process without its threads."""

    ports: EncodingPorts
    loop: EncodeLoop
    stop: threading.Event

    def run_once(self) -> bool:
        return self.loop.run_once(self.stop)


@pytest.fixture
def make_encoder(db, objects, transcoder, clock, points, metrics, mending, scratch_root):
    """`make_encoder("b")`: another one beside the first."""
    with ExitStack() as stack:

        def make(name="a", **other):
            given = {"transcoder": transcoder, "objects": objects, "jitter": random.Random(7).random}
            own = {"pulse": Pulse(clock), "worker": name, "points": points}
            ports = EncodingPorts(db=db, clock=clock, metrics=metrics, **own, **given | other)
            scratch = Scratch(scratch_root)
            stack.callback(scratch.close)
            loop = EncodeLoop(ports, scratch, Idle(), partial(retry_lost, ports=mending))
            return Encoder(ports, loop, threading.Event())

        yield make


@pytest.fixture
def encoder(make_encoder):
    return make_encoder()


@pytest.fixture
def upload(db, admin, objects, tmp_path) -> Callable[..., UUID]:
    """`upload()`: a video whose original is in the bucket, with its job; its id."""

    def make(tenant=TENANT, queued=True, status="UPLOADED", stored=True):
        video_id, session = uuid4(), uuid4()
        key = raw_key(tenant, session, uuid4(), "mp4")
        if stored:
            original = tmp_path / "original"
            original.write_bytes(b"original" * 1000)
            objects.put_file(key, original)
        admin.execute(
            "INSERT INTO video (id, tenant_id, lecture_id, session_id, title, position, status, raw_key,"
            " raw_bytes, created_by) VALUES (%s, %s, %s, %s, '1강', 1, %s, %s, 8000, 'staff')",
            [video_id, tenant, uuid4(), session, status, key],
        )
        if queued:
            with unit_of_work(db, tenant, Cause.start("flow-1"), source="media") as uow:
                enqueue(uow, video_id)
        return video_id

    return make


@pytest.fixture
def job_of(admin):
    """The newest job of a video, as a mapping."""

    def find(video_id):
        cursor = admin.execute(
            "SELECT * FROM encode_job WHERE video_id = %s ORDER BY created_at DESC LIMIT 1", [video_id]
        )
        return dict(zip([column.name for column in cursor.description], cursor.fetchone(), strict=True))

    return find


@pytest.fixture
def video_of(admin):
    def find(video_id):
        cursor = admin.execute("SELECT * FROM video WHERE id = %s", [video_id])
        return dict(zip([column.name for column in cursor.description], cursor.fetchone(), strict=True))

    return find


@pytest.fixture
def stored(objects):
    """Every key of a video's HLS objects."""

    def find(video_id, tenant=TENANT):
        return [info.key for info in objects.list(hls_prefix(tenant, video_id))]

    return find


@pytest.fixture
def events(admin):
    """(type, tenant, correlation id) of everything published, once for all its receivers."""

    def find():
        query = "SELECT type, tenant_id, correlation_id FROM outbox GROUP BY id, 1, 2, 3 ORDER BY min(seq)"
        return admin.execute(query).fetchall()

    return find


@pytest.fixture
def left(scratch_root) -> Callable[[], list[Path]]:
    """What is in the scratch folder besides the folders and locks of living encoders."""

    def find() -> Iterator[Path]:
        return [
            path for path in scratch_root.rglob("*") if path.name != "lock" and path.parent != scratch_root
        ]

    return find
