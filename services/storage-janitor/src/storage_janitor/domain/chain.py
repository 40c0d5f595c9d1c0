"""The ledger's hash chain: no entry can be changed, left out or put in between without being noticed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

START = "0" * 64
"""What the first entry follows."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One deleted object. `cause`: plan:<id>, video:<id>, …; `approver`: who let it go."""

    seq: int
    at: datetime
    tenant: str
    bucket: str
    key: str
    bytes: int
    etag: str
    written_at: datetime
    rule: str
    reason: str
    cause: str
    approver: str


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry's number and hash."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Verified:
    """`broken_at`: the number of the first entry that is not as it was written; None if all are."""

    entries: int
    head: Head
    broken_at: int | None


def hash_of(previous: str, entry: Entry) -> str:
    """SHA-256 over the hash before and every field."""
    fields = [
        entry.seq, entry.at.astimezone(UTC).isoformat(), entry.tenant, entry.bucket, entry.key, entry.bytes,
        entry.etag, entry.written_at.astimezone(UTC).isoformat(), entry.rule, entry.reason, entry.cause,
        entry.approver,
    ]  # fmt: skip
    return hashlib.sha256((previous + json.dumps(fields, ensure_ascii=False)).encode()).hexdigest()


def verify(entries: Iterable[tuple[Entry, str, str]], head: Head) -> Verified:
    """`entries`: (entry, hash before, hash) in order; `head` as it is kept beside the chain."""
    last, count = Head(0, START), 0
    for entry, previous, own in entries:
        if entry.seq != last.seq + 1 or previous != last.hash or own != hash_of(previous, entry):
            return Verified(count, head, last.seq + 1)
        last, count = Head(entry.seq, own), count + 1
    return Verified(count, head, None if last == head else last.seq + 1)
