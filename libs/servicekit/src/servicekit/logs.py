"""JSON lines on stderr, with the request's ids, without phone numbers, passwords, tokens or tracebacks."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import orjson
from eventkit.logcontext import current

MASK = "***"
_SEPARATORS = r"[\s\-.·‐-―_/()~]{0,3}"
_PATTERNS = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        # mobile numbers in any spelling: 010-1234-5678, (010) 1234 5678, +82 10.1234.5678, full-width digits
        (rf"(?<!\d)(?:[+＋]?[8８][2２]{_SEPARATORS}[0０]?|[0０])"
            rf"{_SEPARATORS}[1１]\s?[016789０１６７８９]"
         rf"(?:{_SEPARATORS}\d){{7,8}}(?!\d)", "010-****-****"),
        (r"\bbearer\s+[^\s\"',;]+", f"Bearer {MASK}"),
        (r"\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*", MASK),
        (r"(://[^\s:/@]*):[^\s@]+@", rf"\1:{MASK}@"),
        (r"((?:password|passwd|pwd|secret|token|api[_-]?key|authorization|signature|credential)s?[\"']?\s*[:=]\s*)"
         r"(?:\"[^\"]*\"|'[^']*'|[^\s,;&}]+)", rf"\1{MASK}"),
    )
)  # fmt: skip
_SECRET_KEY = re.compile(
    r"password|passwd|pwd|secret|token|api_?key|authorization|credential|cookie", re.IGNORECASE
)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_STANDARD = frozenset(logging.LogRecord("", 0, "", 0, "", None, None).__dict__) | {
    "message",
    "asctime",
    "taskName",
}
_MAX_TEXT = 2000


def configure(service: str, level: str, stream: TextIO | None = None) -> None:
    """Send every logger of the process to one JSON handler."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter(service))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # these repeat every request and every retry at INFO or DEBUG, bodies included
    for noisy in ("botocore", "boto3", "urllib3", "s3transfer", "alembic"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level)))


def mask(text: str) -> str:
    """The text without phone numbers, bearer tokens, JWTs, passwords and URL credentials."""
    if _UUID.fullmatch(text):
        return text
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


class JsonFormatter(logging.Formatter):
    """One JSON object per line: time, level, service, logger, message, bound fields, extras, error."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "service": self._service,
            "logger": record.name,
            "message": mask(record.getMessage()[:_MAX_TEXT]),
            **current(),
        }
        extras = {name: value for name, value in record.__dict__.items() if name not in _STANDARD}
        line.update(_masked(extras))
        if record.exc_info and record.exc_info[0]:
            line.update(_error(record.exc_info[0], record.exc_info[2]))
        return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            str(name): MASK if _SECRET_KEY.search(str(name)) else _masked(item)
            for name, item in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return mask(str(value)[:_MAX_TEXT])


def _error(kind: type[BaseException], where: TracebackType | None) -> dict[str, str]:
    """The type and the innermost places. Messages stay out: a database error quotes names and numbers."""
    frames = traceback.extract_tb(where)[-4:]
    places = (
        f"{Path(frame.filename).parent.name}/{Path(frame.filename).name}:{frame.lineno}" for frame in frames
    )
    return {"error": f"{kind.__module__}.{kind.__qualname__}", "at": " > ".join(places)}
