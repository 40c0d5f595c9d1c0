"""Writes workbooks row by row; memory does not grow with the rows, and text stays text, formulas included."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from rustpy_xlsxwriter import Format, write_worksheet

from enrollment.domain.exports import Column, Sheet

Cells = Sequence[str | int | None]


def write_sheet(path: Path, sheet: Sheet, rows: Iterable[Cells]) -> None:
    """A workbook of one sheet; cells in the order of its columns."""
    titles = [column.title for column in sheet.columns]
    write_worksheet(
        _records(titles, rows),
        str(path),
        sheet_name=sheet.name,
        freeze_row=1,
        freeze_col=sheet.frozen,
        header_format=Format().set_bold().set_background_color("#F2F2F2").set_border_bottom("thin"),
        column_widths=[column.width for column in sheet.columns],
        conditional_formats={column.title: _rules(column) for column in sheet.columns if column.colours},
    )


def _records(titles: Sequence[str], rows: Iterable[Cells]) -> Iterator[dict[str, Any]]:
    """The writer learns the titles from the first record, so there is always one."""
    cells = iter(rows)
    first = next(cells, [None] * len(titles))
    return (dict(zip(titles, row, strict=True)) for row in chain([first], cells))


def _rules(column: Column) -> list[dict[str, Any]]:
    return [
        {
            "type": "text",
            "criteria": "begins_with",
            "value": word,
            "format": Format().set_background_color(colour),
        }
        for word, colour in column.colours.items()
    ]
