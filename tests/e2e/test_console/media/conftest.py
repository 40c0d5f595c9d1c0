"""The console against stand-ins: an API that remembers, and a bucket that can fail as lines do.

What the real services do with the same calls is tested beside them; here it is the pages that are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from testkit.console_api import TYPES, Answer, Handler, console_handler, problem, token
from testkit.servers import serving
from testkit.videos import Videos

MIB = 1 << 20
PART = 5 * MIB
_LIMITS = {"max_video_bytes": 20 << 30, "quota_bytes": 500 << 30, "used_bytes": 0}
_QUEUED = {"status": "UPLOADED", "error": None}


@dataclass
class Bucket:
    """`parts` that arrived, by upload; `faults` are taken one for each PUT that comes: "drop" or a status."""

    parts: dict[str, dict[int, int]] = field(default_factory=dict)
    puts: list[tuple[str, int]] = field(default_factory=list)
    faults: list[str | int | None] = field(default_factory=list)
    hold: Callable[[], Any] | None = None
    lock: Lock = field(default_factory=Lock)

    def take(self, upload: str, number: int, size: int) -> str | int | None:
        """What becomes of a PUT; None: it is stored."""
        with self.lock:
            fault = self.faults.pop(0) if self.faults else None
            if fault is None or fault == "unheard":
                self.puts.append((upload, number))
                self.parts.setdefault(upload, {})[number] = size
            return fault


@dataclass
class Api:
    """What the media service would say. `routes` of a test come first: (method, pattern) → answer.

    `run_out`: queries of signed addresses that are refused; a playlist hands its own on to what it names.
    """

    bucket: Bucket
    bucket_url: str = ""
    single_below: int = 1 * MIB
    videos: dict[str, dict[str, Any]] = field(default_factory=dict)
    uploads: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    routes: list[tuple[str, str, Callable[..., Answer]]] = field(default_factory=list)
    lecture: str = str(UUID(int=1))
    sessions: tuple[str, ...] = (str(UUID(int=11)), str(UUID(int=12)))
    students: dict[str, str] = field(default_factory=dict)
    library: bool = True
    run_out: set[str] = field(default_factory=set)

    def on(self, method: str, pattern: str, answer: Callable[..., Answer]) -> None:
        """Answer calls of a path below /api/v1/ that matches in full; groups are its arguments."""
        self.routes.insert(0, (method, pattern, answer))

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        self.asked.append((method, path, body))
        own = [
            ("GET", "lectures/lectures/", self._lectures),
            ("GET", "lectures/sessions/", self._sessions),
            ("GET", "enrollments/", self._enrollments),
            ("GET", "media/settings/", lambda: (200, _LIMITS)),
            ("GET", "media/videos/", lambda: self._list(query)),
            ("GET", "media/videos/student/", lambda: (200, {"results": [], "next": None})),
            ("POST", "media/videos/upload/init/", lambda: self._begin(body)),
            ("GET", "media/uploads/", self._open),
            ("GET", "media/videos/([^/]+)/upload/", self._state),
            ("POST", "media/videos/([^/]+)/upload/presign/", lambda video: self._presign(video, body)),
            ("POST", "media/videos/([^/]+)/upload/complete/", self._complete),
            ("POST", "media/videos/([^/]+)/upload/cancel/", self._cancel),
            ("GET", "media/videos/([^/]+)/", lambda video: self._found(video, {})),
            ("PATCH", "media/videos/([^/]+)/", lambda video: self._found(video, body)),
            ("DELETE", "media/videos/([^/]+)/", lambda video: (204, self.videos.pop(video, None) and None)),
            ("POST", "media/videos/([^/]+)/keep/", lambda video: self._keep(video, body)),
            ("POST", "media/videos/([^/]+)/retry/", lambda video: self._found(video, _QUEUED)),
        ]  # fmt: skip
        for wanted, pattern, run in [*self.routes, *own]:
            found = re.fullmatch(pattern, path)
            if wanted == method and found:
                return run(*found.groups())
        return 404, problem("not_found", "찾을 수 없습니다.")

    def calls(self, method: str, ending: str) -> list[Any]:
        return [body for asked, path, body in self.asked if asked == method and path.endswith(ending)]

    def add_video(self, **values: Any) -> str:
        """A READY video unless told otherwise."""
        id = str(uuid4())
        now = datetime.now(UTC)
        self.videos[id] = {
            "id": id, "lecture_id": self.lecture, "lecture_title": "수학 특강", "title": "이차함수의 그래프",
            "session_id": self.sessions[0], "session_title": "1차시", "position": 1, "status": "READY",
            "label": "재생 가능", "playable": True, "poster_url": None, "error": None, "progress": None,
            "duration": 3675.2,
            "width": 1920, "height": 1080, "renditions": [], "hls_bytes": 800 * MIB, "hls_objects": 900,
            "raw_bytes": 1200 * MIB, "raw_keep": False, "raw_released_at": None, "raw_deleted_at": None,
            "raw_expires_at": (now + timedelta(days=12)).isoformat(), "allow_skip": False, "max_speed": 1.0,
            "show_watermark": True, "policy_version": 1, "created_by": "user-1",
            "created_at": now.isoformat(), "updated_at": now.isoformat(), "ready_at": now.isoformat(),
            **values,
        }  # fmt: skip
        return id

    def _lectures(self) -> Answer:
        return 200, {"results": [{"id": self.lecture, "title": "수학 특강"}], "next": None}

    def _sessions(self) -> Answer:
        rows = [
            {"id": id, "order": i + 1, "title": f"{i + 1}차시", "date": None}
            for i, id in enumerate(self.sessions)
        ]
        return 200, {"results": rows, "next": None}

    def _enrollments(self) -> Answer:
        rows = [{"id": id, "student_name": name} for id, name in self.students.items()]
        return 200, {"results": rows, "next": None}

    def _list(self, query: dict[str, str]) -> Answer:
        rows = [row for row in self.videos.values() if query.get("status") in (None, row["status"])]
        rows = [row for row in rows if query.get("search", "") in row["title"]]
        return 200, {"results": rows, "next": None}

    def _found(self, video: str, changes: dict[str, Any]) -> Answer:
        if video not in self.videos:
            return 404, problem("not_found", "찾을 수 없습니다.")
        self.videos[video] |= changes
        return 200, self.videos[video]

    def _keep(self, video: str, body: dict[str, Any]) -> Answer:
        return self._found(video, {"raw_keep": body["keep"]})

    def _begin(self, body: dict[str, Any]) -> Answer:
        video = self.add_video(title=body["title"], status="PENDING", playable=False, raw_expires_at=None)
        single = body["size_bytes"] < self.single_below
        part = body["size_bytes"] if single else PART
        self.uploads[video] = {
            "id": str(uuid4()), "kind": "SINGLE" if single else "MULTIPART", "state": "OPEN",
            "part_bytes": part,
            "part_count": -(-body["size_bytes"] // part), "created_at": datetime.now(UTC).isoformat(),
            "expires_at": (datetime.now(UTC) + timedelta(days=7)).isoformat(), "type": body["content_type"],
            **{name: body[name] for name in ("filename", "size_bytes", "fingerprint")},
        }  # fmt: skip
        return 201, self._described(video) | {"video": self.videos[video]}

    def _described(self, video: str) -> dict[str, Any]:
        upload = self.uploads[video]
        url = f"{self.bucket_url}/{video}/1" if upload["kind"] == "SINGLE" else None
        return {
            "video_id": video, "upload": upload, "upload_url": url, "file_key": "k",
            "content_type": upload["type"],
        }  # fmt: skip

    def _open(self) -> Answer:
        found = [
            self._described(video) for video, upload in self.uploads.items() if upload["state"] == "OPEN"
        ]
        return 200, {"results": found}

    def _state(self, video: str) -> Answer:
        parts = sorted(self.bucket.parts.get(video, {}))
        whole = self.uploads[video]["kind"] == "SINGLE" and bool(parts)
        return 200, self._described(video) | {"stored": whole, "uploaded_parts": parts}

    def _presign(self, video: str, body: dict[str, Any]) -> Answer:
        urls = [
            {"part": part, "size": PART, "url": f"{self.bucket_url}/{video}/{part}"} for part in body["parts"]
        ]
        return 200, {"results": urls}

    def _complete(self, video: str) -> Answer:
        upload = self.uploads[video]
        if sum(self.bucket.parts.get(video, {}).values()) != upload["size_bytes"]:
            return 409, problem("upload_incomplete", "올라오지 않은 부분이 있습니다.")
        upload["state"] = "COMPLETED"
        self.videos[video] |= {"status": "UPLOADED", "raw_bytes": upload["size_bytes"]}
        return 200, self.videos[video]

    def _cancel(self, video: str) -> Answer:
        self.uploads.pop(video)
        self.videos.pop(video)
        return 204, None


def _console_handler(api: Api, media: Path) -> type[Handler]:
    class Console(console_handler(api, api.bucket_url)):
        """HLS files below the API's own path; hls.js is there or not."""

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path == "/console/vendor/hls.mjs" and not api.library:
                self.reply(200, b"export default null;", Content_Type="text/javascript")
            elif path.startswith("/api/v1/media/hls/"):
                self._signed(media / path.removeprefix("/api/v1/media/hls/"))
            else:
                super().do_GET()

        def _signed(self, path: Path) -> None:
            status, body = _hls(api, path, urlsplit(self.path).query)
            self.reply(status, body, Content_Type=TYPES.get(path.suffix, "application/octet-stream"))

    return Console


def _hls(api: Api, path: Path, query: str) -> tuple[int, bytes]:
    if not path.is_file():
        return 404, b""
    if query in api.run_out:
        return 403, b""
    if not query or path.suffix != ".m3u8":
        return 200, path.read_bytes()
    named = re.sub(r"^(\w[\w.]*)$", rf"\1?{query}", path.read_text("utf-8"), flags=re.MULTILINE)
    return 200, named.encode()


def _bucket_handler(bucket: Bucket, origin: Callable[[], str]) -> type[Handler]:
    class Store(Handler):
        """Presigned PUTs of another origin, by the rule of academyctl.bootstrap.upload_rules."""

        def do_OPTIONS(self) -> None:
            allowed = {"Access_Control_Allow_Methods": "PUT", "Access_Control_Allow_Headers": "content-type"}
            self.reply(200, b"", Access_Control_Allow_Origin=origin(), **allowed)

        def do_PUT(self) -> None:
            upload, number = self.path.strip("/").split("/")
            if bucket.hold:
                bucket.hold()
            size = int(self.headers["Content-Length"])
            if len(self.rfile.read(size)) < size:
                return  # broken off by the page
            fault = bucket.take(upload, int(number), size)
            if isinstance(fault, str):  # the line breaks: before or after the bucket had it all
                return
            self.reply(fault or 200, b"", Access_Control_Allow_Origin=origin(), ETag='"x"')

    return Store


@pytest.fixture
def api() -> Api:
    return Api(Bucket())


@pytest.fixture(scope="session")
def media_files(tmp_path_factory: pytest.TempPathFactory, videos: Videos) -> Path:
    """What is served below /api/v1/media/hls/: 12 s in two qualities, and a storyboard of four pictures."""
    folder = tmp_path_factory.mktemp("hls")
    streams = ("-map", "0:v", "-map", "1:a", "-map", "0:v", "-map", "1:a", "-s:v:1", "320x180")
    coded = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "30", "-c:a", "aac")
    packed = ("-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4")
    named = ("-master_pl_name", "master.m3u8", "-var_stream_map", "v:0,a:0 v:1,a:1")
    videos.play(folder / "v%v.m3u8", *streams, *coded, *packed, *named, rate="15", seconds=12)
    tiles = ("-map", "0:v", "-vf", "fps=1/3,scale=160:90,tile=4x1", "-frames:v", "1")
    videos.play(folder / "sprite.jpg", *tiles, rate="15", seconds=12)
    cues = [
        f"00:00:{3 * i:02d}.000 --> 00:00:{3 * i + 3:02d}.000\nsprite.jpg#xywh={160 * i},0,160,90"
        for i in range(4)
    ]
    (folder / "storyboard.vtt").write_text("\n\n".join(["WEBVTT", *cues]), "utf-8")
    return folder


@pytest.fixture
def desk_url(api: Api, media_files: Path) -> Iterator[str]:
    """Where the console is, under the policy that the gateway sends."""
    where: list[str] = []
    with (
        serving(_bucket_handler(api.bucket, lambda: where[0])) as api.bucket_url,
        serving(_console_handler(api, media_files)) as url,
    ):
        where.append(url)
        yield url


@pytest.fixture
def page(console_at: Any, desk_url: str) -> Iterator[Any]:
    """The console, not signed in; afterwards the browser must have had nothing to complain of."""
    console = console_at(desk_url)
    yield console
    console.check_quiet()


@pytest.fixture
def desk(page: Any) -> Any:
    page.sign_in(token("staff"))
    return page


@pytest.fixture
def pupil(page: Any) -> Any:
    page.open(f"#token={token('student')}")
    page.wait_text("h1", "내 강의 영상")
    return page
