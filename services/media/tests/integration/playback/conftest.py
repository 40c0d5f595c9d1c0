"""One academy with a video, its students, and players that watch it; objects in memory, PostgreSQL real."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from media.domain.access import Limits
from media.domain.links import Links
from media.domain.signing import signing_keys
from media.domain.videos import hls_prefix
from media.http import BLUEPRINTS
from media.ports import Ports
from media.settings import Settings
from servicekit.app import create_base_app
from servicekit.auth import Accounts, Identity
from servicekit.settings import load
from servicekit.sign_ins import SignIn
from testkit.api import SIGNING_SECRET, environment, signed_in
from testkit.database import TestDatabase
from testkit.objects import MemoryObjects
from testkit.tokens import Issuer

MEDIA = "/api/v1/media/"
HOUR = 3600
USUAL = Limits(9999, 9999, 3, 0.5)

MASTER = """#EXTM3U
#EXT-X-VERSION:7
#EXT-X-STREAM-INF:BANDWIDTH=500000,CODECS="avc1.4d401e,mp4a.40.2",RESOLUTION=640x360
v1/index.m3u8
"""
VARIANT = """#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:6
#EXT-X-MAP:URI="init.mp4"
#EXTINF:6.0,
00000.m4s
#EXTINF:6.0,
00001.m4s
#EXT-X-ENDLIST
"""
STORYBOARD = "WEBVTT\n\n00:00.000 --> 00:10.000\nstoryboard-000.jpg#xywh=0,0,160,90\n"
SEGMENT = bytes(range(256)) * 40
FILES = {
    "master.m3u8": MASTER.encode(),
    "v1/index.m3u8": VARIANT.encode(),
    "v1/init.mp4": b"init" * 10,
    "v1/00000.m4s": SEGMENT,
    "v1/00001.m4s": SEGMENT[::-1],
    "storyboard.vtt": STORYBOARD.encode(),
    "storyboard-000.jpg": b"\xff\xd8jpeg",
    "poster.jpg": b"\xff\xd8poster",
}


@dataclass
class FamilyRegister:
    """The students service's answers: account id → the students it may see; `ended` sign-ins are dead."""

    students: dict[str, frozenset[UUID]] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)

    def find(self, who: Identity) -> SignIn:
        alive = who.subject not in self.ended
        return SignIn(alive, self.students.get(who.subject, frozenset()) if alive else frozenset())

    def alive(self, who: Identity) -> bool:
        return self.find(who).alive


@dataclass
class Player:
    """What the page of a student (or parent) sends; answers are (status, body)."""

    app: Flask
    authorization: str
    student: UUID
    enrollment: UUID
    device: str = "device-1"

    def ask(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, Any]:
        headers = {"Authorization": self.authorization}
        client = self.app.test_client()
        answer = client.open(MEDIA + path, method=method, json=body, headers=headers, query_string=query)
        return answer.status_code, answer.get_json(silent=True)

    def post(self, what: str, **body: Any) -> tuple[int, Any]:
        return self.ask("POST", f"playback/{what}/", body)

    def start(self, video: UUID, **changed: Any) -> tuple[int, Any]:
        usual = {
            "video_id": str(video),
            "enrollment_id": str(self.enrollment),
            "device_id": self.device,
        }
        return self.post("start", **{**usual, **changed})

    def started(self, video: UUID) -> dict[str, Any]:
        status, body = self.start(video)
        assert status == 201, body
        return dict(body)

    def beat(self, token: str, position: float) -> tuple[int, Any]:
        return self.post("heartbeat", token=token, position=position)

    def events(self, token: str, *events: dict[str, Any]) -> tuple[int, Any]:
        return self.post("events", token=token, events=list(events))


@dataclass
class Academy:
    """What is in the database of one academy."""

    app: Flask
    db: TestDatabase
    issuer: Issuer
    objects: MemoryObjects
    register: FamilyRegister
    tenant: str = "demo"
    lecture: UUID = field(default_factory=uuid4)
    session: UUID = field(default_factory=uuid4)

    def sql(self, statement: str, *values: Any) -> list[Any]:
        found = self.db.admin.execute(statement.encode(), values)
        return found.fetchall() if found.description else []

    def video(self, *, status: str = "READY", seconds: int = HOUR, **columns: Any) -> UUID:
        """A video whose objects are in the store."""
        video, attempt = uuid4(), f"{uuid4()}-1"
        prefix = f"{hls_prefix(self.tenant, video)}{attempt}/"
        for name, content in FILES.items():
            self.objects.content[prefix + name] = content
        made = {
            "id": video, "tenant_id": self.tenant, "lecture_id": self.lecture, "session_id": self.session,
            "title": "1강", "position": 1, "status": status, "raw_key": "raw", "created_by": "t",
            "duration_ms": seconds * 1000, "master_key": f"{prefix}master.m3u8",
            "poster_key": f"{prefix}poster.jpg", "storyboard_key": f"{prefix}storyboard.vtt", **columns,
        }  # fmt: skip
        places = ", ".join(["%s"] * len(made))
        self.sql(f"INSERT INTO video ({', '.join(made)}) VALUES ({places})", *made.values())
        return video

    def student(self, attendance: str | None = "ONLINE", *, student: UUID | None = None) -> Player:
        """A student of lecture and session with this mark, signed in."""
        student, enrollment, account = student or uuid4(), uuid4(), uuid4()
        self.sql(
            "INSERT INTO enrollment_ref VALUES (%s, %s, %s, %s, 'ACTIVE', 1, false)",
            *(self.tenant, enrollment, self.lecture, student),
        )
        self.mark(enrollment, student, attendance)
        self.register.students[str(account)] = frozenset([student])
        return Player(self.app, f"Bearer {self.token(account)}", student, enrollment)

    def mark(self, enrollment: UUID, student: UUID, attendance: str | None) -> None:
        self.sql(
            "INSERT INTO session_enrollment_ref (tenant_id, session_id, enrollment_id, lecture_id,"
            " student_id, attendance, version, deleted) VALUES (%s, %s, %s, %s, %s, %s, 1, false)"
            " ON CONFLICT (tenant_id, session_id, enrollment_id)"
            " DO UPDATE SET attendance = excluded.attendance",
            *(self.tenant, self.session, enrollment, self.lecture, student, attendance),
        )

    def token(self, account: UUID, role: str = "student") -> str:
        return self.issuer.mint_account(self.tenant, role, account, uuid4())

    def staff(self, role: str = "teacher") -> Any:
        return signed_in(self.app, self.issuer, self.tenant, [role], "teacher-1")

    def fetch(self, url: str, method: str = "GET", **headers: str) -> Any:
        """Like a player: no sign-in, the address as it was given."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.app.test_client().open(url, method=method, headers=named)

    @staticmethod
    def addresses(answer: Any) -> list[str]:
        """Every address in a playlist or storyboard that was fetched."""
        return re.findall(r"/api/v1/media/hls/[^\"\s#]+", answer.get_data(as_text=True))

    def watched_for(self, seconds: int) -> None:
        """As if the last report of everybody had come so long ago."""
        self.sql("UPDATE video_progress SET updated_at = updated_at - make_interval(secs => %s)", seconds)

    def progress(self, player: Player) -> Any:
        [row] = self.sql(
            "SELECT position_ms, max_watched_ms, watched_ms, progress::float, completed_at IS NOT NULL,"
            " proctored_completed_at IS NOT NULL FROM video_progress WHERE enrollment_id = %s",
            player.enrollment,
        )
        return row

    def sessions(self) -> list[Any]:
        return self.sql(
            "SELECT state, event_count, violation_count FROM playback_session ORDER BY started_at"
        )


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects()


@pytest.fixture
def links() -> Links:
    return Links(signing_keys(SIGNING_SECRET), 600)


MakeAcademy = Callable[..., Academy]


@pytest.fixture
def make_academy(database: TestDatabase, issuer: Issuer, objects: MemoryObjects, links: Links) -> MakeAcademy:
    """`make_academy(limits=Limits(1, 9, 3, .5), tenant="other")`."""

    def make(
        *,
        limits: Limits = USUAL,
        tenant: str = "demo",
        store: Any = objects,
    ) -> Academy:
        register = FamilyRegister()
        ports = Ports(store, None, links, register, limits)
        settings = load(Settings, environment(issuer, database.url))
        accounts = Accounts(issuer.accounts, register.alive)
        app = create_base_app(
            "media", settings, database.database, deps=ports, blueprints=BLUEPRINTS, accounts=accounts
        )
        return Academy(app, database, issuer, objects, register, tenant)

    return make


@pytest.fixture
def academy(make_academy: MakeAcademy) -> Academy:
    return make_academy()
