"""What single values mean: mobile numbers, grades, schools, genders. A bad value is None."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from contracts.identity import normalise_phone

ELEMENTARY, MIDDLE, HIGH = "ELEMENTARY", "MIDDLE", "HIGH"
MAX_GRADE = {ELEMENTARY: 6, MIDDLE: 3, HIGH: 3}

_USUAL_MOBILE = re.compile(r"010-?([0-9]{4})-?([0-9]{4})")
_WHOLE_AS_TEXT = re.compile(r"\s*([0-9]{1,15})\.0+\s*")
_EXPONENT_AS_TEXT = re.compile(r"\s*([0-9])\.([0-9]{8,12})[eE]\+?([0-9]{1,2})\s*")
_MOBILE_WITHIN = re.compile(
    r"(?<![0-9])(?:\+?82[-. ]?)?\(?0?\)?10[-. )]{0,2}[0-9]{4}[-. ]{0,2}[0-9]{4}(?![0-9])"
)
_DIGIT = re.compile(r"[0-9]")
_LEVELS = {"초": ELEMENTARY, "중": MIDDLE, "고": HIGH}
_LEVEL = r"(?:([초중고])(?:등학교|등학생|등부|등|학교|학생|교)?)?"
_GRADE = re.compile(_LEVEL + r"제?([1-9])(?:학년|\.0+)?")
_GRADE_AND_CLASS = re.compile(_LEVEL + r"([1-9])(?:학년|[-/])([0-9]{1,2})반?")
_SCHOOL_AND_GRADE = (
    re.compile(r"(.+?)\s*\(\s*([1-9])\s*(?:학년)?\s*\)"),
    re.compile(r"(.+?)\s*([1-9])\s*학년"),
    re.compile(r"(.*[초중고])\s*([1-9])"),
)
_BRACKETS = re.compile(r"\([^)]*\)")
_ENDINGS = (
    (ELEMENTARY, ("초등학교", "초등", "초", "elementaryschool")),
    (MIDDLE, ("중학교", "중등", "중학", "중", "middleschool")),
    (HIGH, ("고등학교", "고등", "고교", "고", "highschool")),
)
_GENDERS = {
    **dict.fromkeys(("남", "남자", "남성", "남학생", "남아", "m", "male", "boy", "man"), "M"),
    **dict.fromkeys(("여", "여자", "여성", "여학생", "여아", "녀", "f", "female", "girl", "woman"), "F"),
}


def mobile(text: str) -> str | None:
    """The first Korean mobile number in a cell, 11 digits starting 010, by the shared rule."""
    usual = _USUAL_MOBILE.fullmatch(text)
    if usual:
        return f"010{usual[1]}{usual[2]}"
    if not text:
        return None
    text = _as_whole_number(text)
    found = normalise_phone(text)
    if found is None:
        within = _MOBILE_WITHIN.search(unicodedata.normalize("NFKC", text))
        found = normalise_phone(within[0]) if within else None
    return found


def _as_whole_number(text: str) -> str:
    """`1012345678.0` and `1.012345678E9` as the digits they were; 1.01E+09 has lost them: nothing."""
    whole = _WHOLE_AS_TEXT.fullmatch(text)
    if whole:
        return whole[1]
    exponent = _EXPONENT_AS_TEXT.fullmatch(text)
    if exponent:
        exact = len(exponent[2]) == int(exponent[3])
        return f"{exponent[1]}{exponent[2]}" if exact else ""
    return text


def holds_more_than(text: str, number: str) -> bool:
    """Whether a cell is worth keeping: it has a second number, or is no number at all."""
    if not number:
        return True
    return len(text) > 13 and len(_DIGIT.findall(unicodedata.normalize("NFKC", text))) > len(number) + 3


def student_mobile(text: str) -> str | None:
    """As `mobile`; eight digits are a number whose 010 was left out."""
    found = mobile(text)
    if found is None and text:
        digits = "".join(_DIGIT.findall(unicodedata.normalize("NFKC", text)))
        found = f"010{digits}" if len(digits) == 8 else None
    return found


class Grade(NamedTuple):
    level: str | None
    number: int
    school_class: str | None


@lru_cache(maxsize=1024)
def grade(text: str) -> Grade | None:
    """`2`, `2.0`, `2학년`, `고2`, `중학교 3`, `2-5`, `2학년 3반`; 1 to 6, in middle and high school to 3."""
    squeezed = "".join(unicodedata.normalize("NFKC", text).split())
    found = _GRADE.fullmatch(squeezed)
    together = None if found else _GRADE_AND_CLASS.fullmatch(squeezed)
    match = found or together
    if match is None:
        return None
    level, number = _LEVELS.get(match[1]), int(match[2])
    if number > MAX_GRADE.get(level or ELEMENTARY, 6):
        return None
    return Grade(level, number, together[3] if together else None)


class School(NamedTuple):
    name: str | None
    level: str | None
    grade: int | None


@lru_cache(maxsize=4096)
def school(text: str) -> School:
    """`서울고(2)`, `서울고 2학년` and `서울고2` carry a grade; `고2` carries a level and a grade only."""
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    alone = grade(plain)
    if alone is not None and alone.level is not None:
        return School(None, alone.level, alone.number)
    for pattern in _SCHOOL_AND_GRADE:
        match = pattern.fullmatch(plain)
        level = school_level(match[1]) if match else None
        if match and int(match[2]) <= MAX_GRADE.get(level or ELEMENTARY, 6):
            return School(match[1], level, int(match[2]))
    return School(plain or None, school_level(plain), None)


def school_level(name: str) -> str | None:
    """By how the name ends, so that 고양중학교 is a middle school; None when the name does not tell."""
    squeezed = _BRACKETS.sub("", "".join(name.split())).casefold()
    for level, endings in _ENDINGS:
        if squeezed.endswith(endings):
            return level
    for level, endings in _ENDINGS:
        if endings[0] in squeezed:
            return level
    return None


@lru_cache(maxsize=256)
def gender(text: str) -> str | None:
    """`M` or `F` of 남/여, 남자/여자, male/female, M/F and `남(M)`."""
    squeezed = "".join(unicodedata.normalize("NFKC", text).casefold().split())
    return _GENDERS.get(squeezed) or _GENDERS.get(_BRACKETS.sub("", squeezed))
