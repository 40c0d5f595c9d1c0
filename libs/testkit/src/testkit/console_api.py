"""What the console talks to where no stack is needed: its files, and an API that answers as a test says."""

from __future__ import annotations

import base64
import json
import re
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

import yaml
from academyctl import gateway
from academyctl.config import Ports

CONSOLE = Path(__file__).parents[3] / "console"
TYPES = {
    ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css",
    ".svg": "image/svg+xml", ".m3u8": "application/vnd.apple.mpegurl", ".vtt": "text/vtt",
    ".jpg": "image/jpeg", ".mp4": "video/mp4", ".m4s": "video/iso.segment",
}  # fmt: skip
Answer = tuple[int, Any]
"""Status and JSON body; None: no body."""


class Answering(Protocol):
    """A stand-in for the services."""

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        """`path` is below /api/v1/."""


class Handler(BaseHTTPRequestHandler):
    """HTTP/1.0: a line is used once. On one that was used before a browser tries again by itself."""

    def log_message(self, *_: Any) -> None:
        pass

    def reply(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


def console_handler(api: Answering, bucket_url: str = "http://127.0.0.1:9") -> type[Handler]:
    """The console's files under the policy that the gateway sends, and `api` below /api/v1/."""
    policy = _policy(bucket_url)

    class Console(Handler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path.startswith("/console/"):
                self.file(CONSOLE / (path.removeprefix("/console/") or "index.html"))
            else:
                self.do_POST()

        def do_POST(self) -> None:
            url = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.loads(raw) if raw else None
            query = dict(parse_qsl(url.query))
            status, said = api.answer(self.command, url.path.removeprefix("/api/v1/"), query, body)
            kind = "application/problem+json" if status >= 400 else "application/json"
            self.reply(status, b"" if said is None else json.dumps(said).encode(), Content_Type=kind)

        do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815 - http.server calls them

        def file(self, path: Path) -> None:
            kind = TYPES.get(path.suffix, "application/octet-stream")
            found = path.is_file()
            body = path.read_bytes() if found else b""
            self.reply(200 if found else 404, body, Content_Type=kind, Content_Security_Policy=policy)

    return Console


def _policy(bucket_url: str) -> str:
    rules = yaml.safe_load(gateway.RULES.read_text(encoding="utf-8"))
    config = gateway.configuration(rules, Path("jwks.json"), Ports(8800), bucket_url)
    found = re.search(r'Content-Security-Policy "([^"]+)"', config)
    assert found is not None
    return found[1]


def token(*roles: str) -> str:
    """A stand-in believes everybody."""
    claims = json.dumps({"tenant_id": "academy-a", "sub": "user-1", "roles": roles}).encode()
    return f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.x"


def problem(code: str, detail: str, **members: Any) -> dict[str, Any]:
    return {"code": code, "detail": detail, **members}
