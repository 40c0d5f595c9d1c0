"""LibreOffice opens what we write, and reads the same values."""

from __future__ import annotations

import csv
import subprocess
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from enrollment.adapters.sheet import annotate
from enrollment.adapters.sheet.writer import write_sheet
from enrollment.domain.exports import (
    RESULTS_SHEET,
    ROSTER_SHEET,
    TEMPLATE_ROWS,
    TEMPLATE_SHEET,
    attendance_sheet,
)
from enrollment.domain.results import Told
from testkit.workbooks import HEADER, WRITERS, workbook

pytestmark = pytest.mark.libreoffice

TOLD = {2: Told("등록(신규 학생)", None, None), 3: Told("실패", '<"번호"> & 빈칸', "고쳐\n주세요.")}
ROWS = [
    HEADER,
    ("김하나", 1012345678, "", "서울고", 2, "여", "=1+1"),
    ("이두리", "1234", "", "", "", "", "@x"),
]
# UTF-8, every cell as it is stored rather than shown, all sheets
AS_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"


def books(folder: Path) -> None:
    """One of every kind that leaves the service."""
    attendance = attendance_sheet(("1차시 (2026-03-02)", "2차시"))
    write_sheet(folder / "attendance.xlsx", attendance, [["=1+1", None, "01012345678", "현장", None]])
    write_sheet(
        folder / "roster.xlsx", ROSTER_SHEET, [["김하나", None, "01012345678", "서울고", 2, "수강중", None]]
    )
    write_sheet(folder / "results.xlsx", RESULTS_SHEET, [[2, "김하나", "01012345678", *TOLD[3]]])
    write_sheet(folder / "template.xlsx", TEMPLATE_SHEET, TEMPLATE_ROWS)
    for writer in WRITERS:
        source = workbook(folder / f"{writer}.source", {"명단": ROWS}, writer)
        annotate(source, folder / f"{writer}.xlsx", TOLD.items())
        annotate(folder / f"{writer}.xlsx", folder / f"{writer}-failed.xlsx", [(3, TOLD[3])], only_told=True)


def test_libreoffice_reads_the_same_values(tmp_path: Path) -> None:
    books(tmp_path)
    written = sorted(tmp_path.glob("*.xlsx"))
    assert len(written) == 4 + 2 * len(WRITERS)
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", AS_CSV,
         "--outdir", tmp_path / "out", *written],
        check=True, capture_output=True,
    )  # fmt: skip
    for path in written:
        sheet: Any = openpyxl.load_workbook(path).active
        ours = [[shown(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
        with (tmp_path / "out" / f"{path.stem}-{sheet.title}.csv").open(encoding="utf-8", newline="") as file:
            theirs = list(csv.reader(file))
        assert theirs == ours, path.name


def shown(cell: Any) -> str:
    """As a program shows a value: a whole number without a fraction."""
    whole = int(cell) if isinstance(cell, float) and cell.is_integer() else cell
    return "" if whole is None else str(whole)
