"""Optional fields never fail a row: understood, or null and kept in the memo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from testkit.workbooks import workbook

HEADINGS = ["이름", "학부모전화", "학생전화", "학교", "학년", "성별", "반", "계열", "메모"]


class Case:
    """One row with some cells `changed`, and some `fields` of what becomes of it."""

    def __init__(self, name: str, changed: dict[str, Any], **fields: Any) -> None:
        self.name, self.changed, self.fields = name, changed, fields


CASES = [
    Case("student_phone_of_8_digits", {"학생전화": "1234-5678"}, student_phone="01012345678", memo=None),
    Case("student_phone_as_number", {"학생전화": 1012345678}, student_phone="01012345678"),
    Case(
        "student_phone_invalid", {"학생전화": "02-123-4567"}, student_phone=None, memo="학생전화: 02-123-4567"
    ),
    Case("student_phone_none", {"학생전화": "없음"}, student_phone=None, memo=None),
    Case("grade_number", {"학년": 2}, grade=2, school_type=None),
    Case("grade_text_float", {"학년": "2.0"}, grade=2),
    Case("grade_with_level", {"학년": "고2"}, grade=2, school_type="HIGH"),
    Case("grade_middle", {"학년": "중3", "학교": "가람"}, grade=3, school_type="MIDDLE", school="가람"),
    Case("grade_word", {"학년": "2학년"}, grade=2),
    Case("grade_elementary", {"학년": "초6"}, grade=6, school_type="ELEMENTARY"),
    Case("grade_and_class", {"학년": "2학년 3반"}, grade=2, school_class="3"),
    Case("grade_out_of_range", {"학년": 7, "메모": "형제 할인"}, grade=None, memo="형제 할인 / 학년: 7"),
    Case(
        "grade_4_in_high_school",
        {"학교": "서울고", "학년": 4},
        grade=None,
        school_type="HIGH",
        memo="학년: 4",
    ),
    Case("school_with_grade", {"학교": "서울고(2)"}, school="서울고", school_type="HIGH", grade=2),
    Case(
        "school_with_full_width_grade",
        {"학교": "고양중（３）"},
        school="고양중",
        school_type="MIDDLE",
        grade=3,
    ),
    Case("middle_school_named_goyang", {"학교": "고양중학교"}, school="고양중학교", school_type="MIDDLE"),
    Case("high_school_named_middle", {"학교": "중앙고"}, school="중앙고", school_type="HIGH"),
    Case("elementary_school", {"학교": "고촌초등학교", "학년": 5}, school_type="ELEMENTARY", grade=5),
    Case("school_of_no_kind", {"학교": "한빛대안학교"}, school="한빛대안학교", school_type=None),
    Case("gender_korean", {"성별": "남자"}, gender="M"),
    Case("gender_english", {"성별": "Female"}, gender="F"),
    Case("gender_unknown", {"성별": "모름"}, gender=None, memo="성별: 모름"),
    Case("class_and_major", {"반": "심화A", "계열": "이과"}, school_class="심화A", major="이과"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_optional_fields(case: Case, tmp_path: Path, read_here: Any) -> None:
    row = ["김하나", "010-1111-0001", *[case.changed.get(heading, "") for heading in HEADINGS[2:]]]
    path = workbook(tmp_path / "roster.xlsx", {"명단": [HEADINGS, row]})

    _, (read,) = read_here(path)

    assert (read.verdict, read.name, read.parent_phone) == ("usable", "김하나", "01011110001")
    assert {name: getattr(read, name) for name in case.fields} == case.fields
