"""Reads HLS playlists (RFC 8216, section 4) into lines and attributes, faults included."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s][^,]*)(?:,|$)')


@dataclass(frozen=True, slots=True)
class Line:
    """A tag (`name` without "#", `value` after ":"), or a URI (`name` empty). `number` counts from 1."""

    number: int
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Attributes:
    """Of a tag, quotes removed; `repeated` names stood twice, `broken` if the list cannot be read."""

    values: dict[str, str]
    quoted: frozenset[str]
    repeated: bool
    broken: bool


@dataclass(slots=True)
class Segment:
    """A media segment: its URI and the tags before it that apply to it alone."""

    line: int
    uri: str
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """0 where EXTINF is missing or no number."""
        return decimal(self.tags.get("EXTINF", "").partition(",")[0]) or 0.0


def read_lines(text: str) -> list[Line]:
    """Blank lines and comments left out."""
    found = []
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        if line.startswith("#EXT"):
            name, _, value = line[1:].partition(":")
            found.append(Line(number, name.strip(), value))
        elif line.strip() and not line.startswith("#"):
            found.append(Line(number, "", line))
    return found


def attributes(value: str) -> Attributes:
    """An attribute list (section 4.2)."""
    values: dict[str, str] = {}
    quoted = set()
    repeated = False
    place = 0
    while match := _ATTRIBUTE.match(value, place):
        name, said = match.groups()
        repeated = repeated or name in values
        values[name] = said.strip('"')
        if said.startswith('"'):
            quoted.add(name)
        place = match.end()
    return Attributes(values, frozenset(quoted), repeated, place < len(value) or value.endswith(","))


def segments(lines: list[Line]) -> list[Segment]:
    """The media segments of a media playlist, in order."""
    found = []
    tags: dict[str, str] = {}
    for line in lines:
        if line.name in ("EXTINF", "EXT-X-BYTERANGE", "EXT-X-DISCONTINUITY", "EXT-X-PROGRAM-DATE-TIME"):
            tags[line.name] = line.value
        elif not line.name:
            found.append(Segment(line.number, line.value, tags))
            tags = {}
    return found


def value_of(lines: list[Line], name: str) -> str | None:
    """The first tag of that name, without what is around it."""
    return next((line.value for line in lines if line.name == name), None)


def decimal(text: str) -> float | None:
    """A decimal-floating-point of section 4.2: no sign, no exponent."""
    return float(text) if re.fullmatch(r"\d+(\.\d+)?|\.\d+", text, re.ASCII) else None


def integer(text: str) -> int | None:
    """A decimal-integer of section 4.2."""
    return int(text) if re.fullmatch(r"\d{1,20}", text, re.ASCII) else None
