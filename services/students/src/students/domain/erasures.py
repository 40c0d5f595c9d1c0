"""What is remembered of an erasure, inside the database and outside of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

OVERDUE_AFTER = timedelta(hours=24)
"""How long a service may take to answer students.student.purged before somebody must look."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A purged person: an id, the audit trail's name for it, and since when the record was in the trash."""

    student_id: UUID
    pseudonym: str
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One erasure as the ledger outside the database keeps it; no name, no phone. Times are aware."""

    tenant: str
    erasure_id: UUID
    reason: str
    requested_by: str
    requested_at: datetime
    purged_at: datetime
    subjects: tuple[Subject, ...]
