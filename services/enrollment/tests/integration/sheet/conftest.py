"""Reading in this process: honest files need no sandbox, and a case then costs milliseconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from enrollment.adapters.sheet import RosterRow, RosterSheet, SheetError, SheetLimits
from enrollment.adapters.sheet.child import frames

ReadHere = Callable[..., tuple[RosterSheet, list[RosterRow]]]


@pytest.fixture
def read_here() -> ReadHere:
    """(path, careful) -> the sheet and its rows, as the child would send them. Raises SheetError."""

    def read(path: Path, careful: bool = False) -> tuple[RosterSheet, list[RosterRow]]:
        sheet, rows = RosterSheet("", None, None), []
        try:
            with path.open("rb") as file:
                for kind, *content in frames(file, SheetLimits(), careful):
                    if kind == "sheet":
                        sheet = RosterSheet(*content)
                    elif kind == "rows":
                        rows += [RosterRow(*row) for row in content[0]]
        except SheetError as fault:
            raise SheetError(fault.code, fault.detail) from None
        return sheet, rows

    return read
