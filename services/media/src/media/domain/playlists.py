"""Judges HLS playlists by the rules of RFC 8216 that playlist_rules lists."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from media.domain.playlist_lines import (
    Attributes,
    Line,
    attributes,
    decimal,
    integer,
    read_lines,
    segments,
    value_of,
)
from media.domain.playlist_rules import RULES, Rule

_MASTER_TAGS = frozenset(
    f"EXT-X-{name}" for name in ("MEDIA", "STREAM-INF", "I-FRAME-STREAM-INF", "SESSION-DATA", "SESSION-KEY")
)
_SEGMENT_TAGS = ("BYTERANGE", "DISCONTINUITY", "KEY", "MAP", "PROGRAM-DATE-TIME", "DATERANGE")
_PLAYLIST_TAGS = (
    *("TARGETDURATION", "MEDIA-SEQUENCE", "DISCONTINUITY-SEQUENCE"),
    *("ENDLIST", "PLAYLIST-TYPE", "I-FRAMES-ONLY"),
)
_MEDIA_TAGS = frozenset(("EXTINF", *(f"EXT-X-{name}" for name in (*_SEGMENT_TAGS, *_PLAYLIST_TAGS))))
_LISTS = frozenset(("EXT-X-KEY", "EXT-X-MAP", "EXT-X-DATERANGE", "EXT-X-START", *_MASTER_TAGS))
_TYPES = ("AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS")
# the end of a segment's path → it is fragmented MP4
_FMP4 = re.compile(r"\.(m4s|mp4|m4v|m4a|cmfv|cmfa)([?#]|$)")
_VIDEO = re.compile(r"(avc|hvc|hev|vp0|av0|dvh)")


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that is broken, and where (lines count from 1; 0: the whole)."""

    rule: Rule
    line: int

    def __str__(self) -> str:
        return f"{self.rule.id} ({self.rule.level}, RFC 8216 {self.rule.section}), line {self.line}"


_Broken = Iterator[tuple[str, int]]
_Check = Callable[[list[Line]], _Broken]


def check_media(text: str) -> list[Finding]:
    """What is wrong with a media playlist; the empty list: nothing."""
    return _judge(text, (*_COMMON, *_MEDIA))


def check_master(text: str) -> list[Finding]:
    """What is wrong with a master playlist."""
    return _judge(text, (*_COMMON, *_MASTER))


def _judge(text: str, checks: Iterable[_Check]) -> list[Finding]:
    lines = read_lines(text)
    broken = [*_text(text), *(one for check in checks for one in check(lines))]
    return [Finding(RULES[rule], line) for rule, line in broken]


# -- any playlist


def _text(text: str) -> _Broken:
    if text.startswith("\ufeff"):
        yield "no-bom", 1
    if text.removeprefix("\ufeff").split("\n", 1)[0].rstrip("\r") != "#EXTM3U":
        yield "extm3u-first", 1
    for number, line in enumerate(re.split(r"\r?\n", text), start=1):
        if re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", line):
            yield "no-control-characters", number
        if line != line.strip(" \t"):
            yield "no-stray-space", number


def _version(lines: list[Line]) -> _Broken:
    said = [line for line in lines if line.name == "EXT-X-VERSION"]
    yield from (("version-once", line.number) for line in said[1:])
    if said and integer(said[0].value) is None:
        yield "version-number", said[0].number
        return
    version = integer(said[0].value) if said else 1
    for line in lines:
        if _needs(line, lines) > (version or 0):
            yield "version-enough", line.number
            return


def _needs(line: Line, lines: list[Line]) -> int:
    """The lowest version that knows what the line uses (section 7)."""
    if line.name == "EXTINF":
        return 3 if "." in line.value.partition(",")[0] else 1
    if line.name == "EXT-X-KEY":
        return 2 if "IV" in attributes(line.value).values else 1
    if line.name == "EXT-X-MAP":
        return 5 if value_of(lines, "EXT-X-I-FRAMES-ONLY") is not None else 6
    return {"EXT-X-BYTERANGE": 4, "EXT-X-I-FRAMES-ONLY": 4}.get(line.name, 1)


def _independent(lines: list[Line]) -> _Broken:
    yield from _again(lines, "EXT-X-INDEPENDENT-SEGMENTS", "independent-once")


def _again(lines: list[Line], name: str, rule: str) -> _Broken:
    yield from ((rule, line.number) for line in _named(lines, name)[1:])


def _named(lines: list[Line], *names: str) -> list[Line]:
    return [line for line in lines if line.name in names]


def _attribute_lists(lines: list[Line]) -> _Broken:
    for line in lines:
        if line.name in _LISTS:
            found = attributes(line.value)
            if found.broken:
                yield "attribute-syntax", line.number
            if found.repeated:
                yield "attribute-once", line.number


_COMMON: tuple[_Check, ...] = (_version, _independent, _attribute_lists)

# -- media playlists


def _no_master_tags(lines: list[Line]) -> _Broken:
    yield from (("no-master-tags", line.number) for line in lines if line.name in _MASTER_TAGS)


def _target(lines: list[Line]) -> _Broken:
    yield from _again(lines, "EXT-X-TARGETDURATION", "target-duration-once")
    target = integer(value_of(lines, "EXT-X-TARGETDURATION") or "")
    if target is None:
        yield "target-duration", 0
        return
    for segment in segments(lines):
        # half a second counts up, which Python's round does not always do
        if int(segment.seconds + 0.5) > target:
            yield "segment-too-long", segment.line


def _extinf(lines: list[Line]) -> _Broken:
    waiting: Line | None = None
    for line in lines:
        if line.name == "EXTINF":
            if waiting:
                yield "extinf-segment", waiting.number
            waiting = line
            seconds, comma, _ = line.value.partition(",")
            if not comma or decimal(seconds) is None:
                yield "extinf-number", line.number
        elif not line.name:
            if not waiting:
                yield "extinf", line.number
            waiting = None
    if waiting:
        yield "extinf-segment", waiting.number


def _sequence(lines: list[Line]) -> _Broken:
    said = _named(lines, "EXT-X-MEDIA-SEQUENCE")
    for at, line in enumerate(said):
        if at or integer(line.value) is None:
            yield "media-sequence-number", line.number
    first = next((line.number for line in lines if not line.name), None)
    names = {
        "EXT-X-MEDIA-SEQUENCE": "media-sequence-first",
        "EXT-X-DISCONTINUITY-SEQUENCE": "discontinuity-first",
    }
    for line in _named(lines, *names):
        if first is not None and line.number > first:
            yield names[line.name], line.number


def _ending(lines: list[Line]) -> _Broken:
    kind = value_of(lines, "EXT-X-PLAYLIST-TYPE")
    for line in _named(lines, "EXT-X-PLAYLIST-TYPE"):
        if line.value not in ("EVENT", "VOD"):
            yield "playlist-type", line.number
    yield from _again(lines, "EXT-X-ENDLIST", "endlist-once")
    if kind == "VOD" and not _named(lines, "EXT-X-ENDLIST"):
        yield "vod-ends", 0


def _map(lines: list[Line]) -> _Broken:
    mapped = False
    for line in lines:
        if line.name == "EXT-X-MAP":
            mapped = True
            if "URI" not in attributes(line.value).quoted:
                yield "map-uri", line.number
        elif not line.name and not mapped and _FMP4.search(line.value):
            yield "map-of-fmp4", line.number
            return


def _ranges(lines: list[Line]) -> _Broken:
    before = None
    for segment in segments(lines):
        said = segment.tags.get("EXT-X-BYTERANGE")
        if said is not None:
            match = re.fullmatch(r"\d+(@\d+)?", said)
            if not match or (not match[1] and before != segment.uri):
                yield "byterange", segment.line
        before = segment.uri if said is not None else None


def _keys(lines: list[Line]) -> _Broken:
    for line in _named(lines, "EXT-X-KEY"):
        values = attributes(line.value).values
        method = values.get("METHOD")
        if method not in ("NONE", "AES-128", "SAMPLE-AES"):
            yield "key-method", line.number
        elif ("URI" in values) == (method == "NONE"):
            yield "key-uri", line.number


def _dates(lines: list[Line]) -> _Broken:
    for line in _named(lines, "EXT-X-PROGRAM-DATE-TIME"):
        try:
            moment = datetime.fromisoformat(line.value)
        except ValueError:
            yield "date-time", line.number
            continue
        if moment.tzinfo is None:
            yield "date-time-zone", line.number


_MEDIA: tuple[_Check, ...] = (
    _no_master_tags,
    _target,
    _extinf,
    _sequence,
    _ending,
    _map,
    _ranges,
    _keys,
    _dates,
)

# -- master playlists


def _no_media_tags(lines: list[Line]) -> _Broken:
    yield from (("no-media-tags", line.number) for line in lines if line.name in _MEDIA_TAGS)


def _pairs(lines: list[Line]) -> _Broken:
    if not _named(lines, "EXT-X-STREAM-INF"):
        yield "variants", 0
    before = ""
    for line in [*lines, Line(0, "end", "")]:
        if (before == "EXT-X-STREAM-INF") != (not line.name):
            yield "variant-uri", line.number
        before = line.name


def _variants(lines: list[Line]) -> _Broken:
    for line in _named(lines, "EXT-X-STREAM-INF"):
        found = attributes(line.value)
        peak = integer(found.values.get("BANDWIDTH", ""))
        average = found.values.get("AVERAGE-BANDWIDTH")
        if peak is None:
            yield "bandwidth", line.number
        if average is not None and (integer(average) is None or int(average) > (peak or int(average))):
            yield "average-bandwidth", line.number
        yield from ((rule, line.number) for rule in _picture(found))


def _picture(variant: Attributes) -> Iterator[str]:
    values = variant.values
    if "CODECS" not in variant.quoted:
        yield "codecs"
    resolution = values.get("RESOLUTION")
    if resolution is None:
        if _VIDEO.search(values.get("CODECS", "")):
            yield "resolution-said"
    elif not re.fullmatch(r"[1-9]\d*x[1-9]\d*", resolution):
        yield "resolution"
    if "FRAME-RATE" in values and not re.fullmatch(r"\d+(\.\d{1,3})?", values["FRAME-RATE"]):
        yield "frame-rate"


def _groups(lines: list[Line]) -> _Broken:
    listed = [attributes(line.value).values for line in _named(lines, "EXT-X-MEDIA")]
    known = {(one.get("TYPE"), one.get("GROUP-ID")) for one in listed}
    for line in _named(lines, "EXT-X-STREAM-INF"):
        values = attributes(line.value).values
        for kind in ("AUDIO", "VIDEO", "SUBTITLES"):
            if kind in values and (kind, values[kind]) not in known:
                yield "group-exists", line.number


def _media(lines: list[Line]) -> _Broken:
    for line in _named(lines, "EXT-X-MEDIA"):
        values = attributes(line.value).values
        if not {"TYPE", "GROUP-ID", "NAME"} <= values.keys():
            yield "media-attributes", line.number
        elif values["TYPE"] not in _TYPES:
            yield "media-type", line.number
        else:
            yield from ((rule, line.number) for rule in _of_type(values))
        if values.get("DEFAULT") == "YES" and values.get("AUTOSELECT", "YES") != "YES":
            yield "media-default-autoselect", line.number


def _of_type(values: dict[str, str]) -> Iterator[str]:
    if "FORCED" in values and values["TYPE"] != "SUBTITLES":
        yield "media-forced"
    captions = values["TYPE"] == "CLOSED-CAPTIONS"
    if captions != ("INSTREAM-ID" in values) or (captions and "URI" in values):
        yield "captions-in-stream"


def _within_groups(lines: list[Line]) -> _Broken:
    names: Counter[tuple[str | None, ...]] = Counter()
    defaults: Counter[tuple[str | None, ...]] = Counter()
    for line in _named(lines, "EXT-X-MEDIA"):
        values = attributes(line.value).values
        group = (values.get("TYPE"), values.get("GROUP-ID"))
        names[(*group, values.get("NAME"))] += 1
        defaults[group] += values.get("DEFAULT") == "YES"
        if names[(*group, values.get("NAME"))] > 1:
            yield "media-name", line.number
        if defaults[group] > 1 and values.get("DEFAULT") == "YES":
            yield "media-default-once", line.number


def _iframes(lines: list[Line]) -> _Broken:
    for line in _named(lines, "EXT-X-I-FRAME-STREAM-INF"):
        values = attributes(line.value).values
        if integer(values.get("BANDWIDTH", "")) is None or "URI" not in values:
            yield "iframe-variant", line.number


_MASTER: tuple[_Check, ...] = (
    _no_media_tags,
    _pairs,
    _variants,
    _groups,
    _media,
    _within_groups,
    _iframes,
)
