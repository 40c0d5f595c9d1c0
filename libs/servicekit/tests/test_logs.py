"""What must not stand in a log line."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from eventkit import logcontext
from flask import Flask
from flask.testing import FlaskClient
from servicekit import logs

PHONES = [
    "01012345678", "010-1234-5678", "010 1234 5678", "010.1234.5678", "(010) 1234-5678", "010-123-4567",
    "+82 10-1234-5678", "+82-010-1234-5678", "821012345678", "０１０１２３４５６７８", "010–1234–5678",
    "010_1234_5678", "0 1 0 1 2 3 4 5 6 7 8", "010/1234/5678", "011-234-5678", "tel:01012345678,",
]  # fmt: skip
SECRETS = [
    "Authorization: Bearer abc.def-123", "bearer abcdef", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln",
    "password=hunter2", "'initial_password': 'hunter2'", '"password": "hunter2 with spaces"',
    "postgresql://app:hunter2@db/x", "X-Amz-Signature=hunter2", "api_key: hunter2", "token=hunter2&x=1",
]  # fmt: skip
INNOCENT = [
    "0197f1d0-0101-2345-6789-010123456789", "2026-01-01T01:02:03.456+00:00", "1735689600123", "row 1010",
    "excel/demo/0197f1d0-1111-7000-8000-000000000001.xlsx", "version 10.1.2", "300 rows in 0.10 s",
]  # fmt: skip


@pytest.mark.parametrize("phone", PHONES)
def test_phone_numbers_are_masked(phone: str) -> None:
    masked = logs.mask(f"parent {phone} called")
    assert "1234" not in masked.replace(" ", "").replace("１２３４", "1234")
    assert "****" in masked


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_are_masked(secret: str) -> None:
    masked = logs.mask(f"x {secret} y")
    assert "hunter2" not in masked
    assert "abc" not in masked
    assert "eyJ" not in masked
    assert "***" in masked


@pytest.mark.parametrize("text", INNOCENT)
def test_ids_and_times_stay_readable(text: str) -> None:
    assert logs.mask(text) == text


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure("kit", "INFO", stream)
    yield stream
    logcontext.clear()
    root.handlers[:] = handlers
    root.setLevel(level)


def read(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_context_and_masked_extras(lines: io.StringIO) -> None:
    logcontext.bind(request_id="r-1", tenant="demo")
    extra = {"rows": 3, "initial_password": "hunter2", "parents": ["010-1234-5678"], "nested": {"token": "x"}}
    logging.getLogger("a").info("saved\n%s", "010-1234-5678", extra=extra)
    (line,) = read(lines)
    assert line["message"] == "saved\n010-****-****"
    assert (line["service"], line["level"], line["request_id"], line["tenant"]) == (
        "kit",
        "INFO",
        "r-1",
        "demo",
    )
    assert (line["rows"], line["initial_password"], line["parents"]) == (3, "***", ["010-****-****"])
    assert line["nested"] == {"token": "***"}


def test_an_error_is_its_type_and_place_without_words_or_traceback(lines: io.StringIO) -> None:
    try:
        raise KeyError("김하나")
    except KeyError:
        logging.getLogger("a").exception("failed")
    (line,) = read(lines)
    assert line["error"] == "builtins.KeyError"
    assert "tests/test_logs.py:" in line["at"]
    assert "김하나" not in lines.getvalue()
    assert "Traceback" not in lines.getvalue()


def test_one_access_line_per_request(lines: io.StringIO, app: Flask, client: FlaskClient) -> None:
    client.get("/api/v1/notes/?active=true", headers={"X-Request-Id": "r-9"})
    (line,) = [line for line in read(lines) if line["logger"] == "servicekit.access"]
    assert (line["method"], line["route"], line["status"]) == ("GET", "/api/v1/notes/", 200)
    assert (line["request_id"], line["tenant"]) == ("r-9", "demo")
    assert line["ms"] >= 0


def test_values_of_a_request_never_reach_the_log(lines: io.StringIO, client: FlaskClient) -> None:
    client.post("/api/v1/notes/", json={"body": "김하나 씨", "x": "010-1234-5678"})
    client.get("/api/v1/notes/fail/bug")
    client.get("/api/v1/notes/fail/unique")
    text = lines.getvalue()
    assert "김하나" not in text
    assert "1234" not in text
    assert "Traceback" not in text
