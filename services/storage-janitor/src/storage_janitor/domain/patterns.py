"""The shapes of keys: a policy's patterns, what they have in common, and the shape of a key that has none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest

_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_FORMS = {
    "tenant": "[a-z0-9][a-z0-9-]{0,62}",
    **dict.fromkeys(("job", "video", "session", "object", "student"), _UUID),
    "ext": "[a-z0-9]{1,10}",
    "file": "[^/]+",
    "rest": ".+",
}
_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_LONGEST_SHAPE = 4


@dataclass(frozen=True)
class Pattern:
    """`exports/{tenant}/{job}_{file}`: a key's fixed and its varying parts. Names are unique within one."""

    text: str

    @cached_property
    def names(self) -> list[str]:
        """Of the placeholders, in order."""
        return _PLACEHOLDER.findall(self.text)

    @cached_property
    def segments(self) -> list[str]:
        return self.text.split("/")

    @property
    def head(self) -> str:
        """The fixed first folder, by which rules are found."""
        return self.segments[0]

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        return re.compile(_regex_of(self.text), re.DOTALL)

    def match(self, key: str) -> dict[str, str] | None:
        """The placeholders' values, None for a key of another shape."""
        found = self._regex.fullmatch(key)
        return found.groupdict() if found else None

    def prefix_of(self, **values: str) -> str:
        """The fixed beginning of the keys with these values: `exports/hangang/` for a tenant. Ends in "/"."""
        filled = _PLACEHOLDER.sub(lambda one: values.get(one[1], one[0]), self.text)
        return filled.partition("{")[0].rpartition("/")[0] + "/"

    def problem(self) -> str | None:
        """A code for a pattern that could take more than it means to, None for a good one."""
        unknown = set(self.names) - _FORMS.keys()
        if unknown or len(set(self.names)) != len(self.names):
            return "unknown_placeholder"
        if not self.head or "{" in self.head:
            return "empty_prefix"
        if len(self.segments) < 2 or "" in self.segments:
            return "bucket_root"
        # {rest} swallows folders, so it stands alone and last
        if any("{rest}" in one for one in self.segments[:-1]) or (
            "{rest}" in self.segments[-1] and self.segments[-1] != "{rest}"
        ):
            return "unknown_placeholder"
        return None

    def meets(self, other: Pattern) -> bool:
        """Whether some key may have both shapes; in doubt, yes."""
        for mine, theirs in zip_longest(self.segments, other.segments):
            if mine is None or theirs is None:
                return False
            if "{rest}" in (mine, theirs):
                return True
            if not _may_be_equal(mine, theirs):
                return False
        return True


def shape_of(key: str) -> str:
    """An unknown key with what varies taken out, so that a thousand of a kind are one line of a report."""
    return "/".join(_general(key.split("/")))


def _general(segments: list[str]) -> Iterator[str]:
    for place, one in enumerate(segments):
        if place == _LONGEST_SHAPE - 1 and len(segments) > _LONGEST_SHAPE:
            yield "…"
            return
        yield re.sub("[0-9]+", "{n}", re.sub(_UUID, "{uuid}", one))[:60]


def _regex_of(text: str) -> str:
    parts, last = [], 0
    for found in _PLACEHOLDER.finditer(text):
        parts += [re.escape(text[last : found.start()]), f"(?P<{found[1]}>{_FORMS[found[1]]})"]
        last = found.end()
    return "".join([*parts, re.escape(text[last:])])


def _may_be_equal(one: str, other: str) -> bool:
    """Of two segments: what is fixed at their ends must agree, and a fixed one must have the other's form."""
    if "{" not in one and "{" not in other:
        return one == other
    if "{" not in one or "{" not in other:
        fixed, form = (one, other) if "{" not in one else (other, one)
        return re.fullmatch(_regex_of(form), fixed) is not None
    starts = [text.partition("{")[0] for text in (one, other)]
    ends = [text.rpartition("}")[2] for text in (one, other)]
    return _nested(starts, str.startswith) and _nested(ends, str.endswith)


def _nested(texts: list[str], test: object) -> bool:
    first, second = texts
    return bool(test(first, second) or test(second, first))  # type: ignore[operator]  # one of str's own tests
