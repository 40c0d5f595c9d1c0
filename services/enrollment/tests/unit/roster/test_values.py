"""What single values mean."""

from __future__ import annotations

import pytest
from contracts.identity import normalise_phone
from enrollment.domain.roster.values import gender, grade, mobile, school, school_level, student_mobile
from hypothesis import given
from hypothesis import strategies as st

DIGITS = st.text("0123456789", min_size=4, max_size=4)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1.012345678E9", "01012345678"),
        ("1012345678.0", "01012345678"),
        ("8.21012345678e+11", "01012345678"),
        ("02-123-4567 010-1234-5678", "01012345678"),
        ("010-1234-5678(모)\n010-2222-3333(부)", "01012345678"),
        ("010-123-4567 / 010-2222-3333", "01022223333"),
        ("1.01E+09", None),
        ("010-1234-56789", None),
        ("2025-03-02", None),
        ("9" * 400 + ".0", None),
        ("1e99", None),
        ("", None),
    ],
)
def test_mobile(written: str, number: str | None) -> None:
    assert mobile(written) == number


@given(
    DIGITS, DIGITS, st.sampled_from(["", "-", " ", "."]), st.sampled_from(["010", "+82 10", "10", "８２１０"])
)
def test_what_the_shared_rule_accepts_is_accepted_alike(one: str, two: str, between: str, front: str) -> None:
    written = f"{front}{between}{one}{between}{two}"

    assert mobile(written) == normalise_phone(written) == f"010{one}{two}"


@given(st.text(max_size=60))
def test_any_text_is_a_number_by_the_shared_rule_or_none(text: str) -> None:
    for found in (mobile(text), student_mobile(text)):
        assert found is None or normalise_phone(found) == found


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("12345678", "01012345678"),
        ("1234-5678", "01012345678"),
        ("１２３４５６７８", "01012345678"),
        ("1234567", None),
    ],
)
def test_eight_digits_are_a_students_number(written: str, number: str | None) -> None:
    assert student_mobile(written) == number
    assert mobile(written) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2", (None, 2, None)),
        ("2.0", (None, 2, None)),
        ("２학년", (None, 2, None)),
        ("고2", ("HIGH", 2, None)),
        ("고등학교 1학년", ("HIGH", 1, None)),
        ("중등 3", ("MIDDLE", 3, None)),
        ("초6", ("ELEMENTARY", 6, None)),
        ("2-11", (None, 2, "11")),
        ("중2학년 4반", ("MIDDLE", 2, "4")),
        *((text, None) for text in ("", "고4", "7", "0", "21", "예비고1", "N수", "2024", "2.5", "재수")),
    ],
)
def test_grade(text: str, found: tuple[str | None, int, str | None] | None) -> None:
    assert grade(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("서울고", ("서울고", "HIGH", None)),
        ("서울고(2)", ("서울고", "HIGH", 2)),
        ("서울고（２）", ("서울고", "HIGH", 2)),
        ("서울고 2학년", ("서울고", "HIGH", 2)),
        ("고양중3", ("고양중", "MIDDLE", 3)),
        ("새봄초등학교 (5학년)", ("새봄초등학교", "ELEMENTARY", 5)),
        ("서울고(5)", ("서울고(5)", "HIGH", None)),
        ("고2", (None, "HIGH", 2)),
        ("", (None, None, None)),
    ],
)
def test_school(text: str, found: tuple[str | None, str | None, int | None]) -> None:
    assert school(text) == found


@pytest.mark.parametrize(
    ("name", "level"),
    [
        *(
            (name, "MIDDLE")
            for name in (
                "고양중학교",
                "고양중",
                "고등중",
                "초당중",
                "서초중학교",
                "가람여중",
                "가람중학교(분교)",
            )
        ),
        *(
            (name, "HIGH")
            for name in (
                "중앙고",
                "중동고등학교",
                "초지고",
                "한빛여고",
                "사대부고",
                "서울과학고",
                "중앙고 (야간)",
            )
        ),
        *((name, "ELEMENTARY") for name in ("고촌초", "중앙초등학교", "고은초교"[:-1])),
        *((name, None) for name in ("한빛대안학교", "검정고시", "홈스쿨", "국제학교", "대학교")),
    ],
)
def test_the_kind_of_school_is_how_its_name_ends(name: str, level: str | None) -> None:
    assert school_level(name) == level


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("남", "M"),
        ("여", "F"),
        ("남 자", "M"),
        ("여학생", "F"),
        ("Ｍ", "M"),
        ("female", "F"),
        ("남(M)", "M"),
        ("?", None),
        ("", None),
    ],
)
def test_gender(text: str, found: str | None) -> None:
    assert gender(text) == found
