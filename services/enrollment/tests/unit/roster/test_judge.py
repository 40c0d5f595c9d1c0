"""Properties of the verdict over any cells."""

from __future__ import annotations

import contextlib
import datetime

from contracts.identity import MAX_NAME, name_key, normalise_name, normalise_phone
from enrollment.domain.roster import Cell, Fault, Judge, Layout, RosterRow, SheetError
from hypothesis import given
from hypothesis import strategies as st

HEADINGS = ("이름", "학부모전화", "학생전화", "학교", "학년", "성별", "비고", "주소")
FIELDS = {"name": 0, "parent_phone": 1, "student_phone": 2, "school": 3, "grade": 4, "gender": 5, "memo": 6}
LAYOUT = Layout(1, 2, FIELDS, dict(enumerate(HEADINGS)), 3)

CELLS: st.SearchStrategy[Cell] = st.one_of(
    st.none(),
    st.text(max_size=70),
    st.sampled_from(
        [
            "김하나",
            "이 두리",
            "010-1111-0001",
            "+82 10 1111 0001",
            "고2",
            "서울고(2)",
            "남",
            "예시",
            "합계",
            "※",
        ]
    ),
    st.floats(),
    st.integers(-(10**12), 10**12),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.just(datetime.timedelta(1)),
    st.sampled_from([Fault("error_cell", "#N/A"), Fault("formula_without_value")]),
)
ROWS = st.lists(st.lists(CELLS, max_size=10), max_size=12)


def judged(rows: list[list[Cell]]) -> list[RosterRow | None]:
    judge = Judge(LAYOUT)
    result: list[RosterRow | None] = []
    for number, cells in enumerate(rows, 2):
        # a second header ends a reading with a fault of its own
        with contextlib.suppress(SheetError):
            fields = judge.judge((number, cells))
            result.append(RosterRow(*fields) if fields else None)
    return result


@given(ROWS)
def test_every_row_with_content_has_one_verdict_that_the_shared_rule_agrees_with(
    rows: list[list[Cell]],
) -> None:
    seen: set[tuple[str, str]] = set()
    for row in filter(None, judged(rows)):
        assert (row.verdict == "usable") == (row.code is None) == (row.reason is None)
        if row.verdict not in ("usable", "duplicate"):
            continue
        assert row.name == normalise_name(row.name)
        assert 0 < len(row.name) <= MAX_NAME
        assert row.parent_phone == normalise_phone(row.parent_phone or "")
        key = (name_key(row.name), str(row.parent_phone))
        assert (key in seen) == (row.verdict == "duplicate")
        seen.add(key)


@given(ROWS)
def test_what_is_sent_on_is_bounded_and_fit_for_storage(rows: list[list[Cell]]) -> None:
    for row in filter(None, judged(rows)):
        assert row.grade is None or 1 <= row.grade <= 6
        assert row.gender in {None, "M", "F"}
        texts = [row.name, row.school, row.school_class, row.major, row.memo, *row.extra, *row.extra.values()]
        assert all(len(text) <= 1000 and "\x00" not in text for text in texts if text)
        # no number, name or other value of a cell in a reason
        assert not any(character in (row.reason or "") for character in "@#※")


@given(st.lists(st.lists(CELLS, max_size=10), max_size=6))
def test_only_rows_without_content_have_no_verdict(rows: list[list[Cell]]) -> None:
    for cells, row in zip(rows, judged(rows), strict=False):
        if row is None:
            assert all(cell is None or not str(cell).strip() for cell in cells)


def test_an_optional_value_that_cannot_be_understood_stays_readable() -> None:
    cells: list[Cell] = ["김하나", "01011110001", "집에 없음", "서울고", "예비고1", "?", "신규", None]

    (row,) = judged([cells])

    assert row is not None
    assert (row.verdict, row.student_phone, row.grade, row.gender) == ("usable", None, None, None)
    assert row.memo == "신규 / 학년: 예비고1 / 성별: ? / 학생전화: 집에 없음"


def test_both_faults_of_a_row_are_told() -> None:
    (row,) = judged([["3/2", "010-12", None, "서울고"]])

    assert row is not None
    assert row.code == "invalid_name"
    assert row.reason is not None
    assert "이름" in row.reason
    assert "학부모 전화번호" in row.reason


def test_a_tick_is_not_taken_for_the_number_one() -> None:
    first, second = judged([["김하나", "01011110001", "", "", 1.0], ["이두리", "01011110002", "", "", True]])

    assert first is not None
    assert second is not None
    assert (first.grade, second.grade, second.memo) == (1, None, "학년: True")
