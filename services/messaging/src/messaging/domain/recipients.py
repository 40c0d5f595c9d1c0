"""A number as it may be kept and shown when the number itself may not."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Who has no key can neither tell a number from its fingerprint nor compare two academies' lists."""

    key: bytes = field(repr=False)

    def of(self, tenant: str, phone: str) -> str:
        """32 hex digits; `phone` is normalised (contracts.identity)."""
        return hmac.new(self.key, f"{tenant}\n{phone}".encode(), hashlib.sha256).hexdigest()[:32]


def mask(phone: str) -> str:
    """The first four digits, for lists: `0101****`."""
    return f"{phone[:4]}****"
