"""What is said of renditions as a set: that they agree with each other, and the playlist that lists them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from media.domain.failures import EncodeError
from media.domain.playlists import check_master
from media.domain.source import Caption, Rendition, Source

BOUNDARY_MS = 20
"""Boundaries are those of the same pictures; only timescales round differently."""
TOTAL_MS = 500
CAPTIONS = "subs"
_UNDEFINED = "und"


def compare(renditions: Sequence[Rendition], source: Source) -> None:
    """The gate's rules about all of them together. Raises EncodeError gate_failed."""
    first, *others = renditions
    for other in others:
        if len(other.segment_ms) != len(first.segment_ms):
            raise EncodeError("gate_failed", f"{other.name} has another number of segments than {first.name}")
        pairs = zip(_boundaries(first), _boundaries(other), strict=True)
        if any(abs(one - two) > BOUNDARY_MS for one, two in pairs):
            raise EncodeError("gate_failed", f"{other.name} has other boundaries than {first.name}")
    if abs(sum(first.segment_ms) - source.duration_ms) > TOTAL_MS:
        raise EncodeError(
            "gate_failed", f"{sum(first.segment_ms)} ms came out of {source.duration_ms} ms that went in"
        )


def _boundaries(rendition: Rendition) -> list[int]:
    ends = [0]
    for length in rendition.segment_ms:
        ends.append(ends[-1] + length)
    return ends


def peak_bandwidth(sizes: Sequence[int], lengths: Sequence[float], target: float) -> int:
    """bit/s, the largest of adjoining segments that last 0.5 to 1.5 target durations (RFC 8216, 4.3.4.2)."""
    best = 0.0
    for start in range(len(sizes)):
        size, length = 0, 0.0
        for at in range(start, len(sizes)):
            size, length = size + sizes[at], length + lengths[at]
            if length > 1.5 * target:
                break
            if length >= 0.5 * target:
                best = max(best, size * 8 / length)
    return -int(-(best or sum(sizes) * 8 / sum(lengths)) // 1)


@dataclass(frozen=True, slots=True)
class Listed:
    """A rendition and where its playlist is, as seen from the master playlist."""

    rendition: Rendition
    uri: str


@dataclass(frozen=True, slots=True)
class ListedCaption:
    """A caption's playlist, as seen from the master playlist."""

    caption: Caption
    uri: str


def master(renditions: Iterable[Listed], captions: Sequence[ListedCaption] = ()) -> str:
    """The master playlist, lowest rendition first: a player starts with the first it finds.

    Raises EncodeError gate_failed if it breaks a rule.
    """
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    lines += [_media(number, one) for number, one in enumerate(captions)]
    for listed in renditions:
        lines += [_variant(listed.rendition, bool(captions)), listed.uri]
    text = "\n".join([*lines, ""])
    findings = check_master(text)
    if findings:
        raise EncodeError("gate_failed", f"master.m3u8: {findings[0]}")
    return text


def _media(number: int, listed: ListedCaption) -> str:
    """Names must differ within a group, and titles are whatever the file says."""
    caption = listed.caption
    language = caption.language if caption.language.isascii() and caption.language.isalnum() else _UNDEFINED
    title = "".join(letter for letter in caption.title if letter.isprintable() and letter != '"')
    said = "" if language == _UNDEFINED else f',LANGUAGE="{language}"'
    name = f"{number + 1} {title or language}"
    chosen = f"DEFAULT=NO,AUTOSELECT={'NO' if number else 'YES'},FORCED=NO"
    return (
        f'#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="{CAPTIONS}",NAME="{name}"{said},{chosen},URI="{listed.uri}"'
    )


def _variant(rendition: Rendition, captioned: bool) -> str:
    words = [
        f"BANDWIDTH={rendition.bandwidth}",
        f"AVERAGE-BANDWIDTH={rendition.average_bandwidth}",
        f'CODECS="{rendition.codecs}"',
        f"RESOLUTION={rendition.width}x{rendition.height}",
        f"FRAME-RATE={float(rendition.fps):.3f}",
        *([f'SUBTITLES="{CAPTIONS}"'] if captioned else []),
    ]
    return f"#EXT-X-STREAM-INF:{','.join(words)}"


def caption_playlist(duration_ms: int) -> str:
    """One WebVTT file of the whole length: text of hours is a few hundred kilobytes."""
    seconds = duration_ms / 1000
    lines = [
        *("#EXTM3U", "#EXT-X-VERSION:7", f"#EXT-X-TARGETDURATION:{int(seconds) + 1}"),
        *("#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-PLAYLIST-TYPE:VOD"),
        *(f"#EXTINF:{seconds:.3f},", "00000.vtt", "#EXT-X-ENDLIST", ""),
    ]
    return "\n".join(lines)
