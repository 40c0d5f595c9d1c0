"""The verdict on each row below the header: one for every row with content. A row fails alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from contracts.identity import MAX_NAME, name_key, normalise_name

from enrollment.domain.roster.content import SAMPLES
from enrollment.domain.roster.headings import (
    NAME,
    PARENT_PHONE,
    REMARKS,
    RESULTS,
    SERIALS,
    STUDENT_PHONE,
    classify,
    squeeze,
)
from enrollment.domain.roster.layout import Layout
from enrollment.domain.roster.model import (
    Cell,
    Fault,
    Line,
    RosterFields,
    SheetError,
    Verdict,
    is_blank,
    is_placeholder,
    text_of,
)
from enrollment.domain.roster.optional import Details, DetailsReader, clip
from enrollment.domain.roster.values import holds_more_than, mobile, student_mobile

MAX_SHOWN_NAME = 100

REASONS = {
    "sample_row": "양식의 예시 행이라 건너뛰었습니다.",
    "total_row": "합계 행이라 건너뛰었습니다.",
    "note_row": "안내 문구라 건너뛰었습니다.",
    "empty_row": "번호만 있고 내용이 없는 행이라 건너뛰었습니다.",
    "repeated_header": "제목 행이 반복되어 건너뛰었습니다.",
    "missing_name": "이름이 비어 있습니다.",
    "invalid_name": "이름 칸에 이름이 아닌 날짜나 숫자가 있습니다.",
    "name_too_long": f"이름이 {MAX_NAME}자를 넘습니다.",
    "missing_parent_phone": "학부모 전화번호가 비어 있습니다.",
    "invalid_parent_phone": "학부모 전화번호가 010으로 시작하는 11자리가 아닙니다.",
    "duplicate_in_file": "{row}행과 이름과 학부모 전화번호가 같습니다.",
    "error_cell": "{what} 칸에 오류 값이 있습니다.",
    "formula_without_value": (
        "{what} 칸의 수식에 계산된 값이 없습니다. 엑셀에서 열어 저장하거나 값으로 바꿔 주세요."
    ),
}
_BLANK = "blank"
_NO_DETAILS = Details()

_USUAL_NAME = re.compile(r"[가-힣]{2,5}")
_SAMPLE_NAMES = frozenset(name for name, _, _ in SAMPLES)
_DATE_LIKE = re.compile(r"[0-9]{1,4}[/.\-][0-9]{1,2}([/.\-][0-9]{1,4})?|[0-9]{1,4}(년|월|일).*")
_TOTAL = re.compile(r"합계|총계|총원|소계|총인원|총합|누계|재적|(총|계|인원|전체)[0-9]*명?$")
_NOTE = re.compile(r"※|◆|■|▶|☞|\*\s|(참고|주의|안내|비고|작성)\S{0,4}\s*[:：)\]]|[\[<【](참고|주의|안내)")


class _Who(NamedTuple):
    usual: bool  # a name that the shared rule leaves as it is
    name_cell: Cell
    name: str
    parent_cell: Cell
    parent_text: str
    parent: str | None
    student_text: str
    student: str | None


class Judge:
    """Gives rows of one sheet their verdict, in sheet order; remembers whom it has seen for duplicates."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._name = layout.fields[NAME]
        self._parent = layout.fields[PARENT_PHONE]
        self._student = layout.fields.get(STUDENT_PHONE, -1)
        squeezed = {column: squeeze(label) for column, label in layout.labels.items()}
        silent = {*SERIALS, *RESULTS}
        self._serials = frozenset(column for column, label in squeezed.items() if label in silent)
        self._remarks = tuple(column for column, label in squeezed.items() if label in REMARKS)
        self._details = DetailsReader(layout)
        self._seen: dict[str, int] = {}

    def judge(self, line: Line) -> RosterFields | None:
        """The fields of a RosterRow in order (cheaper than the object); None for a row without content.

        Raises SheetError at a second, different table.
        """
        number, cells = line
        who = self._who(cells)
        if who.parent is None or self._remarks or who.name in _SAMPLE_NAMES:
            skip = self._skip(number, cells, who)
            if skip == _BLANK:
                return None
            if skip:
                return self._row(number, "skipped", skip, REASONS[skip], who, cells)
        if who.parent is None or not who.usual:
            code, reason = self._fault(who)
            if code:
                return self._row(number, "failed", code, reason, who, cells)
        key = (who.name if who.usual else name_key(who.name)) + str(who.parent)
        first = self._seen.setdefault(key, number)
        if first != number:
            reason = REASONS["duplicate_in_file"].format(row=first)
            return self._row(number, "duplicate", "duplicate_in_file", reason, who, cells)
        return self._row(number, "usable", None, None, who, cells)

    def _who(self, cells: Sequence[Cell]) -> _Who:
        width = len(cells)
        name = cells[self._name] if self._name < width else None
        parent = cells[self._parent] if self._parent < width else None
        student = cells[self._student] if 0 <= self._student < width else None
        usual = type(name) is str and _USUAL_NAME.fullmatch(name) is not None
        parent_text = parent if type(parent) is str else text_of(parent)
        student_text = student if type(student) is str else text_of(student)
        return _Who(
            usual,
            name,
            # "usual" says that it is text already, which mypy cannot follow
            name if usual else normalise_name(text_of(name)),  # type: ignore[arg-type]
            parent,
            parent_text,
            mobile(parent_text),
            student_text,
            student_mobile(student_text),
        )

    def _row(
        self,
        number: int,
        verdict: Verdict,
        code: str | None,
        reason: str | None,
        who: _Who,
        cells: Sequence[Cell],
    ) -> RosterFields:
        details = (
            _NO_DETAILS if verdict == "skipped" else self._with_odd_phones(self._details.read(cells), who)
        )
        name = who.name if len(who.name) <= MAX_NAME else clip(who.name, MAX_SHOWN_NAME)
        others = self._details.others(cells)
        return (number, verdict, code, reason, name, who.parent, who.student, *details, others)

    def _with_odd_phones(self, details: Details, who: _Who) -> Details:
        """A second number in a cell, or a student's number that is none, stays readable in the memo."""
        if (
            len(who.parent_text) <= 13
            and len(who.student_text) <= 13
            and (who.student or not who.student_text)
        ):
            return details
        phones = (
            (self._student, who.student_text, who.student),
            (self._parent, who.parent_text, who.parent or who.parent_text),
        )
        notes = [
            (self._details.label(column), text.strip())
            for column, text, number in phones
            if len(text) != len(number or "")
            and not is_placeholder(text)
            and holds_more_than(text, number or "")
        ]
        return details.keep(*notes) if notes else details

    # --- rows that are not students ---------------------------------------------------------------

    def _skip(self, number: int, cells: Sequence[Cell], who: _Who) -> str | None:
        if (who.name, who.parent, who.student) in SAMPLES or self._is_marked_as_sample(cells):
            return "sample_row"
        if who.parent or who.student:
            return None
        content = [(column, cell) for column, cell in enumerate(cells) if not is_blank(cell)]
        if not content:
            return _BLANK
        if self._is_header(number, cells, who):
            return "repeated_header"
        return _footer(text_of(content[0][1]).strip(), who.name) or self._nobody(content)

    def _is_marked_as_sample(self, cells: Sequence[Cell]) -> bool:
        return any(column < len(cells) and "예시" in text_of(cells[column]) for column in self._remarks)

    def _nobody(self, content: Sequence[tuple[int, Cell]]) -> str | None:
        """A pre-numbered line, or one lone cell outside the columns that say who somebody is."""
        rest = [
            (column, cell)
            for column, cell in content
            if column not in self._serials and not self._details.is_stray_fault(column, cell)
        ]
        if not rest:
            return "empty_row"
        column, cell = rest[0]
        if len(rest) > 1 or column in (self._name, self._parent, self._student):
            return None
        return "note_row" if isinstance(cell, str) else "empty_row"

    def _is_header(self, number: int, cells: Sequence[Cell], who: _Who) -> bool:
        here = classify(who.name).field == NAME and classify(who.parent_text).field == PARENT_PHONE
        if here and all(self._repeats(cells, column) for column in self._layout.fields.values()):
            return True
        fields = {classify(text_of(cell)).field for cell in cells}
        if {NAME, PARENT_PHONE} <= fields:
            raise SheetError(
                "second_table",
                f"{number}행부터 제목이 다른 표가 또 있습니다. 표마다 시트나 파일을 나누어 다시 올려 주세요.",
            )
        return False

    def _repeats(self, cells: Sequence[Cell], column: int) -> bool:
        text = text_of(cells[column]) if column < len(cells) else ""
        return (
            not text.strip() or classify(text).field == classify(self._layout.labels.get(column, text)).field
        )

    # --- rows that fail ---------------------------------------------------------------------------

    def _fault(self, who: _Who) -> tuple[str | None, str | None]:
        codes = [
            (self._name_fault(who), "이름", who.name_cell),
            (self._parent_fault(who), "학부모 전화번호", who.parent_cell),
        ]
        found = [(code, REASONS[code].format(what=what)) for code, what, _ in codes if code]
        return (found[0][0], " ".join(reason for _, reason in found)) if found else (None, None)

    @staticmethod
    def _name_fault(who: _Who) -> str | None:
        if isinstance(who.name_cell, Fault):
            return who.name_cell.code
        if not who.name:
            return "missing_name"
        is_text = isinstance(who.name_cell, str) and any(map(str.isalpha, who.name))
        if not is_text or _DATE_LIKE.fullmatch(who.name):
            return "invalid_name"
        return "name_too_long" if len(who.name) > MAX_NAME else None

    @staticmethod
    def _parent_fault(who: _Who) -> str | None:
        if who.parent is not None:
            return None
        if isinstance(who.parent_cell, Fault):
            return who.parent_cell.code
        return "missing_parent_phone" if is_placeholder(who.parent_text) else "invalid_parent_phone"


def _footer(first: str, name: str) -> str | None:
    if _TOTAL.match(squeeze(first)) or _TOTAL.match(squeeze(name)):
        return "total_row"
    return "note_row" if _NOTE.match(first) else None
