"""One academy's lecture videos on a running stack: what a teacher does and an auditor finds."""

from __future__ import annotations

import http.client
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO
from urllib.parse import urljoin, urlsplit

import psycopg
from academyctl.client import ApiError, Json

from testkit.academy import Academy, patiently
from testkit.stack import LocalStack
from testkit.waiting import wait_until

MEDIA = "/api/v1/media"
BUCKET = "academy-video"
_CHUNK = 1 << 20


class ConnectionDroppedError(ConnectionError):
    """The line was cut on purpose."""


class Cinema(Academy):
    """A tenant with one lecture of one session (차시) that its videos belong to."""

    def __init__(self, stack: LocalStack, tenant: str) -> None:
        super().__init__(stack, tenant)
        self.lecture_id = self.lecture("영상 강의")
        session = self.api.post("/api/v1/lectures/sessions/", {"lecture": self.lecture_id})
        self.session_id = str(session["id"])

    def begin(self, file: Path, content_type: str = "video/mp4") -> Json:
        """An upload session; the first waits until the media service has heard of the session."""
        body = {
            "session": self.session_id, "title": file.stem, "filename": file.name,
            "content_type": content_type, "size_bytes": file.stat().st_size, "fingerprint": file.name,
        }  # fmt: skip

        def known() -> Json | None:
            try:
                return self.api.post(f"{MEDIA}/videos/upload/init/", body)
            except ApiError as error:
                if error.code != "unknown_session":
                    raise
                return None

        begun = wait_until(known, 60, interval=0.1)
        assert begun is not None
        return begun

    def complete(self, video: str) -> Json:
        return patiently(lambda: self.api.post(f"{MEDIA}/videos/{video}/upload/complete/", {}))

    def send(self, file: Path, content_type: str = "video/mp4") -> str:
        """The id of a video whose file is all there."""
        begun = self.begin(file, content_type)
        video = str(begun["video"]["id"])
        with file.open("rb") as source:
            put(begun["upload_url"], source, file.stat().st_size, content_type)
        self.complete(video)
        return video

    def video(self, video: str) -> Json:
        return patiently(lambda: self.api.get(f"{MEDIA}/videos/{video}/"))

    def encoded(self, video: str, timeout: float = 240) -> Json:
        """The video once it is READY or FAILED. Raises TimeoutError."""
        wait_until(lambda: self.video(video)["status"] in ("READY", "FAILED"), timeout, interval=0.2)
        return self.video(video)

    def play_url(self, video: str) -> str:
        """A signed address of the master playlist, for staff."""
        path = str(self.api.post(f"{MEDIA}/videos/{video}/preview/", {})["play_url"])
        return urljoin(self.stack.base_url, path)

    def objects(self, video: str) -> dict[str, int]:
        """Key → size of everything made of a video."""
        prefix = f"tenants/{self.tenant}/video/hls/{video}/"
        pages = self.stack.endpoints.r2().get_paginator("list_objects_v2")
        listed = pages.paginate(Bucket=BUCKET, Prefix=prefix)
        return {item["Key"]: item["Size"] for page in listed for item in page.get("Contents", ())}

    def delete(self, video: str) -> None:
        self.api.delete(f"{MEDIA}/videos/{video}/")

    def time_passes(self, dead: int) -> None:
        """Waits of this tenant, and leases of its attempts up to `dead`, have ended, as minutes later; if
        PostgreSQL is there.
        """
        with suppress(psycopg.OperationalError):
            self.query(
                "UPDATE media.encode_job SET due_at = now(),"
                " lease_until = CASE WHEN state = 'RUNNING' THEN now() END"
                " WHERE tenant_id = %(tenant)s AND (state = 'RETRY_WAIT' OR"
                f" state = 'RUNNING' AND attempt <= {dead}) RETURNING 1"
            )


def put(
    url: str, source: IO[bytes], size: int, content_type: str = "", *, cut_after: int | None = None
) -> None:
    """PUT `size` bytes from where `source` is. Raises ConnectionDroppedError after `cut_after` bytes."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.netloc, timeout=120)
    headers = {"Content-Length": str(size)} | ({"Content-Type": content_type} if content_type else {})
    try:
        connection.request(
            "PUT", f"{address.path}?{address.query}", _pieces(source, size, cut_after), headers
        )
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
    finally:
        connection.close()


def _pieces(source: IO[bytes], size: int, cut_after: int | None) -> Iterator[bytes]:
    left, sent = size, 0
    while left:
        if cut_after is not None and sent >= cut_after:
            raise ConnectionDroppedError
        piece = source.read(min(_CHUNK, left))
        left, sent = left - len(piece), sent + len(piece)
        yield piece


def fetch(url: str, **headers: str) -> tuple[int, bytes]:
    """Status and body, as a player without sign-in gets them."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.netloc, timeout=60)
    try:
        connection.request("GET", f"{address.path}?{address.query}", headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def addresses(playlist: str) -> Iterable[str]:
    """Every line of a playlist that is an address."""
    return [line for line in playlist.splitlines() if line and not line.startswith("#")]
