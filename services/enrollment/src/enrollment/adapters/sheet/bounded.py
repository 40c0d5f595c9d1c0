"""The careful reader: streams one worksheet through expat, bounded in every direction.

Slower than the fast reader, but keeps what that loses (error cells, formulas without a value) and does not
care how far apart cells are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain

from enrollment.adapters.sheet.archive import Archive
from enrollment.adapters.sheet.limits import MEBIBYTE, SheetLimits
from enrollment.adapters.sheet.workbook import (
    MAX_TEXT,
    Workbook,
    XmlStream,
    broken,
    local,
    sliced,
    too_complex,
    unescape,
)
from enrollment.domain.roster import Cell, Fault, Line, SheetError, is_blank

_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_SAMPLE_BYTES = 4 * MEBIBYTE
_FORMULA = Fault("formula_without_value")
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - sheet dates have no zone


def read_bounded(archive: Archive, workbook: Workbook, member: str, limits: SheetLimits) -> Iterator[Line]:
    """Rows that are not blank. Raises SheetError: too_many_rows, too_wide, corrupt_workbook, too_complex."""
    reader = SheetReader(workbook, limits)
    count = 0
    for piece in chain(sliced(archive.inflate(member)), [b""]):
        reader.stream.feed(piece, last=not piece)
        count += len(reader.lines)
        if count > limits.max_rows:
            raise too_many_rows(limits)
        yield from reader.take()


def read_sample(
    archive: Archive, workbook: Workbook, member: str, limits: SheetLimits, rows: int
) -> list[Line]:
    """The first rows that are not blank, or what there is in enough XML: a million blank rows may follow."""
    reader = SheetReader(workbook, limits)
    size = 0
    for piece in chain(sliced(archive.inflate(member)), [b""]):
        reader.stream.feed(piece, last=not piece)
        size += len(piece)
        if len(reader.lines) >= rows or (reader.lines and size > _SAMPLE_BYTES):
            break
    return reader.lines[:rows]


def too_many_rows(limits: SheetLimits) -> SheetError:
    return SheetError(
        "too_many_rows", f"내용이 있는 행이 {limits.max_rows:,}개를 넘습니다. 나누어 올려 주세요."
    )


def too_wide(reference: str) -> SheetError:
    return SheetError(
        "too_wide",
        f"표에서 멀리 떨어진 칸({reference})에 내용이 있습니다. 지우거나 명단만 새 파일에 옮겨 올려 주세요.",
    )


class SheetReader:
    """Collects the lines of one worksheet from its XML."""

    def __init__(self, workbook: Workbook, limits: SheetLimits) -> None:
        self.stream = XmlStream(self._start, self._end)
        self.lines: list[Line] = []
        self._workbook = workbook
        self._limits = limits
        self._row = 0
        self._cells: list[Cell] = []
        self._columns: dict[str, int] = {}
        self._new_cell({})

    def take(self) -> list[Line]:
        lines, self.lines = self.lines, []
        return lines

    def _new_cell(self, attributes: dict[str, str]) -> None:
        self._reference = attributes.get("r", "")
        self._kind = attributes.get("t", "n")
        self._style = attributes.get("s", "0")
        self._value: list[str] = []
        self._length = 0
        self._has_formula = self._has_value = False
        self._phonetic = 0

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag if ":" not in tag else local(tag)
        if name == "c":
            self._new_cell(attributes)
        elif name == "v" or (name == "t" and not self._phonetic):
            self._has_value = True
            self.stream.text(self._text)
        elif name == "row":
            self._start_row(attributes.get("r"))
        elif name == "f":
            self._has_formula = True
        elif name == "rPh":
            self._phonetic += 1

    def _end(self, tag: str) -> None:
        name = tag if ":" not in tag else local(tag)
        if name in ("v", "t"):
            self.stream.text(None)
        elif name == "c":
            self._end_cell()
        elif name == "row":
            if any(not is_blank(cell) for cell in self._cells):
                self.lines.append((self._row, self._cells))
            self._cells = []
        elif name == "rPh":
            self._phonetic -= 1

    def _text(self, text: str) -> None:
        self._length += len(text)
        if self._length > MAX_TEXT:
            raise too_complex()
        self._value.append(text)

    def _start_row(self, number: str | None) -> None:
        if number is None:
            self._row += 1
        elif number.isascii() and number.isdecimal() and len(number) <= 7:
            self._row = int(number)
        else:
            raise broken()
        if not 1 <= self._row <= _LAST_ROW:
            raise broken()
        self._cells = []

    def _end_cell(self) -> None:
        cell = self._cell() if self._has_value or self._has_formula else None
        if is_blank(cell):
            # keeps the place of a cell that is told by order alone
            if not self._reference:
                self._cells.append(None)
            return
        column = self._column()
        if column >= self._limits.max_columns:
            raise too_wide(self._reference or f"{self._row}행")
        if column < len(self._cells):
            self._cells[column] = cell
            return
        while len(self._cells) < column:
            self._cells.append(None)
        self._cells.append(cell)

    def _column(self) -> int:
        if not self._reference:
            return len(self._cells)
        match = _REFERENCE.fullmatch(self._reference)
        if match is None:
            raise broken()
        letters = match[1]
        column = self._columns.get(letters)
        if column is None:
            column = 0
            for letter in letters:
                column = column * 26 + ord(letter) - 64
            if column > _LAST_COLUMN:
                raise broken()
            self._columns[letters] = column = column - 1
        return column

    def _cell(self) -> Cell:
        text = "".join(self._value)
        if self._has_formula and not text and not (self._kind == "str" and self._has_value):
            return _FORMULA
        if self._kind == "s" and text:
            return self._workbook.strings.get(_integer(text))
        if self._kind in ("str", "inlineStr", "s"):
            return unescape(text)
        if self._kind == "e":
            return Fault("error_cell", text[:20])
        if self._kind == "b":
            return text.strip() == "1" if text else None
        return self._number(text) if self._kind == "n" else text

    def _number(self, text: str) -> Cell:
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            raise broken() from None
        if (
            self._style != "0"
            and self._style.isdecimal()
            and int(self._style[:6]) in self._workbook.date_styles
        ):
            return _date(value)
        return value


def _integer(text: str) -> int:
    if not (text.isascii() and text.strip().isdecimal() and len(text) < 10):
        raise broken()
    return int(text)


def _date(value: float) -> Cell:
    """A serial number as its date; with a time only if it has one, as the fast reader gives it."""
    if not 0 <= value < 2_958_466:
        return value
    moment = _EPOCH + timedelta(days=value)
    return moment.date() if value.is_integer() else moment.replace(microsecond=0)
