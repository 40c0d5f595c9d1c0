"""CSV as spreadsheets take it, in parts, so that a file of any length streams."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

# without it Excel takes UTF-8 for cp949
BOM = "\ufeff"
# CSV injection: what a spreadsheet reads as a formula (OWASP; CVE-2021-41270)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def rendered(rows: Iterable[Sequence[object]]) -> str:
    """Lines of a CSV file; None is an empty cell, and no cell is run as a formula."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([_plain(cell) for cell in row] for row in rows)
    return text.getvalue()


def _plain(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text
