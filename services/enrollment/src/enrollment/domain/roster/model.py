"""What a roster is made of: cells, lines, the sheet it was found on, and the verdict on each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

Verdict = Literal["usable", "skipped", "failed", "duplicate"]


@dataclass(frozen=True, slots=True)
class Fault:
    """A cell that has no value to read; `text` is what a person sees in it ("#N/A", or nothing)."""

    code: Literal["error_cell", "formula_without_value"]
    text: str = ""


Cell = str | float | int | bool | date | datetime | time | timedelta | Fault | None
Line = tuple[int, Sequence[Cell]]
"""A row that is not blank: its real 1-based number, and its cells from column A on."""


class SheetError(Exception):
    """The file as a whole cannot be read as a roster; `detail` is Korean and says what to do."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class RosterSheet:
    """Which sheet was read; `header_row` is None when columns were told by their content."""

    name: str
    header_row: int | None
    lecture_title: str | None


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One sheet row and its verdict.

    `row` is the real 1-based sheet row; `code` and the Korean `reason` are set unless usable; `parent_phone`
    is 11 digits, or None when it could not be read; `school_type` is ELEMENTARY | MIDDLE | HIGH; `gender` is
    M | F; `extra` holds the columns without a field. An optional value that cannot be understood is None and
    stays readable in `memo`.
    """

    row: int
    verdict: Verdict
    code: str | None
    reason: str | None
    name: str
    parent_phone: str | None
    student_phone: str | None
    school: str | None
    school_type: str | None
    grade: int | None
    gender: str | None
    school_class: str | None
    major: str | None
    memo: str | None
    extra: dict[str, str]


RosterFields = tuple[Any, ...]


def text_of(cell: Cell) -> str:
    """A cell as a person typed it: whole numbers without ".0", dates in ISO form, faults as they show."""
    if type(cell) is str:
        return cell
    if type(cell) is float:
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e18 else repr(cell)
    if cell is None:
        return ""
    if isinstance(cell, Fault):
        return cell.text
    return str(cell)


def is_blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and (not cell or cell.isspace()))


_PLACEHOLDERS = frozenset(
    (
        "-",
        "--",
        ".",
        "x",
        "없음",
        "무",
        "없다",
        "해당없음",
        "미정",
        "n/a",
        "na",
        "none",
        "null",
        "010",
        "010-",
    )
)


def is_placeholder(cell: Cell) -> bool:
    """Blank, or what people write for nothing: a dash, 없음, a 010 waiting for its number."""
    if isinstance(cell, str):
        return len(cell) < 12 and (not cell or cell.isspace() or cell.strip().casefold() in _PLACEHOLDERS)
    return cell is None
