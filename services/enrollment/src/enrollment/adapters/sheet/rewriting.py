"""The sheet's XML on its way back to the sender: what is harmless is written anew, the rest left out."""

from __future__ import annotations

import re
from collections.abc import Mapping

from enrollment.adapters.sheet.bounded import SheetReader
from enrollment.adapters.sheet.limits import SheetLimits
from enrollment.adapters.sheet.workbook import Workbook, local, unescape
from enrollment.domain.results import RESULT_COLUMNS, Told
from enrollment.domain.roster import Layout, column_letter, text_of
from enrollment.domain.roster.headings import NAME, PARENT_PHONE, STUDENT_PHONE
from enrollment.domain.roster.values import mobile, student_mobile

_WIDTHS = (18, 50, 50)
_VIEW = {"sheetView", "pane"}
# the kinds of value that are written as they are: number, boolean, error, date
_VALUES = ("n", "b", "e", "d")
_COLUMN = ("min", "max", "width", "style", "hidden", "customWidth")
_ROW = ("s", "customFormat", "ht", "customHeight")
_MERGE = re.compile(r"([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})")
# what XML cannot hold, and a text that would read as the escape of it (ECMA-376 22.4.2.4)
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_MARKUP = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
_MARKED = re.compile(r'[&<>"]')


def escaped(text: str) -> str:
    """As a cell's text or an attribute holds it."""
    held = _UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    return _MARKED.sub(lambda found: _MARKUP[found[0]], held)


def _text(text: str) -> str:
    return f' t="inlineStr"><is><t xml:space="preserve">{escaped(text)}</t></is></c>'


class Rewriter(SheetReader):
    """Fed with a worksheet's XML, gives the XML of its content with the results at `first_column`."""

    def __init__(
        self,
        workbook: Workbook,
        limits: SheetLimits,
        layout: Layout,
        told: Mapping[int, Told],
        *,
        first_column: int,
        only_told: bool,
        styled: bool,
    ) -> None:
        self._out: list[str] = []
        self._layout, self._told = layout, told
        self._first, self._after = first_column, first_column + len(RESULT_COLUMNS)
        self._only_told, self._styled = only_told, styled
        self._header = layout.header_row or 0
        self._row_attributes = ""
        self._has_height = False
        self._row_cells: dict[int, str] = {}
        self._styles: dict[int, str] = {}
        self._next_row = 0
        self._merges: list[str] = []
        self._columns_seen: list[dict[str, str]] = []
        self._phones = {
            layout.fields[PARENT_PHONE]: mobile,
            layout.fields.get(STUDENT_PHONE, -1): student_mobile,
        }
        super().__init__(workbook, limits)

    def take_xml(self) -> bytes:
        """What has been written since the last time."""
        xml, self._out = "".join(self._out).encode(), []
        return xml

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = local(tag)
        if name == "row":
            self._row_attributes = self._chosen(attributes, _ROW)
            self._has_height = "ht" in attributes
            self._row_cells, self._styles = {}, {}
        elif name in _VIEW:
            self._out.append(f"<{name}{_plain(attributes)}{_below_frozen(attributes)}>")
        elif name == "sheetViews":
            self._out.append("<sheetViews>")
        elif name == "sheetFormatPr":
            self._out.append(f"<sheetFormatPr{_plain(attributes)}/>")
        elif name == "col":
            self._columns_seen.append(attributes)
        elif name == "sheetData":
            self._out.append(f"{self._column_widths()}<sheetData>")
        elif name == "mergeCell":
            self._keep_merge(attributes.get("ref", ""))
        super()._start(tag, attributes)

    def _end(self, tag: str) -> None:
        name = local(tag)
        if name in _VIEW or name == "sheetViews":
            self._out.append(f"</{name}>")
        elif name == "row":
            self._end_row()
        elif name == "sheetData":
            self._out.append("</sheetData>")
        elif name == "mergeCells" and self._merges:
            merged = "".join(f'<mergeCell ref="{ref}"/>' for ref in self._merges)
            self._out.append(f'<mergeCells count="{len(self._merges)}">{merged}</mergeCells>')
        super()._end(tag)

    # --- cells ------------------------------------------------------------------------------------

    def _end_cell(self) -> None:
        column = self._column()
        # keeps the place of a cell that is told by order alone
        self._cells.extend([None] * (column + 1 - len(self._cells)))
        if self._first <= column < self._after or column >= self._limits.max_columns:
            return
        style = f' s="{self._style}"' if self._styled and self._style.isdecimal() else ""
        self._styles[column] = style
        self._row_cells[column] = self._content(column)

    def _content(self, column: int) -> str:
        """The cell after its style; its reference comes with the row's number. No formula comes along."""
        text = "".join(self._value)
        if not text:
            return "/>"
        if self._kind not in _VALUES or (self._kind == "n" and not _is_number(text)):
            return _text(text_of(self._cell()) if self._kind == "s" else unescape(text))
        if self._kind == "n" and self._row > self._header and column in self._phones:
            shown = text_of(float(text))
            return _text(self._phones[column](shown) or shown)
        return f' t="{self._kind}"><v>{escaped(text)}</v></c>'

    def _end_row(self) -> None:
        number = self._row
        told = self._told.get(number)
        if self._only_told and number > self._header and told is None:
            return
        if not self._row_cells and not self._has_height and told is None and number != self._header:
            return
        # rows that were left out leave no gap
        self._next_row = self._next_row + 1 if self._only_told and number > self._header else number
        at = self._next_row
        written = [
            (column, f'<c r="{column_letter(column)}{at}"{self._styles[column]}{content}')
            for column, content in self._row_cells.items()
        ]
        written += self._results(number, at, told)
        row = "".join(cell for _, cell in sorted(written))
        self._out.append(f'<row r="{at}"{self._row_attributes}>{row}</row>')

    def _results(self, number: int, at: int, told: Told | None) -> list[tuple[int, str]]:
        if number == self._header:
            words: tuple[str | None, ...] = RESULT_COLUMNS
            left = [column for column in self._styles if column < self._first]
            style = self._styles[max(left)] if left else ""
        elif told is not None:
            words, style = told, self._styles.get(self._layout.fields[NAME], "")
        else:
            return []
        return [
            (column, f'<c r="{column_letter(column)}{at}"{style}{_text(word)}')
            for column, word in enumerate(words, self._first)
            if word
        ]

    # --- what is around them ----------------------------------------------------------------------

    def _column_widths(self) -> str:
        """The sender's widths, then ours: ranges of columns must not overlap."""
        kept = []
        for attributes in self._columns_seen:
            low, high = (int(attributes.get(end, "0")) for end in ("min", "max"))
            parts = ((low, min(high, self._first)), (max(low, self._after + 1), high))
            kept += [{**attributes, "min": str(a), "max": str(b)} for a, b in parts if 0 < a <= b]
        kept += [
            {"min": str(at), "max": str(at), "width": str(width), "customWidth": "1"}
            for at, width in enumerate(_WIDTHS, self._first + 1)
        ]
        columns = "".join(
            f"<col{self._chosen(attributes, _COLUMN)}/>"
            for attributes in sorted(kept, key=lambda attributes: int(attributes["min"]))
        )
        return f"<cols>{columns}</cols>"

    def _keep_merge(self, reference: str) -> None:
        """Not over the results, and below the header only where rows keep their numbers."""
        match = _MERGE.fullmatch(reference)
        if match is None:
            return
        bottom, right = int(match[4]), _index(match[3])
        below = bottom >= self._header
        if not (below and (right >= self._first or self._only_told)):
            self._merges.append(reference)

    def _chosen(self, attributes: Mapping[str, str], names: tuple[str, ...]) -> str:
        """Those attributes; styles only if there are any."""
        styles = () if self._styled else ("s", "style", "customFormat")
        return "".join(
            f' {name}="{escaped(attributes[name])}"'
            for name in names
            if name in attributes and name not in styles
        )


def _plain(attributes: Mapping[str, str]) -> str:
    """Attributes without a namespace of their own."""
    return "".join(
        f' {name}="{escaped(value)}"'
        for name, value in attributes.items()
        # where the sender had scrolled to may be gone
        if ":" not in name and name not in ("xmlns", "topLeftCell")
    )


def _below_frozen(attributes: Mapping[str, str]) -> str:
    """The first cell that scrolls, at its beginning."""
    across, down = attributes.get("xSplit", "0"), attributes.get("ySplit", "0")
    if attributes.get("state") != "frozen" or not (across.isdecimal() and down.isdecimal()):
        return ""
    return f' topLeftCell="{column_letter(int(across[:4]))}{int(down[:6]) + 1}"'


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _index(letters: str) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return column - 1
