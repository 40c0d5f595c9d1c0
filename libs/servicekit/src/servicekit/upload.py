"""One uploaded file of a multipart request: on disk, measured and hashed while it arrived."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from flask import request

from servicekit.problem import Problem
from servicekit.requests import HashingFile

_MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class Upload:
    """The file at `path` is gone when the request ends."""

    path: Path
    filename: str
    size: int
    sha256: str


def received_file(field: str, max_bytes: int) -> Upload:
    """The file in form field `field`; give the route the same `max_bytes`, which stops the reading itself.

    Raises Problem 415 when the request is no form, 422 without exactly one file there or when it is
    empty, 413 over `max_bytes`.
    """
    if request.mimetype != "multipart/form-data":
        raise Problem("unsupported_media_type", "multipart/form-data 형식으로 파일을 올려 주세요.")
    found = request.files.getlist(field)
    if len(found) != 1:
        raise Problem("invalid_request", errors={field: ["파일을 하나 올려 주세요."]})
    content = cast("Any", found[0].stream)
    assert isinstance(content, HashingFile)
    if content.size > max_bytes:
        raise Problem("too_large")
    if content.size == 0:
        raise Problem("invalid_request", errors={field: ["빈 파일입니다."]})
    return Upload(content.path, _plain_name(found[0].filename or ""), content.size, content.sha256)


def _plain_name(name: str) -> str:
    """The last part of the path some browsers send, in NFC (macOS sends NFD), without control characters."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    clean = "".join(char for char in last if char.isprintable() and char not in '<>:"|?*').strip()
    return clean[-_MAX_NAME:] or "file"
