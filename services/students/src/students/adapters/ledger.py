"""The erasure ledger: objects that outlive the database, so that a restored one can be purged again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from servicekit.storage import ObjectStore

from students.domain.erasures import LedgerEntry, Subject

PREFIX = "erasures/"


class UnreadableEntryError(ValueError):
    """The object `key` is not a ledger entry."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key
        self.tenant = key.removeprefix(PREFIX).split("/", 1)[0]


@dataclass(frozen=True, slots=True)
class ObjectLedger:
    """One object per erasure, `erasures/{tenant}/{UTC date}/{erasure_id}.json`: in key order a tenant's are
    by day. Its methods raise what ObjectStore's do."""

    objects: ObjectStore

    def keep(self, entry: LedgerEntry) -> None:
        """Store the entry; the same one again changes nothing."""
        day = entry.purged_at.astimezone(UTC).date()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "entry.json"
            path.write_bytes(orjson.dumps(_document(entry)))
            key = f"{PREFIX}{entry.tenant}/{day}/{entry.erasure_id}.json"
            self.objects.put_file(key, path, "application/json")

    def since(
        self, since: datetime, tenant: str | None = None
    ) -> Iterator[LedgerEntry | UnreadableEntryError]:
        """Entries of purges at or after `since`, by tenant and day; one that cannot be read as its error."""
        first_day = since.astimezone(UTC).date().isoformat()
        for found in self.objects.list(f"{PREFIX}{tenant}/" if tenant else PREFIX):
            day = found.key.removeprefix(PREFIX).split("/")[1:2]
            if day and day[0] < first_day:
                continue
            entry = self._read(found.key)
            if isinstance(entry, UnreadableEntryError) or entry.purged_at >= since:
                yield entry

    def _read(self, key: str) -> LedgerEntry | UnreadableEntryError:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "entry.json"
            self.objects.download_to(key, path)
            try:
                return _entry(key, orjson.loads(path.read_bytes()))
            except (ValueError, LookupError, TypeError, AttributeError):
                return UnreadableEntryError(key)


def _document(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "tenant_id": entry.tenant,
        "erasure_id": entry.erasure_id,
        "reason": entry.reason,
        "requested_by": entry.requested_by,
        "requested_at": entry.requested_at,
        "purged_at": entry.purged_at,
        "subjects": [
            {"student_id": each.student_id, "pseudonym": each.pseudonym, "deleted_at": each.deleted_at}
            for each in entry.subjects
        ],
    }


def _entry(key: str, document: dict[str, Any]) -> LedgerEntry:
    tenant, purged_at = document["tenant_id"], datetime.fromisoformat(document["purged_at"])
    # an object under another tenant's prefix must not purge anybody there
    if f"{PREFIX}{tenant}/" != key[: key.index("/", len(PREFIX)) + 1] or purged_at.tzinfo is None:
        raise ValueError("not written by keep()")
    return LedgerEntry(
        tenant=tenant,
        erasure_id=UUID(document["erasure_id"]),
        reason=document["reason"],
        requested_by=document["requested_by"],
        requested_at=datetime.fromisoformat(document["requested_at"]),
        purged_at=purged_at,
        subjects=tuple(
            Subject(
                UUID(each["student_id"]),
                each["pseudonym"],
                datetime.fromisoformat(each["deleted_at"]) if each["deleted_at"] else None,
            )
            for each in document["subjects"]
        ),
    )
