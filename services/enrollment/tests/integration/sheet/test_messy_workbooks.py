"""Workbooks as academies really send them: what becomes of every row. Three writers write each."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from enrollment.adapters.sheet import RosterRow, SheetError, sniff
from testkit.workbooks import WRITERS, Writer, workbook

P1, P2, P3 = "01011110001", "01011110002", "01011110003"
Table = Sequence[Sequence[Any]]


@dataclass
class Case:
    """`rows`: (sheet row, verdict or code, name, parent phone) of every reported row; or `error`, a code."""

    name: str
    sheets: Table | dict[str, Table]
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)  # of the first row
    error: str | None = None
    says: str = ""  # what the error's detail must name
    sheet: dict[str, Any] = field(default_factory=dict)
    writers: tuple[Writer, ...] = WRITERS


HEAD = ["이름", "학부모전화"]
GOOD = [["김하나", "010-1111-0001"], ["이두리", "010-1111-0002"]]
OK = [(2, "usable", "김하나", P1), (3, "usable", "이두리", P2)]
ONE = [(2, "usable", "김하나", P1)]


CASES = [
    Case("plain", [HEAD, *GOOD], OK, sheet={"name": "명단", "header_row": 1, "lecture_title": None}),
    # where the table is
    Case(
        "header_on_row_7",
        [["2025 봄 수학 특강"], [], ["담당: 홍선생님"], [], [], [], HEAD, *GOOD],
        [(8, "usable", "김하나", P1), (9, "usable", "이두리", P2)],
        sheet={"name": "명단", "header_row": 7, "lecture_title": "담당: 홍선생님"},
    ),
    Case(
        "title_above",
        [["고2 수학 심화반 명단"], HEAD, *GOOD],
        [(3, "usable", "김하나", P1), (4, "usable", "이두리", P2)],
        sheet={"name": "명단", "header_row": 2, "lecture_title": "고2 수학 심화반 명단"},
    ),
    Case("table_starts_in_column_d", [[None, None, None, *row] for row in [HEAD, *GOOD]], OK),
    Case(
        "blank_rows_between",
        [HEAD, GOOD[0], [], [None, " "], [], GOOD[1]],
        [OK[0], (6, "usable", "이두리", P2)],
    ),
    Case(
        "header_row_46",
        [*[["안내", f"문구 {i}"] for i in range(45)], HEAD, GOOD[0]],
        [(47, "usable", "김하나", P1)],
    ),
    Case(
        "repeated_header",
        [HEAD, GOOD[0], HEAD, GOOD[1]],
        [OK[0], (3, "repeated_header", "이름", None), (4, "usable", "이두리", P2)],
    ),
    Case(
        "second_table",
        [HEAD, GOOD[0], ["성명", "비고", "보호자연락처"], ["이두리", "x", P2]],
        error="second_table",
        says="3행",
    ),
    Case(
        "side_by_side",
        [["이름", "연락처", "이름", "연락처"], ["김하나", P1, "이두리", P2]],
        error="side_by_side",
    ),
    # two-row headers
    Case(
        "group_row_above",
        [["학생", None, "학부모", None], ["이름", "연락처", "성함", "연락처"], ["김하나", P3, "김아빠", P1]],
        [(3, "usable", "김하나", P1)],
        {"student_phone": P3, "extra": {"학부모성함": "김아빠"}},
    ),
    Case(
        "roles_below",
        [["이름", "연락처", None, "학교"], [None, "학생", "학부모", None], ["김하나", P3, P1, "서울고"]],
        [(3, "usable", "김하나", P1)],
        {"student_phone": P3, "school": "서울고"},
    ),
    Case(
        "name_and_number_below_a_bare_role",
        [
            ["이름", "학교", "학부모", None],
            [None, None, "성함", "연락처"],
            ["김하나", "서울고", "김아빠", P1],
        ],
        [(3, "usable", "김하나", P1)],
    ),
    # whose number
    Case(
        "students_number_left_of_parents",
        [["이름", "학생 연락처", "연락처"], ["김하나", P3, P1]],
        ONE,
        {"student_phone": P3},
    ),
    Case(
        "role_beats_generic",
        [["이름", "전화번호", "학부모 전화번호"], ["김하나", P3, P1]],
        ONE,
        {"student_phone": None, "extra": {"전화번호": P3}},
    ),
    Case(
        "only_a_students_number",
        [["이름", "학생전화번호"], ["김하나", P3]],
        error="parent_phone_column_not_found",
    ),
    Case(
        "parents_name_is_no_phone",
        [
            ["이름", "학부모 이름", "보호자 성함", "학부모명", "관계", "학부모"],
            ["김하나", "김아빠", "김아빠", "김아빠", "부", P1],
        ],
        ONE,
    ),
    Case(
        "bare_role_holds_a_name",
        [["이름", "학부모", "연락처"], ["김하나", "김아빠", P1], ["이두리", "이엄마", P2]],
        OK,
    ),
    Case(
        "bare_role_holds_the_number",
        [["학생명", "연락처", "보호자"], ["김하나", P3, P1], ["이두리", P3, P2]],
        OK,
    ),
    Case(
        "same_role_twice",
        [["이름", "학부모전화", "보호자연락처"], ["김하나", P1, P2]],
        ONE,
        {"extra": {"보호자연락처": P2}},
    ),
    Case(
        "mother_and_father",
        [["이름", "어머니 연락처", "아버지 연락처"], ["김하나", P1, P2]],
        error="ambiguous_parent_phone",
        says="어머니 연락처",
    ),
    Case("guardian_beats_mother", [["이름", "모 연락처", "보호자 연락처"], ["김하나", P2, P1]], ONE),
    Case(
        "two_generic_numbers",
        [["이름", "연락처", "휴대폰"], ["김하나", P1, P2]],
        error="ambiguous_parent_phone",
        says="C열 '휴대폰'",
    ),
    Case("landline_and_mobile", [["이름", "전화", "휴대폰"], ["김하나", "02-123-4567", P1]], ONE),
    Case(
        "duplicate_headings",
        [["이름", "학부모전화", "메모", "메모", "이름"], ["김하나", P1, "가", "나", "다"]],
        ONE,
        {"memo": "가", "extra": {"메모": "나", "이름": "다"}},
    ),
    Case(
        "schools_and_teachers_numbers",
        [["이름", "학교 전화번호", "담임 연락처", "학부모 휴대폰"], ["김하나", P2, P3, P1]],
        ONE,
        {"school": None},
    ),
    # no headings
    Case(
        "headerless",
        [["김하나", "서울고", P1], ["이두리", "고양중", P2]],
        [(1, "usable", "김하나", P1), (2, "usable", "이두리", P2)],
        sheet={"name": "명단", "header_row": None, "lecture_title": None},
    ),
    Case("headerless_two_numbers", [["김하나", P3, P1], ["이두리", P3, P2]], error="header_not_found"),
    Case(
        "unnamed_phone_column",
        [["이름", "학교", "비상"], ["김하나", "서울고", P1], ["이두리", "서울고", P2]],
        OK,
    ),
    Case("unnamed_name_column", [["번호", "회원", "학부모전화"], [1, "김하나", P1], [2, "이두리", P2]], OK),
    Case("no_roster_at_all", [["월", "매출"], ["1월", 3000], ["2월", 4000]], error="header_not_found"),
    # numbers
    Case("phone_as_integer", [HEAD, ["김하나", 1011110001]], ONE),
    Case("phone_as_float", [HEAD, ["김하나", 1011110001.0]], ONE),
    Case("phone_as_text_float", [HEAD, ["김하나", "1011110001.0"]], ONE),
    Case("phone_as_text_exponent", [HEAD, ["김하나", "1.011110001E9"]], ONE),
    Case("phone_lost_its_zero", [HEAD, ["김하나", "10-1111-0001"]], ONE),
    Case("phone_plus_82", [HEAD, ["김하나", "+82 10-1111-0001"]], ONE),
    Case("phone_82_as_number", [HEAD, ["김하나", 821011110001]], ONE),
    Case("phone_full_width", [HEAD, ["김하나", "０１０－１１１１－０００１"]], ONE),
    Case("phone_dots_and_spaces", [HEAD, ["김하나", " 010.1111 0001 "]], ONE),
    Case("phone_with_words", [HEAD, ["김하나", "모: 010-1111-0001"]], ONE),
    Case(
        "two_phones_in_a_cell",
        [HEAD, ["김하나", "010-1111-0001 / 010-1111-0002"]],
        ONE,
        {"memo": "학부모전화: 010-1111-0001 / 010-1111-0002"},
    ),
    Case("second_of_two_phones", [HEAD, ["김하나", "02-123-4567, 010-1111-0001"]], ONE),
    # rows that fail alone
    Case(
        "each_fault_alone",
        [
            HEAD,
            GOOD[0],
            ["박세찬", None],
            [None, P2],
            ["최네온", "010-123-4567"],
            ["정다온", "011-123-4567"],
            ["3/2", P2],
            ["3월 2일", P2],
            [1234, P2],
            ["가" * 51, P2],
            ["강여섯", "없음"],
            [None, "서울"],
            GOOD[1],
        ],
        [
            OK[0],
            (3, "missing_parent_phone", "박세찬", None),
            (4, "missing_name", "", P2),
            (5, "invalid_parent_phone", "최네온", None),
            (6, "invalid_parent_phone", "정다온", None),
            (7, "invalid_name", "3/2", P2),
            (8, "invalid_name", "3월 2일", P2),
            (9, "invalid_name", "1234", P2),
            (10, "name_too_long", "가" * 51, P2),
            (11, "missing_parent_phone", "강여섯", None),
            (12, "missing_name", "", None),
            (13, "usable", "이두리", P2),
        ],
    ),
    Case("every_row_fails", [HEAD, ["김하나", "없음"]], [(2, "missing_parent_phone", "김하나", None)]),
    # rows that are no students
    Case(
        "samples",
        [
            ["이름", "학부모전화", "학생전화", "비고"],
            ["홍길동", "010-8765-4321", "010-1234-5678", None],
            ["김영희", "01011112222", None, None],
            ["홍길동", "010-8765-4321", None, None],
            ["이예시", P2, None, "예시입니다"],
            ["이두리", P2, None, "신규"],
        ],
        [
            (2, "sample_row", "홍길동", "01087654321"),
            (3, "sample_row", "김영희", "01011112222"),
            (4, "usable", "홍길동", "01087654321"),
            (5, "sample_row", "이예시", P2),
            (6, "usable", "이두리", P2),
        ],
    ),
    Case(
        "totals_and_notes",
        [
            ["번호", "이름", "학부모전화", "학교"],
            [1, "김하나", P1, "서울고"],
            [2],
            [3, None, None, None],
            ["소계", "1명"],
            [None, "합계", "1명"],
            ["총원: 1명"],
            ["※ 전화번호는 학부모님 번호입니다"],
            [None, None, None, "끝"],
        ],
        [
            (2, "usable", "김하나", P1),
            (3, "empty_row", "", None),
            (4, "empty_row", "", None),
            (5, "total_row", "1명", None),
            (6, "total_row", "합계", None),
            (7, "total_row", "", None),
            (8, "note_row", "", None),
            (9, "note_row", "", None),
        ],
    ),
    Case("only_samples", [HEAD, ["김영희", "01011112222"]], error="no_rows"),
    Case("header_only", [HEAD], error="no_rows"),
    # who is who
    Case(
        "duplicates_in_the_file",
        [HEAD, ["김하나", P1], ["김 하나", "+82 10 1111 0001"], ["김하나", P2], ["김하나", 1011110001]],
        [OK[0], (3, "duplicate", "김 하나", P1), (4, "usable", "김하나", P2), (5, "duplicate", "김하나", P1)],
    ),
    Case(
        "decomposed_names",
        [
            [unicodedata.normalize("NFD", h) for h in HEAD],
            [unicodedata.normalize("NFD", "김하나"), P1],
            ["김하나", P1],
        ],
        [OK[0], (3, "duplicate", "김하나", P1)],
    ),
    Case(
        "names_of_50_characters",
        [HEAD, ["나" * 50, P1], ["Alexandra Konstantinopoulos", P2]],
        [(2, "usable", "나" * 50, P1), (3, "usable", "Alexandra Konstantinopoulos", P2)],
    ),
    Case("white_space_in_names", [HEAD, ["  남궁   민수\n", P1]], [(2, "usable", "남궁 민수", P1)]),
    Case(
        "extra_columns",
        [[*HEAD, "주소", None, "학교"], ["김하나", P1, "서울시", "여백", "서울고", "밖"]],
        ONE,
        {"extra": {"주소": "서울시", "D열": "여백", "F열": "밖"}, "school": "서울고"},
    ),
    Case(
        "dates",
        [[*HEAD, "등록일", "학년"], ["김하나", P1, date(2025, 3, 2), date(2025, 2, 3)]],
        ONE,
        {"grade": None, "memo": "학년: 2025-02-03", "extra": {"등록일": "2025-03-02"}},
        writers=("openpyxl", "xlsxwriter"),
    ),
    Case(
        "booleans",
        [[*HEAD, "납부", "학년"], ["김하나", P1, True, False]],
        ONE,
        {"grade": None, "memo": "학년: False", "extra": {"납부": "True"}},
    ),
    # several sheets
    Case(
        "cover_sheet_first",
        {"표지": [["수학 특강"], ["작성자", "홍선생"]], "명단": [HEAD, *GOOD]},
        OK,
        sheet={"name": "명단", "header_row": 1, "lecture_title": None},
    ),
    Case("template_sheet_beside", {"작성예시": [HEAD, ["김영희", "01011112222"]], "등록": [HEAD, *GOOD]}, OK),
    Case("empty_sheet_first", {"Sheet1": [[]], "Sheet2": [HEAD, *GOOD]}, OK),
    Case("the_clearer_of_two", {"상담": [["이름", "연락처"], ["박세찬", P3]], "수강": [HEAD, *GOOD]}, OK),
    Case(
        "two_equal_rosters",
        {"1반": [HEAD, GOOD[0]], "2반": [HEAD, GOOD[1]]},
        error="ambiguous_sheets",
        says="'1반', '2반'",
    ),
    Case("all_sheets_empty", {"Sheet1": [[]], "Sheet2": [[" "]]}, error="no_rows"),
]


def outcome(row: RosterRow) -> str:
    return row.verdict if row.verdict in ("usable", "duplicate") else str(row.code)


@pytest.mark.parametrize("careful", [False, True], ids=["fast", "careful"])
@pytest.mark.parametrize(
    ("case", "writer"),
    [pytest.param(case, writer, id=f"{case.name}-{writer}") for case in CASES for writer in case.writers],
)
def test_every_row_gets_its_verdict(
    case: Case, writer: Writer, careful: bool, tmp_path: Path, read_here: Any
) -> None:
    sheets = case.sheets if isinstance(case.sheets, dict) else {"명단": case.sheets}
    path = workbook(tmp_path / "roster.bin", sheets, writer)
    sniff(path)

    if case.error:
        with pytest.raises(SheetError) as fault:
            read_here(path, careful)
        assert fault.value.code == case.error
        assert case.says in fault.value.detail
        assert P1 not in fault.value.detail
        return
    sheet, rows = read_here(path, careful)

    assert [(row.row, outcome(row), row.name, row.parent_phone) for row in rows] == case.rows
    assert {name: getattr(rows[0], name) for name in case.fields} == case.fields
    assert all((row.code is None) == (row.reason is None) == (row.verdict == "usable") for row in rows)
    if case.sheet:
        assert {name: getattr(sheet, name) for name in case.sheet} == case.sheet
