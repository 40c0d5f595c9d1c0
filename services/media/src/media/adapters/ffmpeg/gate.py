"""The publish gate of one rendition: what its playlist says is there, and is as it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from media.domain.boxes import BoxError, Fragment, Track, read_init, read_segment, starts_with_idr
from media.domain.failures import EncodeError
from media.domain.playlist_lines import Segment, attributes, integer, read_lines, segments, value_of
from media.domain.playlists import check_media
from media.domain.renditions import peak_bandwidth
from media.domain.source import Rendition, Rung

LENGTH_SECONDS = 0.05
"""EXTINF may differ this much from the samples: ffmpeg tells the last one by its packets' times."""
CONTIGUOUS_TICKS = 2


@dataclass(frozen=True, slots=True)
class _Piece:
    """A segment as it is: bytes, seconds of its picture, what each track has in it."""

    size: int
    seconds: float
    parts: dict[int, Fragment]


def examine(folder: Path, rung: Rung) -> Rendition:
    """Raises EncodeError gate_failed, its detail names the rule."""
    try:
        lines = read_lines(_playlist(folder))
        listed = segments(lines)
        tracks = _tracks(folder, attributes(value_of(lines, "EXT-X-MAP") or "").values.get("URI", ""))
        picture = next((one for one in tracks if one.width), None)
        if picture is None or not listed:
            raise _wrong("there is no picture")
        if (picture.width, picture.height) != (rung.width, rung.height):
            raise _wrong(f"the picture is {picture.width}x{picture.height}")
        pieces = [_piece(folder, segment, picture) for segment in listed]
        for track in tracks:
            _contiguous(track, pieces)
        return _rendition(
            folder, rung, tracks, pieces, integer(value_of(lines, "EXT-X-TARGETDURATION") or "")
        )
    except (OSError, BoxError, UnicodeDecodeError) as error:
        raise _wrong(str(error)) from error


def _wrong(what: str) -> EncodeError:
    return EncodeError("gate_failed", what)


def _playlist(folder: Path) -> str:
    text = (folder / "index.m3u8").read_text("utf-8")
    findings = check_media(text)
    if findings:
        raise _wrong(f"index.m3u8: {findings[0]}")
    return text


def _tracks(folder: Path, name: str) -> tuple[Track, ...]:
    with _inside(folder, name).open("rb") as file:
        return read_init(file)


def _inside(folder: Path, name: str) -> Path:
    """A playlist lists what is beside it, nothing else."""
    if not name or Path(name).name != name:
        raise _wrong(f"a URI that is no file beside the playlist: {name[:40]}")
    return folder / name


def _piece(folder: Path, segment: Segment, picture: Track) -> _Piece:
    with _inside(folder, segment.uri).open("rb") as file:
        fragments = read_segment(file)
        size = file.seek(0, 2)
        of_picture = [one for one in fragments if one.track == picture.number]
        if len(of_picture) != 1:
            raise _wrong(f"{segment.uri} has {len(of_picture)} fragments of the picture")
        [first] = of_picture
        if not first.starts_with_sync or not starts_with_idr(file, first):
            raise _wrong(f"{segment.uri} does not start with an IDR picture")
    seconds = first.duration / picture.timescale
    if abs(seconds - segment.seconds) > LENGTH_SECONDS:
        raise _wrong(f"{segment.uri} lasts {seconds:.3f} s, its EXTINF says {segment.seconds:.3f}")
    return _Piece(size, seconds, {one.track: one for one in fragments})


def _contiguous(track: Track, pieces: Sequence[_Piece]) -> None:
    """Each fragment starts where the one before ended; the sound may end before the picture does."""
    clock = 0
    for at, piece in enumerate(pieces):
        part = piece.parts.get(track.number)
        if part is None:
            if at < len(pieces) - 1:
                raise _wrong(f"segment {at} is without {track.codecs}")
            return
        if abs(part.start - clock) > CONTIGUOUS_TICKS:
            raise _wrong(f"segment {at}: {track.codecs} starts at {part.start} and not at {clock}")
        clock = part.start + part.duration


def _rendition(
    folder: Path, rung: Rung, tracks: Sequence[Track], pieces: Sequence[_Piece], target: int | None
) -> Rendition:
    sizes, lengths = [piece.size for piece in pieces], [piece.seconds for piece in pieces]
    files = [path.stat().st_size for path in folder.iterdir()]
    return Rendition(
        name=rung.name,
        width=rung.width,
        height=rung.height,
        fps=rung.fps,
        codecs=",".join(track.codecs for track in tracks),
        bandwidth=peak_bandwidth(sizes, lengths, target or max(lengths)),
        average_bandwidth=round(sum(sizes) * 8 / sum(lengths)),
        segment_ms=tuple(round(seconds * 1000) for seconds in lengths),
        objects=len(files),
        bytes=sum(files),
    )
