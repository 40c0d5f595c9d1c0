"""Who did what to whom: actions, actors, and the pseudonym that stands for a person, purged or not."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Action(StrEnum):
    """What the audit trail can say; a word of it is never reused for something else."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    RESTORED = "restored"
    MERGED = "merged"
    UNMERGED = "unmerged"
    KEPT_APART = "kept_apart"
    PURGED = "purged"
    PURGE_REFUSED = "purge_refused"
    ERASED = "erased"
    HELD = "held"
    RELEASED = "released"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a word
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a word
    SIGN_IN_LOCKED = "sign_in_locked"
    REGISTRATION_REJECTED = "registration_rejected"
    SETTING_CHANGED = "setting_changed"
    EXPORTED = "exported"


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """HMAC-SHA256 under a key that the database does not have: the trail alone gives away no id."""

    key: bytes

    def of(self, tenant: str, student_id: UUID) -> str:
        """128 bits as hex, the same for a student's whole life and after it."""
        message = f"{tenant}:{student_id}".encode()
        return hmac.new(self.key, message, hashlib.sha256).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Actor:
    """`name`: a token's subject, "job:<id>", "task:<name>" or "operator:<account>"."""

    name: str
    pseudonyms: Pseudonyms
