"""Upload sessions: straight from the browser to R2, in one piece or in equal parts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

MIB = 1 << 20
SINGLE_BELOW = 100 * MIB
"""Reference A1: multipart is recommended above 100 MB."""
PART_BYTES = 8 * MIB
"""Reference A3; a connection that drops loses no more than this."""
MAX_PARTS = 10_000
"""S3's and R2's limit (limits-runtime.md, section 3)."""
MAX_PARTS_PER_CALL = 100
PUT_URL = timedelta(minutes=15)
PART_URL = timedelta(hours=1)
OPEN_FOR = timedelta(days=7)
"""DESIGN.md section 7; R2's own default rule is the same."""
MAX_OPEN = 20
"""Upload sessions of one academy that may be open at once."""

HEAD_BYTES = 512
"""How much of a file is enough for is_video."""
DEFAULT_EXTENSION = "mp4"
EXTENSIONS = frozenset(
    {"3g2", "3gp", "asf", "avi", "flv", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "ogv"}
    | {"ts", "webm", "wmv"}
)
_EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,8})$")


class UploadKind(StrEnum):
    """SINGLE: one PUT. MULTIPART: equal parts, resumed by asking the store which it has."""

    SINGLE = "SINGLE"
    MULTIPART = "MULTIPART"


class UploadState(StrEnum):
    """OPEN until completed, cancelled by a person, or expired."""

    OPEN = "OPEN"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class Plan:
    """How a file of `size` bytes is sent: parts of `part_bytes`, the last one the rest; else one piece."""

    kind: UploadKind
    size: int
    part_bytes: int

    @property
    def part_count(self) -> int:
        """1 for a file in one piece."""
        return -(-self.size // self.part_bytes)

    def size_of(self, number: int) -> int:
        """Bytes of part `number`, from 1 to part_count."""
        return min(self.part_bytes, self.size - (number - 1) * self.part_bytes)

    def present(self, sizes: Mapping[int, int]) -> list[int]:
        """Parts that are there whole; `sizes`: part number → bytes."""
        return [
            number for number in range(1, self.part_count + 1) if sizes.get(number) == self.size_of(number)
        ]


def plan(size: int) -> Plan:
    """For a file of `size` bytes, 1 or more. Parts have whole MiB, PART_BYTES unless that were too many."""
    if size < SINGLE_BELOW:
        return Plan(UploadKind.SINGLE, size, size)
    smallest = -(-size // MAX_PARTS)
    return Plan(UploadKind.MULTIPART, size, max(PART_BYTES, -(-smallest // MIB) * MIB))


def extension_of(filename: str) -> str | None:
    """In lower case, DEFAULT_EXTENSION for a name without one; None for one that no video has."""
    found = _EXTENSION.search(filename)
    if found is None:
        return None if "." in filename else DEFAULT_EXTENSION
    extension = found[1].lower()
    return extension if extension in EXTENSIONS else None


# RIFF's kind comes after its length; QuickTime files of old have no ftyp and begin with any of these boxes
_ATOMS = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_MAGIC = (
    b"\x1a\x45\xdf\xa3",  # Matroska, WebM
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF, WMV
    b"FLV\x01",
    b"OggS",
    b"\x00\x00\x01\xba",  # MPEG program stream
    b"\x00\x00\x01\xb3",  # MPEG video
)
_TS_PACKETS = ((0, 188), (4, 192), (0, 204))
"""Where the first sync byte (0x47, "G") is, and how far the next: MPEG-TS, M2TS, TS with error correction."""


def is_video(head: bytes) -> bool:
    """Whether a file that begins with these bytes (HEAD_BYTES, or all of it) says it is a video container."""
    if head[4:8] in _ATOMS or head.startswith(_MAGIC):
        return True
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return True
    return any(head[first : first + 2 * step + 1 : step] == b"GGG" for first, step in _TS_PACKETS)
