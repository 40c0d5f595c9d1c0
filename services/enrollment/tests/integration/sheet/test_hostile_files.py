"""Files that are no workbook, broken ones and attacks, through the real child: rows or a clear error."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from enrollment.adapters.sheet import SheetError, SheetLimits, read_roster, sniff
from openpyxl.worksheet.worksheet import Worksheet
from testkit.workbooks import (
    HEADER,
    cell,
    lie_about_size,
    ole_file,
    phantom_rows,
    raw_workbook,
    repeated,
    roster_rows,
    row_xml,
    rows_sheet,
    sheet_xml,
    strings_xml,
)

P1, P2 = "01011110001", "01011110002"
TABLE = [["이름", "학부모전화"], ["김하나", P1], ["이두리", P2]]
BOTH = [(2, "usable", "김하나"), (3, "usable", "이두리")]
ROWS = "".join(row_xml(number, row) for number, row in enumerate(TABLE, 1))
CSV = "이름,학부모전화\n김하나,01011110001\n"


@dataclass
class Case:
    """`expect` is what the rows are, or the code of the error; `sniffed`: told before any child starts."""

    name: str
    build: Callable[[Path], object]
    expect: list[tuple[int, str, str]] | str
    sniffed: bool = False


def sheet(rows: str, **changed: object) -> Callable[[Path], object]:
    return lambda path: raw_workbook(path, {"명단": sheet_xml(rows)}, **changed)


def content(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


def honest(cells: dict[str, Any], above: int = 0) -> Callable[[Path], object]:
    """openpyxl's workbook of TABLE below a merged title of `above` rows, with some cells changed."""

    def build(path: Path) -> None:
        book = openpyxl.Workbook()
        assert isinstance(book.active, Worksheet)
        rows: list[list[Any]] = [*[[None, None]] * above, *TABLE]
        for row in rows:
            book.active.append(row)
        if above:
            book.active.merge_cells("A1:B1")
        for reference, value in cells.items():
            book.active[reference] = value
        book.save(path)

    return build


def damaged(change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    def build(path: Path) -> None:
        raw_workbook(path, {"명단": rows_sheet([HEADER, *roster_rows(50)])})
        path.write_bytes(change(path.read_bytes()))

    return build


def flipped_in_sheet(data: bytes) -> bytes:
    at = data.index(b"xl/worksheets/sheet1.xml") + 200
    return data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :]


def zip_of(**members: str) -> Callable[[Path], object]:
    def build(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in members.items():
                archive.writestr(name.replace("__", "/").replace("_dot_", "."), text)

    return build


def hidden(state: str) -> Callable[[Path], object]:
    sheets = {"옛 명단": rows_sheet(TABLE[:2]), "명단": rows_sheet(TABLE)}
    return lambda path: raw_workbook(path, sheets, states={"옛 명단": state})


def many_sheets(path: Path) -> object:
    return raw_workbook(path, {f"시트{number}": rows_sheet([]) for number in range(51)})


def lying(path: Path) -> object:
    raw_workbook(path, {"명단": repeated(b" " * 1024, 1_000)})
    return lie_about_size(path, "xl/worksheets/sheet1.xml", 2_000)


def bomb(piece: bytes, times: int, shared: bool = False) -> Callable[[Path], object]:
    head = sheet_xml(ROWS).replace("</sheetData></worksheet>", "").encode()

    def build(path: Path) -> object:
        if not shared:
            return raw_workbook(path, {"명단": repeated(piece, times, head, b"</sheetData></worksheet>")})
        strings = repeated(piece, times, b"<sst>", b"</sst>")
        return raw_workbook(path, {"명단": rows_sheet(TABLE)}, shared_strings=strings)

    return build


LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "하하하하">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]>"
)
GOOD_CELLS = cell("A2", "김하나") + cell("B2", P1)
HEAD_ROW = row_xml(1, TABLE[0])


SHARED = cell("A2", kind="s", inner="<v>0</v>") + cell("B2", kind="s", inner="<v>1</v>")


def unplaced(value: str) -> str:
    """A cell told by order alone."""
    return cell("", value).replace(' r=""', "")


def second_row(cells: str) -> str:
    return f'{HEAD_ROW}<row r="2">{cells}</row>'


FIRST = [(2, "usable", "김하나")]
CASES = [
    # --- no workbook at all: told by content, whatever the name says
    Case("empty_file", content(b""), "empty_file", sniffed=True),
    Case(
        "encrypted",
        lambda path: ole_file(path, "EncryptionInfo", "EncryptedPackage"),
        "encrypted_workbook",
        True,
    ),
    Case("xls", lambda path: ole_file(path, "Workbook"), "legacy_xls", True),
    Case("hwp", lambda path: ole_file(path, "HwpSummaryInformation"), "not_a_workbook", True),
    Case("csv_cp949", content(CSV.encode("cp949")), "csv_file", True),
    Case("csv_utf_8", content(CSV.encode()), "csv_file", True),
    Case("csv_utf_8_with_mark", content(CSV.encode("utf-8-sig")), "csv_file", True),
    Case("text_utf_16", content(CSV.replace(",", "\t").encode("utf-16")), "csv_file", True),
    Case("html", content("<html><table><tr><td>이름".encode("cp949")), "html_file", True),
    Case(
        "xml_of_2003",
        content(b'<?xml version="1.0"?><Workbook xmlns="urn:schemas"/>'),
        "not_a_workbook",
        True,
    ),
    Case("pdf", content(b"%PDF-1.7\n"), "not_a_workbook", True),
    Case("noise", content(bytes(range(256)) * 10), "not_a_workbook", True),
    Case(
        "word",
        zip_of(**{"[Content_Types]_dot_xml": "", "word__document_dot_xml": ""}),
        "not_a_workbook",
        True,
    ),
    Case("zipped_xlsx", zip_of(명단_dot_xlsx="PK"), "not_a_workbook", True),
    Case("xlsb", zip_of(_rels___dot_rels="", xl__workbook_dot_bin=""), "not_a_workbook", True),
    # --- broken zips
    Case("only_magic", content(b"PK\x03\x04"), "corrupt_zip", True),
    Case("truncated_zip", damaged(lambda data: data[: len(data) // 2]), "corrupt_zip", True),
    Case("cut_in_front", damaged(lambda data: b"PK\x03\x04" + data[200:]), "corrupt_zip"),
    Case(
        "changed_byte",
        damaged(flipped_in_sheet),
        "corrupt_zip",
    ),
    Case("traversal", sheet(ROWS, members={"../../etc/passwd": "x"}), "unsafe_zip", True),
    Case("absolute_drive", sheet(ROWS, members={"C:/x": "x"}), "unsafe_zip", True),
    Case("many_members", sheet(ROWS, members={f"xl/m{n}": "" for n in range(2100)}), "too_complex", True),
    # --- broken workbooks
    Case("missing_sheet_part", sheet(ROWS, members={"xl/worksheets/sheet1.xml": None}), "corrupt_workbook"),
    Case("missing_relations", sheet(ROWS, members={"xl/_rels/workbook.xml.rels": None}), "corrupt_workbook"),
    Case("broken_xml", sheet(ROWS + "<row"), "corrupt_workbook"),
    Case("sheet_is_empty_file", sheet(ROWS, members={"xl/worksheets/sheet1.xml": ""}), "corrupt_workbook"),
    Case(
        "no_such_shared_string", sheet(second_row(cell("A2", kind="s", inner="<v>7</v>"))), "corrupt_workbook"
    ),
    Case("number_that_is_none", sheet(second_row(cell("A2", inner="<v>abc</v>"))), "corrupt_workbook"),
    Case("reference_too_far", sheet(second_row(GOOD_CELLS + cell("ZZZZZZ1", "x"))), "corrupt_workbook"),
    Case(
        "row_number_too_large",
        sheet(ROWS + '<row r="99999999999"><c r="A99999999999"><v>1</v></c></row>'),
        "corrupt_workbook",
    ),
    Case("too_many_sheets", many_sheets, "too_complex"),
    # --- attacks
    Case(
        "billion_laughs",
        lambda path: raw_workbook(path, {"명단": sheet_xml(ROWS, prolog=LAUGHS)}),
        "unsafe_xml",
    ),
    Case("entity_in_strings", sheet(ROWS, shared_strings=LAUGHS + strings_xml(["a"])[38:], members={}), BOTH),
    Case(
        "entity_in_strings_that_are_used",
        sheet(f'{HEAD_ROW}<row r="2">{SHARED}</row>', shared_strings=LAUGHS + strings_xml(["a", "b"])[38:]),
        "unsafe_xml",
    ),
    Case("bomb_of_spaces", bomb(b" " * 1000, 30_000), "zip_bomb", True),
    Case(
        "bomb_of_strings", bomb(b"<si><t>aaaaaaaaaaaaaaaa</t></si>", 400_000, shared=True), "zip_bomb", True
    ),
    Case("size_that_lies", lying, "corrupt_zip"),
    Case("very_long_cell", sheet(second_row(GOOD_CELLS + cell("C2", "가나다라" * 10_000))), "too_complex"),
    Case("corner_cell", sheet(ROWS + '<row r="1048576">' + cell("XFD1048576", "x") + "</row>"), "too_wide"),
    Case(
        "corner_cell_of_style_only", sheet(ROWS + '<row r="1048576">' + cell("XFD1048576") + "</row>"), BOTH
    ),
    Case(
        "cell_in_the_last_row",
        sheet(
            ROWS
            + '<row r="1048576">'
            + cell("A1048576", "박세찬")
            + cell("B1048576", "01011110003")
            + "</row>"
        ),
        [*BOTH, (1048576, "usable", "박세찬")],
    ),
    # --- honest, and hard on readers
    Case("phantom_rows", lambda path: phantom_rows(path, TABLE), BOTH),
    Case(
        "dimension_that_lies",
        lambda path: raw_workbook(path, {"명단": sheet_xml(ROWS, before='<dimension ref="A1:XFD1048576"/>')}),
        BOTH,
    ),
    Case("hidden_sheet", hidden("hidden"), BOTH),
    Case("very_hidden_sheet", hidden("veryHidden"), BOTH),
    Case(
        "all_hidden",
        lambda path: raw_workbook(path, {"명단": rows_sheet(TABLE)}, states={"명단": "hidden"}),
        "no_rows",
    ),
    Case(
        "merged_title",
        honest({"A1": "수학 특강 명단"}, above=2),
        [(4, "usable", "김하나"), (5, "usable", "이두리")],
    ),
    Case(
        "formula_without_value",
        honest({"B2": '=CONCATENATE("010","11110001")'}),
        [(2, "formula_without_value", "김하나"), BOTH[1]],
    ),
    Case(
        "row_of_formulas_alone",
        honest({"A4": "=A2", "B4": "=B2"}),
        [*BOTH, (4, "formula_without_value", "")],
    ),
    Case(
        "formula_with_value",
        sheet(second_row(cell("A2", kind="str", inner="<f>X1</f><v>김하나</v>") + cell("B2", P1))),
        FIRST,
    ),
    Case(
        "formula_of_empty_text",
        sheet(second_row(GOOD_CELLS + cell("C2", kind="str", inner='<f>""</f><v></v>'))),
        FIRST,
    ),
    Case(
        "error_cells",
        sheet(second_row(cell("A2", "김하나") + cell("B2", kind="e", inner="<v>#N/A</v>"))),
        [(2, "error_cell", "김하나")],
    ),
    Case("boolean_name", sheet(second_row(cell("A2", True) + cell("B2", P1))), [(2, "invalid_name", "True")]),
    Case(
        "date_name",
        honest({"A2": "=DATE(2025,3,2)", "A3": date(2025, 3, 2)}),
        [(2, "formula_without_value", ""), (3, "invalid_name", "2025-03-02")],
    ),
    Case(
        "cells_without_references",
        sheet("".join(f"<row>{''.join(map(unplaced, row))}</row>" for row in TABLE[:2])),
        FIRST,
    ),
    Case(
        "rich_text",
        sheet(
            second_row(
                cell(
                    "A2",
                    kind="inlineStr",
                    inner="<is><r><t>김</t></r><r><t>하나</t></r><rPh><t>キム</t></rPh></is>",
                )
                + cell("B2", P1)
            )
        ),
        FIRST,
    ),
    Case(
        "shared_strings",
        sheet(
            HEAD_ROW + f'<row r="2">{SHARED}</row>',
            shared_strings=strings_xml(["김하나", P1]),
        ),
        FIRST,
    ),
    Case(
        "prefixed_elements",
        lambda path: raw_workbook(
            path,
            {
                "명단": sheet_xml(ROWS)
                .replace("<", "<x:")
                .replace("<x:/", "</x:")
                .replace("<x:?", "<?")
                .replace("xmlns=", "xmlns:x=")
            },
        ),
        BOTH,
    ),
    Case(
        "utf_16_sheet",
        lambda path: raw_workbook(
            path, {"명단": sheet_xml(ROWS).replace("UTF-8", "UTF-16").encode("utf-16")}
        ),
        BOTH,
    ),
    Case("stored_members", sheet(ROWS, stored=True), BOTH),
    Case(
        "wide_but_sound",
        lambda path: raw_workbook(path, {"명단": sheet_xml(second_row(GOOD_CELLS + cell("IV2", "x")))}),
        FIRST,
    ),
    Case(
        "escaped_characters",
        sheet(second_row(cell("A2", "김하나_x0000_") + cell("B2", P1 + "_x000D_"))),
        FIRST,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_rows_or_a_clear_error(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "명단.xlsx"
    case.build(path)

    if isinstance(case.expect, str):
        with pytest.raises(SheetError) as fault:
            sniff(path) if case.sniffed else list(read_roster(path))
        assert fault.value.code == case.expect
        assert fault.value.detail.endswith(("요.", "니다."))
        assert any("가" <= letter <= "힣" for letter in fault.value.detail)
        # the child finds at least what the sniffer finds
        with pytest.raises(SheetError):
            list(read_roster(path))
        return
    sniff(path)
    rows = [row for batch in read_roster(path) for row in batch]
    assert [(row.row, row.code or row.verdict, row.name) for row in rows] == case.expect


def test_a_file_over_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "big.xlsx"
    with path.open("wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(21 * 1024 * 1024)

    with pytest.raises(SheetError) as fault:
        sniff(path)

    assert fault.value.code == "too_large"


def test_rows_over_the_limit_are_refused_not_cut(tmp_path: Path) -> None:
    path = raw_workbook(tmp_path / "r.xlsx", {"명단": rows_sheet([HEADER, *roster_rows(60)])})

    with pytest.raises(SheetError) as fault:
        list(read_roster(path, SheetLimits(max_rows=50)))

    assert fault.value.code == "too_many_rows"
