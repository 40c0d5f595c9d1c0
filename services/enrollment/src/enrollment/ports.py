"""What this context needs from the outside world; the store of uploaded sheets is servicekit.storage's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from eventkit.uow import UnitOfWork
from flask import Response
from marshmallow import Schema
from servicekit.storage import ObjectStore

from enrollment.domain.exports import Sheet
from enrollment.domain.results import Told
from enrollment.domain.roster import RosterRow

HashPassword = Callable[[str], str]
"""A password → its Argon2id PHC string."""


class Sniff(Protocol):
    def __call__(self, path: Path, /) -> None:
        """Cheap checks of an uploaded file. Raises SheetError: not an .xlsx, encrypted, a bomb."""


class ReadRoster(Protocol):
    def __call__(self, path: Path, /) -> Iterator[list[RosterRow]]:
        """Batches of the sheet's rows with their verdicts. Raises SheetError, also between batches."""


class WriteSheet(Protocol):
    def __call__(self, path: Path, sheet: Sheet, rows: Iterable[Sequence[str | int | None]], /) -> None:
        """A workbook of one sheet at `path`; it is never whole in memory."""


class Annotate(Protocol):
    def __call__(
        self, source: Path, target: Path, told: Iterable[tuple[int, Told]], /, *, only_told: bool = False
    ) -> None:
        """The sender's sheet at `target`, with what became of each row. Raises SheetError."""


class UndoTokens(Protocol):
    def sign(self, tenant: str, undo: dict[str, Any], /) -> str:
        """A token of this academy that is good for 10 minutes."""

    def read(self, tenant: str, token: str, /) -> dict[str, Any]:
        """Raises Problem 422 undo_token_invalid, 409 undo_token_expired."""


class Streams(Protocol):
    def answer(
        self, tenant: str, look: Callable[[UnitOfWork], dict[str, Any] | None], schema: Schema, /
    ) -> Response:
        """Server-sent events of what `look` sees. Raises Problem 503 too_many_streams."""


@dataclass(frozen=True, slots=True)
class ApiPorts:
    """What the routes get from `deps(ApiPorts)`."""

    objects: ObjectStore
    sniff: Sniff
    hash_password: HashPassword
    undo_tokens: UndoTokens
    write_sheet: WriteSheet
    streams: Streams
