"""Objects in a bucket, as a listing has them, and on their way out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

BUCKETS = ("ai", "video", "excel", "storage")
"""The kinds of bucket; what they are really called says the setting R2_<KIND>_BUCKET."""


@dataclass(frozen=True, slots=True)
class Found:
    """One object; `bytes` is its size, `etag` without quotes."""

    key: str
    bytes: int
    etag: str
    written_at: datetime

    def same(self, other: Found) -> bool:
        """Neither was written since the other was seen."""
        return (self.bytes, self.etag, self.written_at) == (other.bytes, other.etag, other.written_at)


@dataclass(frozen=True, slots=True)
class Doomed:
    """An object that is to be deleted, with the rule and the reason that the ledger will give."""

    found: Found
    tenant: str
    rule: str
    reason: str

    @property
    def key(self) -> str:
        return self.found.key


@dataclass(frozen=True, slots=True)
class Removed:
    """`gone` left the bucket; `refused`: key → the store's error code."""

    gone: list[Doomed] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        return sum(one.found.bytes for one in self.gone)
