"""What this context needs from the outside world; the store of uploaded sheets is servicekit.storage's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from servicekit.storage import ObjectStore

from enrollment.domain.roster import RosterRow

HashPassword = Callable[[str], str]
"""A password → its Argon2id PHC string."""


class Sniff(Protocol):
    def __call__(self, path: Path, /) -> None:
        """Cheap checks of an uploaded file. Raises SheetError: not an .xlsx, encrypted, a bomb."""


class ReadRoster(Protocol):
    def __call__(self, path: Path, /) -> Iterator[list[RosterRow]]:
        """Batches of the sheet's rows with their verdicts. Raises SheetError, also between batches."""


@dataclass(frozen=True, slots=True)
class UploadPorts:
    """What the API needs to accept a sheet."""

    objects: ObjectStore
    sniff: Sniff
    hash_password: HashPassword
