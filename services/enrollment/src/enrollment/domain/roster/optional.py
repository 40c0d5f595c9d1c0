"""The fields a row can do without. One that cannot be understood never fails a row: it goes to the memo."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from enrollment.domain.roster.layout import Layout, column_letter
from enrollment.domain.roster.model import Cell, Fault, is_blank, is_placeholder, text_of
from enrollment.domain.roster.values import ELEMENTARY, MAX_GRADE, gender, grade, school

MAX_MEMO = 1000
MAX_EXTRA = 300
_MAX_LABEL = 40
_MAX_SCHOOL, _MAX_SHORT = 100, 50
_FIELDS = ("school", "grade", "gender", "school_class", "major", "memo")


class Details(NamedTuple):
    """What one row says besides who it is."""

    school: str | None = None
    school_type: str | None = None
    grade: int | None = None
    gender: str | None = None
    school_class: str | None = None
    major: str | None = None
    memo: str | None = None

    def keep(self, *notes: tuple[str, str]) -> Details:
        """With (heading, text) added to the memo: values without a place of their own."""
        parts = [self.memo] if self.memo else []
        parts += [f"{label}: {text}" for label, text in notes]
        return self._replace(memo=clip(" / ".join(parts), MAX_MEMO) if parts else None)


def clip(text: str, limit: int) -> str:
    """Text that PostgreSQL takes (no NUL) and that is at most `limit` long; a cut shows as "…"."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    return text if len(text) <= limit else text[: limit - 1] + "…"


class DetailsReader:
    """Reads the optional columns of one layout."""

    def __init__(self, layout: Layout) -> None:
        self._columns = [layout.fields.get(field, -1) for field in _FIELDS]
        self._known = frozenset(layout.fields.values())
        self._labels = dict(layout.labels)
        self._titles = self._unique_titles()
        self._headed = max((*self._titles, *self._known)) + 1
        # rows repeat each other in all but who they are; bool and float of one value differ here
        self._details = lru_cache(maxsize=4096, typed=True)(self._read)

    def label(self, column: int) -> str:
        """The heading of a column, or its letter."""
        text = " ".join(self._labels.get(column, "").split())
        return clip(text, _MAX_LABEL) or f"{column_letter(column)}열"

    def read(self, cells: Sequence[Cell]) -> Details:
        width = len(cells)
        return self._details(*[cells[column] if 0 <= column < width else None for column in self._columns])

    def others(self, cells: Sequence[Cell]) -> dict[str, str]:
        """The columns without a field, by heading; a column without heading by its letter."""
        width = len(cells)
        if not self._titles and width <= self._headed:
            return {}
        columns = [*self._titles, *range(self._headed, width)]
        return {
            self._titles.get(column) or self.label(column): clip(text_of(cells[column]).strip(), MAX_EXTRA)
            for column in columns
            if column < width and not is_blank(cells[column])
        }

    def is_stray_fault(self, column: int, cell: Cell) -> bool:
        """An error in a column that nothing is read from."""
        return isinstance(cell, Fault) and column not in self._known

    def _unique_titles(self) -> dict[int, str]:
        titles: dict[int, str] = {}
        taken: set[str] = set()
        for column in range(max((*self._labels, *self._known)) + 1):
            if column not in self._known:
                label = self.label(column)
                titles[column] = f"{label} ({column_letter(column)}열)" if label in taken else label
                taken.add(titles[column])
        return titles

    def _read(self, *cells: Cell) -> Details:
        texts = ["" if is_placeholder(cell) else text_of(cell).strip() for cell in cells]
        school_text, grade_text, gender_text, class_text, major_text, memo_text = texts
        details = Details(
            gender=gender(gender_text),
            school_class=_short(class_text, _MAX_SHORT),
            major=_short(major_text, _MAX_SHORT),
            memo=clip(memo_text, MAX_MEMO) or None,
        )
        details = _with_grade(_with_school(details, school_text), grade_text)
        kept = (
            # a name of 초등, 중, 고 alone says the kind of school and no more
            not school_text or details.school is not None or details.school_type is not None,
            not grade_text or details.grade is not None,
            not gender_text or details.gender is not None,
            not class_text or details.school_class is not None,
            not major_text or details.major is not None,
        )
        lost = [i for i, is_kept in enumerate(kept) if not is_kept]
        return details.keep(*[(self.label(self._columns[i]), texts[i]) for i in lost])


def _short(text: str, limit: int) -> str | None:
    return clip(text, limit) if text and len(text) <= limit else None


def _with_school(details: Details, text: str) -> Details:
    found = school(text)
    name = _short(found.name or "", _MAX_SCHOOL)
    return details._replace(school=name, school_type=found.level, grade=found.grade)


def _with_grade(details: Details, text: str) -> Details:
    """The grade column beats a grade in the school's name; that name beats a level in the grade."""
    found = grade(text)
    if text and found is None:
        return details._replace(grade=None)
    if found is not None:
        level = details.school_type or found.level
        fits = found.number <= MAX_GRADE.get(level or ELEMENTARY, 6)
        details = details._replace(
            grade=found.number if fits else None,
            school_type=level,
            school_class=details.school_class or found.school_class,
        )
    if details.grade is not None and details.grade > 3:
        details = details._replace(school_type=details.school_type or ELEMENTARY)
    return details
