"""Multipart uploads: measured, bounded, and refused in clear words when broken."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

UPLOAD = "/api/v1/notes/upload"
BOUNDARY = "multipart/form-data; boundary=BB"


def test_an_upload_arrives_whole_with_its_digest(client: FlaskClient) -> None:
    content = bytes(range(256)) * 300
    data = {"lecture": "수학", "dry_run": "true", "file": (io.BytesIO(content), "명단/3월.xlsx")}
    answer = client.post(UPLOAD, data=data)
    assert answer.status_code == 202
    assert answer.get_json() == {
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "name": "3월.xlsx",
        "lecture": "수학",
        "dry_run": True,
    }


@pytest.mark.parametrize("content", [b"\n" * 90_000, b"\r" * 90_000, b"\r\n--" * 22_000])
def test_content_that_looks_like_a_boundary_is_no_reason_to_refuse(
    client: FlaskClient, content: bytes
) -> None:
    """werkzeug keeps such an end of a block in its buffer, and once counted it against the field limit."""
    answer = client.post(UPLOAD, data={"lecture": "수학", "file": (io.BytesIO(content), "a.xlsx")})
    assert (answer.status_code, answer.get_json()["size"]) == (202, len(content))


def field(name: str, value: str) -> bytes:
    return f'--BB\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


def file(content: bytes, name: str = "file", filename: str = "a.xlsx") -> bytes:
    head = f'--BB\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n\r\n'
    return head.encode() + content + b"\r\n"


END = b"--BB--\r\n"
LECTURE = field("lecture", "a")
WHOLE = LECTURE + file(b"123") + END
Case = tuple[bytes, str]

MALFORMED: dict[str, Case] = {
    "cut inside the file": (LECTURE + file(b"123")[:-4], BOUNDARY),
    "cut inside a header": (LECTURE + b"--BB\r\nContent-Disp", BOUNDARY),
    "cut before the end": (LECTURE + file(b"123"), BOUNDARY),
    "garbage": (b"\x00\xff" * 100, BOUNDARY),
    "another boundary": (WHOLE, "multipart/form-data; boundary=XX"),
    "no boundary": (WHOLE, "multipart/form-data"),
    "boundary is not ASCII": (WHOLE, "multipart/form-data; boundary=\xe9"),
    "part without disposition": (b"--BB\r\nX: 1\r\n\r\nabc\r\n" + END, BOUNDARY),
}
NO_FORM: dict[str, Case] = {
    "json": (b"{}", "application/json"),
    "no content type": (WHOLE, ""),
    "url encoded": (b"lecture=a", "application/x-www-form-urlencoded"),
    "raw file": (b"PK\x03\x04", "application/vnd.ms-excel"),
}
INVALID: dict[str, Case] = {
    "empty body": (b"", BOUNDARY),
    "no file": (LECTURE + END, BOUNDARY),
    "file under another name": (LECTURE + file(b"1", "sheet") + END, BOUNDARY),
    "file as a plain field": (LECTURE + field("file", "1") + END, BOUNDARY),
    "two files": (LECTURE + file(b"1") + file(b"2") + END, BOUNDARY),
    "empty file": (LECTURE + file(b"") + END, BOUNDARY),
    "missing field": (file(b"1") + END, BOUNDARY),
    "unknown field": (LECTURE + field("x", "1") + file(b"1") + END, BOUNDARY),
    "NUL in a field": (field("lecture", "a\x00") + file(b"1") + END, BOUNDARY),
    "strange boolean": (LECTURE + field("dry_run", "1") + file(b"1") + END, BOUNDARY),
}
TOO_LARGE: dict[str, Case] = {
    "file": (LECTURE + file(b"1" * 100_001) + END, BOUNDARY),
    "body": (LECTURE + file(b"1" * 300_000) + END, BOUNDARY),
    "field": (field("lecture", "a" * 600_000) + file(b"1") + END, BOUNDARY),
    "number of parts": (LECTURE * 60 + file(b"1") + END, BOUNDARY),
}
TABLES: dict[tuple[int, str], dict[str, Case]] = {
    (400, "invalid_multipart"): MALFORMED,
    (415, "unsupported_media_type"): NO_FORM,
    (422, "invalid_request"): INVALID,
    (413, "too_large"): TOO_LARGE,
}
BROKEN = {
    f"{code}: {kind}": (status, code, *case)
    for (status, code), table in TABLES.items()
    for kind, case in table.items()
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_uploads_get_a_clear_problem(client: FlaskClient, doings: Any, kind: str) -> None:
    status, code, body, content_type = BROKEN[kind]
    answer: TestResponse = client.post(UPLOAD, data=body, content_type=content_type)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert answer.get_json()["detail"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("/abs/명단.xlsx", "명단.xlsx"),
        ("..", ".."),
        ("a<b>c|d?.xlsx", "abcd.xlsx"),
        ("가" * 300 + ".xlsx", "가" * 195 + ".xlsx"),
        ("각.xlsx", "각.xlsx"),
    ],
)
def test_file_names_are_plain(client: FlaskClient, given: str, kept: str) -> None:
    answer = client.post(UPLOAD, data={"lecture": "a", "file": (io.BytesIO(b"1"), given)})
    assert answer.get_json()["name"] == kept
