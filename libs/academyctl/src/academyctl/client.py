"""The public HTTP API as a program uses it: JSON, and one streamed upload."""

from __future__ import annotations

import http.client
import json
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

_CHUNK = 64 * 1024
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Json = dict[str, Any]


class ApiError(RuntimeError):
    """The API refused; the message is the problem's own text."""

    def __init__(self, status: int, problem: Json) -> None:
        text = problem.get("detail") or problem.get("title") or "no explanation"
        super().__init__(f"HTTP {status} {problem.get('code', '')}: {text}")
        self.status = status
        self.code = str(problem.get("code", ""))


class ApiClient:
    """Calls with one bearer token. Every method raises ApiError, or OSError when nobody answers."""

    def __init__(self, base_url: str, token: str) -> None:
        self._address = urlsplit(base_url).netloc
        self._authorization = f"Bearer {token}"

    def get(self, path: str, **query: str) -> Json:
        """The answer's JSON object."""
        return self._call("GET", f"{path}?{urlencode(query)}" if query else path, {}, None)

    def post(self, path: str, body: Json) -> Json:
        """The answer's JSON object."""
        return self._call("POST", path, {"Content-Type": "application/json"}, json.dumps(body).encode())

    def patch(self, path: str, body: Json) -> Json:
        """The answer's JSON object."""
        return self._call("PATCH", path, {"Content-Type": "application/json"}, json.dumps(body).encode())

    def delete(self, path: str) -> Json:
        """The answer's JSON object; empty where there is none."""
        return self._call("DELETE", path, {}, None)

    def upload(self, path: str, fields: Mapping[str, str], file: Path, *, idempotency_key: str = "") -> Json:
        """POST a multipart form with `file`, read from the disk as it is sent."""
        boundary = secrets.token_hex(16)
        head, foot = _form(fields, file.name, boundary)
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(len(head) + file.stat().st_size + len(foot)),
        }
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        return self._call("POST", path, headers, _body(head, file, foot))

    def _call(
        self, method: str, path: str, headers: dict[str, str], body: bytes | Iterator[bytes] | None
    ) -> Json:
        connection = http.client.HTTPConnection(self._address, timeout=60)
        try:
            connection.request(method, path, body, headers | {"Authorization": self._authorization})
            answer = connection.getresponse()
            return _read(answer.status, answer.read())
        finally:
            connection.close()


def _form(fields: Mapping[str, str], filename: str, boundary: str) -> tuple[bytes, bytes]:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    quoted = filename.replace("\\", "_").replace('"', "%22").replace("\r", "").replace("\n", "")
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{quoted}"\r\n'
        f"Content-Type: {_XLSX}\r\n\r\n"
    )
    return "".join(parts).encode(), f"\r\n--{boundary}--\r\n".encode()


def _body(head: bytes, file: Path, foot: bytes) -> Iterator[bytes]:
    yield head
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            yield chunk
    yield foot


def _read(status: int, body: bytes) -> Json:
    try:
        document = json.loads(body)
    except ValueError:
        document = {}
    if not isinstance(document, dict):
        document = {}
    if status >= 300:
        raise ApiError(status, document)
    return document
