"""Broken bytes by the hundred: rows or a SheetError, never another exception, and the parent lives."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from enrollment.adapters.sheet import RosterRow, SheetError, read_roster, sniff
from testkit.workbooks import Writer, mutated, mutated_part, roster_workbook

SEEDS = range(0, 40)
PARTS = (
    "xl/worksheets/sheet1.xml",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "xl/styles.xml",
    "_rels/.rels",
)


@pytest.fixture(scope="module", params=["openpyxl", "xlsxwriter"])
def good(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    writer: Writer = request.param
    return roster_workbook(tmp_path_factory.mktemp("fuzz") / "good.xlsx", 30, writer=writer)


def rows_or_fault(path: Path, read: Any) -> None:
    """Any exception but SheetError is a failure."""
    found: Any = None
    with contextlib.suppress(SheetError):
        found = read(path)
    assert found is None or all(isinstance(row, RosterRow) for row in found)


@pytest.mark.parametrize("seed", range(10))
def test_a_broken_zip_through_the_child(good: Path, tmp_path: Path, seed: int) -> None:
    path = tmp_path / "broken.xlsx"
    for turn in range(3):
        path.write_bytes(mutated(good.read_bytes(), seed * 100 + turn))
        rows_or_fault(path, lambda p: [row for batch in read_roster(p) for row in batch])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("part", PARTS)
def test_a_broken_part_through_the_child(good: Path, tmp_path: Path, part: str, seed: int) -> None:
    path = mutated_part(tmp_path / "broken.xlsx", good, part, seed)

    rows_or_fault(path, lambda p: [row for batch in read_roster(p) for row in batch])


@pytest.mark.parametrize("part", PARTS)
def test_broken_parts_in_the_careful_reader(good: Path, tmp_path: Path, part: str, read_here: Any) -> None:
    for seed in SEEDS:
        path = mutated_part(tmp_path / "broken.xlsx", good, part, seed)
        rows_or_fault(path, lambda p: read_here(p, True)[1])


def test_the_sniffer_on_broken_zips(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "broken.xlsx"
    content = good.read_bytes()
    for seed in range(400):
        # most of a zip's structure is in its directory, at the end
        cut = len(content) - 700
        path.write_bytes(content[:cut] + mutated(content[cut:], seed))
        with contextlib.suppress(SheetError):
            sniff(path)
