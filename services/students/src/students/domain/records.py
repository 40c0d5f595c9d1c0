"""Rules of a student's record that need no database."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from students.domain.accounts import normalise_login

PROFILE = (
    "student_phone",
    "school",
    "school_type",
    "grade",
    "gender",
    "school_class",
    "major",
    "memo",
    "origin_school",
    "address",
    "custom_fields",
)
"""What a record says of a person beside identity, in the order in which rosters travel to the database."""

MAX_TAGS = 20
MAX_CUSTOM_FIELDS = 30
MAX_LABEL = 50
MAX_CUSTOM_TEXT = 500
MAX_PHOTO_BYTES = 2 << 20
GRADE_TOO_HIGH = "중학교·고등학교 학년은 3학년까지입니다."
PHOTO_HEAD = 12
PHOTO_SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}

_LOGIN_ID = re.compile(r"[a-z0-9._-]{4,40}")
_MAX_GRADE_BY_TYPE = {"ELEMENTARY": 6, "MIDDLE": 3, "HIGH": 3}


@dataclass(frozen=True, slots=True)
class GivenRow:
    """One row of a request: the `values` of a record, or None with the code and message of what is wrong."""

    row: int
    name: str
    values: Mapping[str, Any] | None
    code: str | None
    error: str | None


def login_id_of(text: str) -> str | None:
    """A login id as sign-in looks it up (4 to 40 of a-z 0-9 . _ -), or None for what cannot be one."""
    login_id = normalise_login(text)
    return login_id if _LOGIN_ID.fullmatch(login_id) else None


def grade_fits(school_type: str | None, grade: int | None) -> bool:
    """Whether a school of this type has the grade; without a type any grade may be."""
    return grade is None or school_type is None or grade <= _MAX_GRADE_BY_TYPE[school_type]


def photo_type(head: bytes) -> str | None:
    """Content type of an image by its first PHOTO_HEAD bytes; None for anything but JPEG, PNG and WebP."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return None


def photo_key(tenant: str, student_id: object) -> str:
    """Where the photo lies in storage."""
    return f"photos/{tenant}/{student_id}"


def shown_phone(phone: str | None) -> str:
    """010-1234-5678."""
    return f"{phone[:3]}-{phone[3:7]}-{phone[7:]}" if phone else ""


def shown_fields(custom: Mapping[str, str]) -> str:
    """Custom fields as one cell, a line each."""
    return "\n".join(f"{label}: {text}" for label, text in custom.items())
