"""Where the roster is: the header row, which column is which field, and the best of several sheets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from enrollment.domain.roster.content import guess_name, has_mobile, is_student, phone_columns
from enrollment.domain.roster.headings import (
    MAX_HEADING,
    NAME,
    PARENT_PHONE,
    STUDENT_PHONE,
    Heading,
    classify,
    is_sub_heading,
    role_label,
    squeeze,
)
from enrollment.domain.roster.model import Line, SheetError, is_blank, text_of
from enrollment.domain.roster.values import mobile

HEADER_DEPTH = 50
SAMPLE_ROWS = 120
_TITLE_ROWS = 5
_TITLE_LENGTH = (4, 120)


@dataclass(frozen=True, slots=True)
class Layout:
    """0-based columns. `quality`: 3 the header says whose the phone is, 2 it says phone, 1 by content."""

    header_row: int | None
    first_row: int
    fields: Mapping[str, int]
    labels: Mapping[int, str]
    quality: int
    lecture_title: str | None = None
    students: int = 0
    lines: int = 0


@dataclass(frozen=True, slots=True)
class SheetSample:
    """The first lines of a visible sheet."""

    name: str
    lines: Sequence[Line]


@dataclass(slots=True)
class _Header:
    top: int
    bottom: int
    labels: dict[int, str] = field(default_factory=dict)
    headings: dict[int, Heading] = field(default_factory=dict)

    def columns(self, wanted: str) -> list[int]:
        return [column for column, heading in self.headings.items() if heading.field == wanted]

    @property
    def complete(self) -> bool:
        return bool(self.columns(NAME) and (self.columns(PARENT_PHONE) or self.columns(STUDENT_PHONE)))

    @property
    def partial(self) -> bool:
        return bool(self.columns(NAME) or self.columns(PARENT_PHONE) or self.columns(STUDENT_PHONE))


def column_letter(column: int) -> str:
    """0 -> A, 27 -> AB."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def find_layout(lines: Sequence[Line]) -> Layout:
    """Read the first lines of a sheet. Raises SheetError when it is no roster, or one two ways."""
    header = _find_header(lines)
    if header is None:
        return _layout_by_content(lines)
    body = lines[header.bottom + 1 :]
    _refuse_side_by_side(header)
    fields = _other_fields(header)
    quality = _place_parent_phone(header, body, fields)
    if NAME not in fields:
        name = guess_name(body, set(range(_width(body))) - set(header.headings))
        fields[NAME] = _missing("name") if name is None else name
        quality = 1
    row = lines[header.bottom][0]
    return Layout(
        row,
        row + 1,
        fields,
        header.labels,
        quality,
        _lecture_title(lines[: header.top], lines[header.top][0]),
        sum(is_student(cells, fields) for _, cells in body),
        len(body),
    )


def choose(samples: Sequence[SheetSample]) -> tuple[SheetSample, Layout]:
    """The one sheet that is a roster. Raises SheetError: none, or several equally good (never a guess)."""
    found: list[tuple[SheetSample, Layout]] = []
    faults: list[SheetError] = []
    for sample in samples:
        try:
            found.append((sample, find_layout(sample.lines)))
        except SheetError as fault:
            faults.append(fault)
    with_students = [pair for pair in found if pair[1].students]
    if with_students:
        return _best(with_students)
    if found:
        return max(found, key=lambda pair: (pair[1].lines > 0, pair[1].quality))
    raise _worst(faults)


def _best(found: list[tuple[SheetSample, Layout]]) -> tuple[SheetSample, Layout]:
    quality = max(layout.quality for _, layout in found)
    best = [pair for pair in found if pair[1].quality == quality]
    if len(best) > 1:
        names = ", ".join(f"'{sample.name}'" for sample, _ in best)
        raise SheetError(
            "ambiguous_sheets",
            f"학생 명단으로 보이는 시트가 여럿입니다: {names}. "
            "등록할 시트 하나만 남기거나 나머지를 숨긴 뒤 다시 올려 주세요.",
        )
    return best[0]


def _worst(faults: list[SheetError]) -> SheetError:
    order = (
        "ambiguous_parent_phone",
        "side_by_side",
        "parent_phone_column_not_found",
        "name_column_not_found",
    )
    for code in order:
        for fault in faults:
            if fault.code == code:
                return fault
    return (
        faults[0]
        if faults
        else SheetError("no_rows", "보이는 시트에 내용이 없습니다. 학생 명단을 입력한 뒤 다시 올려 주세요.")
    )


# --- header ---------------------------------------------------------------------------------------


def _find_header(lines: Sequence[Line]) -> _Header | None:
    top = lines[:HEADER_DEPTH]
    candidates = [header for index in range(len(top)) for header in _headers_at(top, index)]
    complete = next((header for header in candidates if header.complete), None)
    return complete or next((header for header in candidates if header.partial), None)


def _headers_at(lines: Sequence[Line], index: int) -> Iterator[_Header]:
    """The two-row header that starts here, if the next row continues this one; else this row alone."""
    cells = _texts(lines[index])
    if len(cells) < 2 or any(mobile(text) and not classify(text).field for text in cells.values()):
        return
    if index + 1 < len(lines):
        below = _texts(lines[index + 1])
        if _continues(cells, below):
            yield _header(index, index + 1, _joined(cells, below))
            return
    yield _header(index, index, cells)


def _texts(line: Line) -> dict[int, str]:
    return {column: text_of(cell).strip() for column, cell in enumerate(line[1]) if not is_blank(cell)}


def _continues(top: Mapping[int, str], below: Mapping[int, str]) -> bool:
    rows = (*top.values(), *below.values())
    return (
        bool(below)
        and any(role_label(text) for text in rows)
        and all(is_sub_heading(text) for text in below.values())
        and any(column not in top or role_label(top[column]) or role_label(below[column]) for column in below)
    )


def _joined(top: Mapping[int, str], below: Mapping[int, str]) -> dict[int, str]:
    """Each sub-heading under the group it stands in; a merged group title covers the blanks to its right."""
    joined: dict[int, str] = {}
    for column in sorted(top.keys() | below.keys()):
        over = max((c for c in top if c <= column), default=None)
        group = top[over] if over is not None else ""
        sub = below.get(column, "")
        if column not in top and not role_label(group) and not role_label(sub):
            group = ""
        joined[column] = f"{role_label(group) or group}{role_label(sub) or sub}" if sub else top[column]
    return joined


def _header(top: int, bottom: int, labels: dict[int, str]) -> _Header:
    headings = {
        column: heading
        for column, text in labels.items()
        if len(text) <= 2 * MAX_HEADING and (heading := classify(text)).field
    }
    return _Header(top, bottom, labels, headings)


def _lecture_title(above: Sequence[Line], header_row: int) -> str | None:
    shortest, longest = _TITLE_LENGTH
    for number, cells in above:
        if number < header_row - _TITLE_ROWS:
            continue
        for cell in cells:
            text = " ".join(cell.split()) if isinstance(cell, str) else ""
            if shortest <= len(text) <= longest and not re.fullmatch(r"[\d\s.,:/()-]+", text):
                return text
    return None


# --- columns --------------------------------------------------------------------------------------


def _other_fields(header: _Header) -> dict[str, int]:
    """Every field but the parent's phone, which takes more care; a field's first column counts."""
    fields: dict[str, int] = {}
    for column, heading in header.headings.items():
        if heading.field and heading.field != PARENT_PHONE:
            fields.setdefault(heading.field, column)
    return fields


def _refuse_side_by_side(header: _Header) -> None:
    """Two lists next to each other under the same headings: half of the students would be lost."""
    names, phones = header.columns(NAME), header.columns(PARENT_PHONE)
    if len(names) < 2 or len(phones) < 2 or not names[0] < phones[0] < names[1] < phones[1]:
        return
    if (
        header.labels[names[0]] == header.labels[names[1]]
        and header.labels[phones[0]] == header.labels[phones[1]]
    ):
        raise SheetError(
            "side_by_side",
            f"명단이 옆으로 나란히 둘 있습니다({column_letter(names[0])}열, {column_letter(names[1])}열). "
            "하나로 이어 붙인 뒤 다시 올려 주세요.",
        )


def _place_parent_phone(header: _Header, body: Sequence[Line], fields: dict[str, int]) -> int:
    """Put the parent's phone column into `fields`; returns the layout's quality."""
    ranks = {column: header.headings[column] for column in header.columns(PARENT_PHONE)}
    # a bare "학부모" may hold the parent's name: it counts when there are numbers in it
    ranks = {c: h for c, h in ranks.items() if h.rank != 2 or has_mobile(body, c) or len(ranks) == 1}
    if ranks:
        column = _strongest(ranks, header.labels, body)
        fields[PARENT_PHONE] = column
        return 3 if ranks[column].rank > 1 else 2
    taken = set(header.headings)
    free = [c for c in phone_columns(body) if c not in taken and _may_be_parents(header.labels.get(c, ""))]
    if len(free) > 1:
        raise _two_phones(free, header.labels)
    fields[PARENT_PHONE] = free[0] if free else _missing("parent_phone")
    return 1


def _strongest(ranks: Mapping[int, Heading], labels: Mapping[int, str], body: Sequence[Line]) -> int:
    best = max(heading.rank for heading in ranks.values())
    columns = [column for column, heading in ranks.items() if heading.rank == best]
    if len(columns) > 1:
        columns = [column for column in columns if has_mobile(body, column)] or columns
    roles = {ranks[column].role for column in columns}
    if len(columns) > 1 and (len(roles) > 1 or roles == {"generic"}):
        raise _two_phones(columns, labels)
    return columns[0]


def _may_be_parents(label: str) -> bool:
    squeezed = squeeze(label)
    return not any(
        word in squeezed for word in ("학생", "원생", "본인", "student", "학교", "학원", "담임", "선생")
    )


def _two_phones(columns: Sequence[int], labels: Mapping[int, str]) -> SheetError:
    names = ", ".join(f"{column_letter(c)}열 '{labels.get(c, '')[:MAX_HEADING]}'" for c in columns)
    return SheetError(
        "ambiguous_parent_phone",
        f"학부모 전화번호로 볼 수 있는 열이 여럿입니다: {names}. "
        "등록에 쓸 열의 제목을 '학부모전화'로 바꾼 뒤 다시 올려 주세요.",
    )


def _missing(what: str) -> NoReturn:
    word, example = ("이름", "이름") if what == "name" else ("학부모 전화번호", "학부모전화")
    raise SheetError(
        f"{what}_column_not_found",
        f"{word} 열을 찾지 못했습니다. 제목 행에 '{example}' 열을 넣은 뒤 다시 올려 주세요.",
    )


def _layout_by_content(lines: Sequence[Line]) -> Layout:
    """No header at all: only when exactly one column can be the name and one the phone."""
    phones = phone_columns(lines)
    name = guess_name(lines, set(range(_width(lines))) - set(phones))
    if len(phones) != 1 or name is None:
        raise SheetError(
            "header_not_found",
            "제목 행을 찾지 못했습니다. '이름'과 '학부모전화' 열 제목이 있는 행을 넣은 뒤 다시 올려 주세요.",
        )
    fields = {NAME: name, PARENT_PHONE: phones[0]}
    students = [number for number, cells in lines if is_student(cells, fields)]
    return Layout(None, 1, fields, {}, 1, None, len(students), len(lines))


def _width(lines: Sequence[Line]) -> int:
    return max((len(cells) for _, cells in lines), default=0)
