"""The one identity rule of a student: (tenant, name key, normalised parent phone).

Shared by the roster parser and the students service, so that no row passes one and fails the other
(earlier system, failures 2 and 17). Pure functions of text.
"""

from __future__ import annotations

import re
import unicodedata

MAX_NAME = 50
# letters by their category, and yet nothing to see: Hangul fillers, the braille blank
_BLANK_LETTERS = dict.fromkeys([0x115F, 0x1160, 0x3164, 0xFFA0, 0x2800, 0x034F])
_INVISIBLE = frozenset({"Cc", "Cf", "Cs"})
_HANGUL_GAP = re.compile(r"(?<=[가-힣]) (?=[가-힣])")
_NOT_DIGIT = re.compile(r"[^0-9]")
_MOBILE = re.compile(r"010[0-9]{8}")


def normalise_name(text: str) -> str:
    """NFC, no control or invisible characters, runs of white space as one space: what is stored and shown."""
    words = " ".join(text.translate(_BLANK_LETTERS).split())
    if not words.isprintable():
        words = "".join(c for c in words if unicodedata.category(c) not in _INVISIBLE)
        words = " ".join(words.split())
    # last: a mark that stood between two letters may have kept them apart
    return unicodedata.normalize("NFC", words)


def name_key(text: str) -> str:
    """What two spellings of one name share: "홍 길동" and "홍길동", "Ann Lee" and "ann lee"."""
    return _HANGUL_GAP.sub("", normalise_name(text)).casefold()


def normalise_phone(text: str) -> str | None:
    """A Korean mobile number as 11 digits starting 010, else None.

    Accepts separators, full-width digits, +82, and a leading zero that a spreadsheet dropped
    (1012345678). Ten-digit 010 numbers do not exist any more, so they are refused, not padded.
    """
    digits = _NOT_DIGIT.sub("", unicodedata.normalize("NFKC", text))
    if digits.startswith("0082"):
        digits = digits[4:]
    elif digits.startswith("82") and len(digits) in (12, 13):
        digits = digits[2:]
    if len(digits) == 10 and digits.startswith("10"):
        digits = "0" + digits
    return digits if _MOBILE.fullmatch(digits) else None
