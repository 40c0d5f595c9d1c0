"""When the trash is emptied, and how much of it one run may take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

KEEP_FOR = timedelta(days=30)
"""How long a deleted student stays in the trash (decision: 30 days, then gone for good)."""

BATCH = 500
"""People per erasure and per transaction; also what one students.student.purged may carry."""


class Reason(StrEnum):
    """Why a student was purged."""

    EXPIRED = "expired"
    DUPLICATE = "duplicate"
    REQUESTED = "requested"
    REPLAYED = "replayed"
    IMPORT_UNDONE = "import_undone"


class Refused(StrEnum):
    """Why a student was not purged."""

    NOT_FOUND = "not_found"
    NOT_DELETED = "not_deleted"
    LEGAL_HOLD = "legal_hold"
    CROSS_TENANT_REFERENCE = "cross_tenant_reference"


@dataclass(frozen=True, slots=True)
class Fuse:
    """Stops a run that would take more people of one tenant than a usual day's.

    It blows above `people`, and above `share` of the tenant's students where that is more than
    `always_allowed`. `overridden` is an operator's word that the number is meant.
    """

    people: int = 500
    share: float = 0.10
    always_allowed: int = 50
    overridden: bool = False

    def blows(self, expired: int, students: int) -> bool:
        """Whether `expired` of the tenant's `students` (active and deleted) are too many for one run."""
        if self.overridden:
            return False
        return expired > self.people or (expired > self.always_allowed and expired > self.share * students)


def days_left(deleted_at: datetime, now: datetime) -> int:
    """Days until the daily purge takes the record; a day that has begun counts, 0 when it is due."""
    return max(0, ceil((deleted_at + KEEP_FOR - now) / timedelta(days=1)))
