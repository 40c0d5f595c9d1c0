"""Which roster rows are refused, and why."""

import pytest
from students.domain.roster import identity_refusal, profile_refusal


@pytest.mark.parametrize(
    ("name", "parent_phone", "student_phone", "code"),
    [
        ("김하나", "01012345678", None, None),
        ("김하나", "01012345678", "01000000000", None),
        ("가" * 50, "01012345678", None, None),
        ("", "01012345678", None, "invalid_name"),
        ("가" * 51, "01012345678", None, "invalid_name"),
        ("김하나", "", None, "invalid_parent_phone"),
        ("김하나", "010-1234-5678", None, "invalid_parent_phone"),
        ("김하나", "0101234567", None, "invalid_parent_phone"),
        ("김하나", "01112345678", None, "invalid_parent_phone"),
        ("김하나", "０１０12345678", None, "invalid_parent_phone"),
        ("김하나", "01012345678", "", "invalid_student_phone"),
        ("김하나", "01012345678", "1012345678", "invalid_student_phone"),
    ],
)
def test_identity(name, parent_phone, student_phone, code):
    assert identity_refusal(name, parent_phone, student_phone) == code


@pytest.mark.parametrize(
    ("school_type", "grade", "gender", "texts", "code"),
    [
        (None, None, None, (), None),
        ("ELEMENTARY", 6, "F", ("가나초", None, "메모\n두 줄\t'\"\\"), None),
        ("COLLEGE", None, None, (), "invalid_school_type"),
        ("", None, None, (), "invalid_school_type"),
        (None, 0, None, (), "invalid_grade"),
        (None, 7, None, (), "invalid_grade"),
        (None, 10**30, None, (), "invalid_grade"),
        (None, None, "남", (), "invalid_gender"),
        (None, None, None, ("가\0나",), "invalid_text"),
        (None, None, None, (None, "\ud800"), "invalid_text"),
    ],
)
def test_profile(school_type, grade, gender, texts, code):
    assert profile_refusal(school_type, grade, gender, *texts) == code
