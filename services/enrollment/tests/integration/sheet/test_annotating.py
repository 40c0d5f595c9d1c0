"""The sender's sheet back: its order, styles and words, three columns more, and nothing that can act."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from enrollment.adapters.sheet import SheetError, annotate
from enrollment.domain.results import Told
from openpyxl.styles import Font, PatternFill
from testkit.workbooks import HEADER, WRITERS, cell, raw_workbook, roster_rows, sheet_xml, workbook

Rows = list[list[Any]]
FAILED = Told("실패", '번호가 <010>이 아닙니다 & "다시"', "고쳐 주세요.")
DONE = Told("등록(신규 학생)", None, None)


@pytest.fixture
def back(tmp_path: Path) -> Callable[..., Any]:
    """`back(source, {row: Told})`: the worksheet that comes back."""

    def run(source: Path, told: dict[int, Told], only_told: bool = False) -> Any:
        annotate(source, tmp_path / "back.xlsx", told.items(), only_told=only_told)
        return openpyxl.load_workbook(tmp_path / "back.xlsx").active

    return run


def values(sheet: Any) -> Rows:
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def test_a_designed_sheet_comes_back_with_its_design(tmp_path: Path, back: Any) -> None:
    book = openpyxl.Workbook()
    cover = book.active
    cover.title, cover["A1"] = "표지", "비밀 메모"
    sheet = book.create_sheet("3월 명단")
    sheet.merge_cells("A1:D1")
    sheet["A1"] = "중2 수학 3월반"
    sheet.append(["번호", "이름", "학부모 연락처", "비고"])
    sheet.append([1, "김하나", 1012345678, '=HYPERLINK("http://evil","클릭")'])
    sheet.append([2, "이두리", "1234", "'=1+1"])
    sheet["B2"].font, sheet["B3"].fill = Font(bold=True), PatternFill("solid", fgColor="FFFF00")
    sheet["D2"].font = Font(italic=True)
    sheet.column_dimensions["B"].width, sheet.row_dimensions[2].height = 33, 40
    sheet.freeze_panes = "C3"
    book.save(tmp_path / "a.xlsx")
    found = back(tmp_path / "a.xlsx", {3: DONE, 4: FAILED})
    assert found.title == "3월 명단"
    assert values(found) == [
        ["중2 수학 3월반", None, None, None, None, None, None],
        ["번호", "이름", "학부모 연락처", "비고", "결과", "사유", "조치"],
        [1, "김하나", "01012345678", None, *DONE],
        [2, "이두리", "1234", "'=1+1", *FAILED],
    ]
    assert found["C3"].data_type == found["E4"].data_type == "s"
    assert (found["B2"].font.bold, found["E2"].font.italic) == (True, True)
    assert found["B3"].fill.fgColor.rgb == found["E3"].fill.fgColor.rgb == "00FFFF00"
    assert (found.column_dimensions["B"].width, found.row_dimensions[2].height) == (33, 40)
    assert found.column_dimensions["F"].width == 50
    assert [str(merged) for merged in found.merged_cells.ranges] == ["A1:D1"]
    assert found.freeze_panes == "C3"
    content = b"".join(
        zipfile.ZipFile(tmp_path / "back.xlsx").read(name)
        for name in zipfile.ZipFile(tmp_path / "back.xlsx").namelist()
    )
    assert not [word for word in ("HYPERLINK", "비밀", "표지") if word.encode() in content]
    assert b"<f>" not in zipfile.ZipFile(tmp_path / "back.xlsx").read("xl/worksheets/sheet1.xml")


@pytest.mark.parametrize("writer", WRITERS)
def test_every_writer_s_sheet_comes_back_whole(tmp_path: Path, back: Any, writer: Any) -> None:
    rows = list(roster_rows(1200, seed=3))
    source = workbook(tmp_path / "a.xlsx", {"명단": [HEADER, *rows]}, writer)
    found = values(back(source, {row: DONE if row % 2 else FAILED for row in range(2, 1202)}))
    assert found[0] == [*HEADER, "결과", "사유", "조치"]
    assert [tuple(row[:6]) for row in found[1:]] == [row[:6] for row in rows]
    assert [row[7] for row in found[1:]] == [FAILED.result, DONE.result] * 600


def test_only_failed_rows_under_the_header_and_nobody_else_s_words(tmp_path: Path, back: Any) -> None:
    rows = [("수학 3월반",), HEADER, *roster_rows(50, seed=3)]
    source = workbook(tmp_path / "a.xlsx", {"명단": rows}, "xlsxwriter")
    found = values(back(source, {10: FAILED, 31: FAILED}, only_told=True))
    assert [row[0] for row in found] == ["수학 3월반", "이름", rows[9][0], rows[30][0]]
    assert [row[7:] for row in found[2:]] == [list(FAILED)] * 2
    others = {row[1] for row in rows[2:]} - {rows[9][1], rows[30][1]}
    xml = zipfile.ZipFile(tmp_path / "back.xlsx").read("xl/worksheets/sheet1.xml").decode()
    assert not [number for number in others if number in xml]


def test_results_of_an_earlier_time_are_replaced(tmp_path: Path, back: Any) -> None:
    source = workbook(tmp_path / "a.xlsx", {"명단": [HEADER, *roster_rows(2)]})
    back(source, {2: FAILED, 3: FAILED})
    (tmp_path / "back.xlsx").rename(tmp_path / "b.xlsx")
    found = values(back(tmp_path / "b.xlsx", {2: DONE, 3: DONE}))
    assert found[0] == [*HEADER, "결과", "사유", "조치"]
    assert [row[7:] for row in found[1:]] == [list(DONE)] * 2


def test_odd_xml_is_made_plain(tmp_path: Path, back: Any) -> None:
    rows = [
        "<row>" + "".join(f"<c t='inlineStr'><is><t>{title}</t></is></c>" for title in HEADER[:2]) + "</row>",
        "<row><c t='inlineStr'><is><r><t>김</t></r><r><t>하나</t></r><rPh><t>x</t></rPh></is></c>"
        + cell("B2", kind="n", inner="<v>1012345678</v>")
        + cell("C2", kind="str", inner="<f>1+1</f><v>_x0007_둘</v>")
        + cell("D2", kind="e", inner="<f>1/0</f><v>#DIV/0!</v>")
        + cell("E2", kind="b", inner="<v>1</v>")
        + "</row>",
    ]
    found = back(raw_workbook(tmp_path / "a.xlsx", {"명단": sheet_xml("".join(rows))}), {2: DONE})
    shown = values(found)[1]
    assert shown[:2] == ["김하나", "01012345678"]
    assert shown[2] in ("_x0007_둘", "\x07둘")
    assert shown[3:6] == ["#DIV/0!", True, DONE.result]


def test_a_file_that_is_no_roster_cannot_be_given_back(tmp_path: Path, back: Any) -> None:
    for content in (b"", b"PK\x03\x04" + b"\0" * 400, b"MZ"):
        (tmp_path / "a.xlsx").write_bytes(content)
        with pytest.raises(SheetError) as caught:
            back(tmp_path / "a.xlsx", {2: DONE})
        assert caught.value.code == "workbook_unavailable"
