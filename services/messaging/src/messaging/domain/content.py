"""What a message says: its length as carriers count it, what they cannot show, and its variables.

Lengths are bytes in cp949: Python's euc-kr spends eight bytes on a syllable such as 똠, carriers two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

SMS_BYTES = 90
LMS_BYTES = 2000
SUBJECT_BYTES = 40
ALIMTALK_CHARACTERS = 1000

AD_MARK = "(광고)"
_OPT_OUT = "무료수신거부 {}"
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_VARIABLE = re.compile(r"#\{([^{}#]+)\}")


class Kind(StrEnum):
    """The provider's names of what it sends and bills."""

    SMS = "SMS"
    LMS = "LMS"
    ATA = "ATA"


@dataclass(frozen=True, slots=True)
class Unsendable:
    """A character that no phone would show; `position` counts characters from 0."""

    position: int
    character: str


@dataclass(frozen=True, slots=True)
class Measure:
    """`kind` is None for what is too long; `bytes` counts an unsendable character as two."""

    kind: Kind | None
    bytes: int
    unsendable: tuple[Unsendable, ...]


class UnbalancedError(ValueError):
    """`#{` without its `}`, or a variable without a name, at `position`."""

    def __init__(self, position: int) -> None:
        super().__init__(f"unbalanced variable at {position}")
        self.position = position


class MissingVariablesError(ValueError):
    """The template has variables that were given no value, in its order."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(f"no value for {len(names)} variables")
        self.names = names


def measure(text: str, subject: str = "") -> Measure:
    """What carriers make of a text message: up to 90 bytes without a subject an SMS, else an LMS."""
    size = byte_length(text)
    short = size <= SMS_BYTES and not subject
    kind = Kind.SMS if short else Kind.LMS if size <= LMS_BYTES else None
    return Measure(kind, size, tuple(unsendable(text)))


def byte_length(text: str) -> int:
    """Bytes in cp949."""
    encoded = _encoded_whole(text)
    return sum(_bytes_of(character) for character in text) if encoded is None else len(encoded)


def unsendable(text: str) -> Iterator[Unsendable]:
    """Characters outside cp949 (emoji, accented letters) and control characters other than a line break."""
    if _encoded_whole(text) is not None and not _CONTROL.search(text):
        return
    for position, character in enumerate(text):
        if _CONTROL.match(character) or not _encoded(character):
            yield Unsendable(position, character)


def _encoded_whole(text: str) -> bytes | None:
    """At once, because ten thousand long messages are measured in one request; None: not all of it."""
    try:
        return text.encode("cp949")
    except UnicodeEncodeError:
        return None


def _encoded(character: str) -> bytes:
    return character.encode("cp949", "ignore")


def _bytes_of(character: str) -> int:
    return len(_encoded(character)) or 2


def variables(template: str) -> tuple[str, ...]:
    """The names in `#{name}`, each once, in order. Raises UnbalancedError."""
    found: dict[str, None] = {}
    end = 0
    for match in _VARIABLE.finditer(template):
        _no_opening(template, end, match.start())
        name = match[1].strip()
        if not name or "." in name:  # the provider refuses a dot in a name
            raise UnbalancedError(match.start())
        found[name] = None
        end = match.end()
    _no_opening(template, end, len(template))
    return tuple(found)


def _no_opening(template: str, start: int, end: int) -> None:
    position = template.find("#{", start, end)
    if position >= 0:
        raise UnbalancedError(position)


def fill(template: str, values: Mapping[str, str]) -> str:
    """The one substitution, for previews and for what is sent; a value's own `#{…}` stays as it is.

    Raises UnbalancedError, MissingVariablesError (an empty value is missing too: error 3063 of the provider).
    """
    missing = tuple(name for name in variables(template) if not values.get(name))
    if missing:
        raise MissingVariablesError(missing)
    return _VARIABLE.sub(lambda match: values[match[1].strip()], template)


def as_advertisement(text: str, sender_name: str, opt_out_number: str) -> str:
    """With the mark and the sender's name first and the free opt-out last, as the law wants them.

    Added by us and never by whoever writes: there is no other spelling of the mark.
    """
    body = text.removeprefix(AD_MARK).strip()
    return f"{AD_MARK} {sender_name}\n{body}\n{_OPT_OUT.format(opt_out_number)}"
