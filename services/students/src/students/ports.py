"""What this context needs of the outside world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from servicekit.passwords import Hasher
from servicekit.storage import ObjectStore
from servicekit.tokens import TokenSigner

from students.domain.audit import Pseudonyms

Holdings = dict[UUID, dict[str, int]]
"""Student → kind of thing → how many."""


class AskHoldings(Protocol):
    def __call__(self, tenant: str, student_ids: Sequence[UUID], /) -> Mapping[str, Holdings | None]:
        """What each other service holds of the students; None for one that does not answer."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What the routes get from `deps(Ports)`."""

    objects: ObjectStore
    signer: TokenSigner
    pseudonyms: Pseudonyms
    ask_holdings: AskHoldings
    hasher: Hasher = field(default_factory=Hasher)
