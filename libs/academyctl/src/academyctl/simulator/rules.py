"""What Solapi's API checks: who is calling, and each message. Codes are the provider's documented ones."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_HEADER = re.compile(
    r"HMAC-SHA256 apiKey=([^,\s]+), date=([^,\s]+), salt=([^,\s]{12,64}), signature=([0-9a-f]{64})",
    re.IGNORECASE,
)
_SKEW = 15 * 60
_PHONE = re.compile(r"0[0-9]{8,10}")
_VARIABLE = re.compile(r"#\{[^{}]+\}")
_LIMITS = {"SMS": 90, "LMS": 2000}


class Refusal(Exception):  # noqa: N818 - it is an answer
    """An error answer: HTTP status and errorCode."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Account:
    key: str
    secret: str = field(repr=False)


def check_signature(account: Account, header: str, now: float) -> str:
    """The signature, which may be used once. Raises Refusal 403."""
    match = _HEADER.fullmatch(header)
    if match is None or match[1] != account.key:
        raise Refusal(403, "InvalidAPIKey")
    _, date, salt, signature = match.groups()
    expected = hmac.new(account.secret.encode(), (date + salt).encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, signature):
        raise Refusal(403, "SignatureDoesNotMatch")
    try:
        signed = datetime.fromisoformat(date.replace("Z", "+00:00")).timestamp()
    except ValueError:
        raise Refusal(403, "RequestTimeTooSkewed") from None
    if abs(now - signed) > _SKEW:
        raise Refusal(403, "RequestTimeTooSkewed")
    return signature


@dataclass(frozen=True, slots=True)
class Known:
    """What the account has: registered senders (empty: any), opted-out numbers, approved templates."""

    senders: frozenset[str]
    opted_out: frozenset[str]
    templates: Mapping[str, str]


def refusal_of(message: Any, known: Known) -> str:
    """The status code with which a message is refused, or ""."""
    if not isinstance(message, dict) or not all(message.get(name) for name in ("to", "from", "text")):
        return "1010"
    if not _PHONE.fullmatch(str(message["to"])):
        return "1011"
    if known.senders and message["from"] not in known.senders:
        return "1062"
    if message["to"] in known.opted_out:
        return "1061"
    kind = message.get("type")
    return _of_alimtalk(message, known) if kind == "ATA" else _of_text(message, kind)


def _of_text(message: Mapping[str, Any], kind: Any) -> str:
    if kind not in _LIMITS:
        return "1025"
    if kind == "SMS" and message.get("subject"):
        return "1013"
    try:
        size = len(message["text"].encode("cp949"))
    except UnicodeEncodeError:
        return "1029"
    return "1031" if size > _LIMITS[kind] else ""


def _of_alimtalk(message: Mapping[str, Any], known: Known) -> str:
    options = message.get("kakaoOptions") or {}
    template = known.templates.get(str(options.get("templateId")))
    if not options.get("pfId"):
        return "1041"
    if template is None:
        return "1042"
    given = options.get("variables") or {}
    if any(not given.get(name) for name in _VARIABLE.findall(template)):
        return "3063"
    filled = _VARIABLE.sub(lambda match: str(given[match[0]]), template)
    return "" if filled == message["text"] else "1043"
