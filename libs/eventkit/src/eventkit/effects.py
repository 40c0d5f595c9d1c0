"""Effects outside the database, which a rehearsal (deadletters.rehearsal) notes instead of having them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol, Self, runtime_checkable


@dataclass(slots=True)
class Effects:
    """What would have happened, by kind: "objects deleted" → 3."""

    counts: Counter[str] = field(default_factory=Counter)

    def note(self, kind: str, count: int = 1) -> None:
        self.counts[kind] += count


@runtime_checkable
class Recordable(Protocol):
    """A port that reaches outside the transaction."""

    def recording(self, effects: Effects) -> Self:
        """Something of the same shape that reads, and notes in `effects` what it would write."""
