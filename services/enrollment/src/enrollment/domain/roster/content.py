"""Telling columns by what is in them, where headings do not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence

from enrollment.domain.roster.headings import NAME, PARENT_PHONE
from enrollment.domain.roster.model import Cell, Line, is_blank, text_of
from enrollment.domain.roster.values import gender, grade, mobile, school_level

_HANGUL_NAME = re.compile(r"[가-힣]{2,5}[A-Za-z0-9]?\*?")
# The hundred or so family names that nearly all Koreans have.
_FAMILY_NAMES = frozenset(
    "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민나진지엄채원천방공현함변염여추도"
    "소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용예경봉사부가복태목형피두감호음빈동온황보제갈선우남궁독고라"
)
# the earlier system's template, row for row: (name, parent phone, student phone)
SAMPLES = frozenset({("홍길동", "01087654321", "01012345678"), ("김영희", "01011112222", None)})


def has_mobile(lines: Sequence[Line], column: int) -> bool:
    return any(mobile(text_of(cell)) for cell in _filled(lines, column))


def is_student(cells: Sequence[Cell], fields: Mapping[str, int]) -> bool:
    """Whether a row looks like a real student: a name and a mobile number, and not the template's sample."""
    name, phone = fields[NAME], fields[PARENT_PHONE]
    if max(name, phone) >= len(cells) or is_blank(cells[name]):
        return False
    number = mobile(text_of(cells[phone]))
    written = unicodedata.normalize("NFC", text_of(cells[name])).strip()
    return number is not None and not any(sample[:2] == (written, number) for sample in SAMPLES)


def phone_columns(lines: Sequence[Line]) -> list[int]:
    """Columns of mobile numbers: at least two (one in a sheet of one row), and most of what is filled in."""
    width = max((len(cells) for _, cells in lines), default=0)
    least = 1 if len(lines) == 1 else 2
    found = []
    for column in range(width):
        filled = list(_filled(lines, column))
        valid = sum(mobile(text_of(cell)) is not None for cell in filled)
        if valid >= least and valid * 2 >= len(filled):
            found.append(column)
    return found


def guess_name(lines: Sequence[Line], columns: Collection[int]) -> int | None:
    """The one column that holds Korean names, or None when there is none or more than one."""
    least = 1 if len(lines) == 1 else 2
    found = [column for column in sorted(columns) if _names(list(_filled(lines, column)), least)]
    return found[0] if len(found) == 1 else None


def _names(cells: Sequence[Cell], least: int) -> bool:
    texts = [unicodedata.normalize("NFC", cell).strip() for cell in cells if isinstance(cell, str)]
    names = [text for text in texts if _HANGUL_NAME.fullmatch(text) and not _something_else(text)]
    families = sum(text[0] in _FAMILY_NAMES for text in names)
    return len(names) >= least and len(names) * 2 >= len(cells) and families * 2 >= len(names)


def _something_else(text: str) -> bool:
    return bool(school_level(text) or grade(text) or gender(text)) or text.endswith("반")


def _filled(lines: Sequence[Line], column: int) -> Iterator[Cell]:
    return (cells[column] for _, cells in lines if column < len(cells) and not is_blank(cells[column]))
