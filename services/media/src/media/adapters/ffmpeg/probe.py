"""What an uploaded file holds, as ffprobe sees it; nothing of the file is believed that is not checked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

from media.adapters.ffmpeg.command import hardened
from media.adapters.ffmpeg.run import ProgramError, SilentError, run
from media.adapters.ffmpeg.tools import Limits, Tools
from media.domain.failures import EncodeError
from media.domain.source import Audio, Caption, Source
from media.ports import Watch

MIN_SECONDS = 0.5
MAX_SECONDS = 12 * 3600
MAX_SIDE = 4096
MIN_SIDE = 16
MAX_CAPTIONS = 16
"""Each is made by reading the whole file again; a file can hold thousands."""
_MAX_JSON = 4 * 1024 * 1024
_TAIL_SECONDS = 10
_CODECS = frozenset(
    (
        *(
            "h264",
            "hevc",
            "vp8",
            "vp9",
            "mpeg4",
            "msmpeg4v2",
            "msmpeg4v3",
            "mpeg1video",
            "mpeg2video",
            "h263",
        ),
        *("flv1", "wmv1", "wmv2", "wmv3", "vc1", "mjpeg", "prores", "dvvideo", "theora"),
    )
)
"""What every ffmpeg decodes. AV1 needs a library that the wheel's build is without."""
_TEXT_CAPTIONS = frozenset(("mov_text", "subrip", "webvtt", "ass", "ssa", "text"))
_FIRST_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot")
_KEEPS_LENGTH = ("mov,mp4", "matroska")
"""Containers whose head says how long the whole is: what ends earlier has been cut off."""
_ENTRIES = (
    "format=format_name,duration,start_time:"
    "stream=index,codec_type,codec_name,width,height,sample_aspect_ratio,avg_frame_rate,r_frame_rate,"
    "channels,sample_rate,field_order:"
    "stream_disposition=attached_pic:stream_tags=language,title:stream_side_data=rotation"
)
Item = dict[str, Any]


def probe(tools: Tools, limits: Limits, path: Path, watch: Watch) -> Source:
    """`watch` is told nothing but 0. Raises what it raises, and EncodeError: raw_missing or one of the codes
    about files in domain.failures.PERMANENT.
    """
    if not path.is_file():
        raise EncodeError("raw_missing")
    size = path.stat().st_size
    if not size:
        raise EncodeError("empty_file")
    prober = _Prober(tools, limits, path, watch)
    found = _described(prober)
    streams: list[Item] = found.get("streams", [])
    video = _first(streams, "video")
    if video is None:
        raise EncodeError("no_video_stream" if _first(streams, "audio") else "not_a_video")
    width, height = _shown_size(video)
    duration, picture = _lengths(found.get("format", {}), video, prober)
    return Source(
        duration_ms=round(duration * 1000),
        size_bytes=size,
        codec=str(video["codec_name"]),
        width=width,
        height=height,
        rotation=_rotation(video),
        fps=_ratio(video.get("avg_frame_rate")),
        variable_rate=_varies(video),
        audio=_audio(_first(streams, "audio")),
        captions=tuple(islice(_captions(streams), MAX_CAPTIONS)),
        picture_ms=round(picture * 1000),
        interlaced=video.get("field_order") in {"tt", "bb", "tb", "bt"},
    )


@dataclass(frozen=True, slots=True)
class _Prober:
    """Asks ffprobe about one file. Its methods raise EncodeError."""

    tools: Tools
    limits: Limits
    path: Path
    watch: Watch

    def describe(self) -> Item:
        """Container and streams."""
        lines: list[str] = []
        size = 0

        def keep(line: str) -> bool:
            nonlocal size
            size += len(line)
            if size > _MAX_JSON:
                raise EncodeError("not_a_video", "too much to tell")
            lines.append(line)
            return False

        self._run(["-show_entries", _ENTRIES, "-of", "json"], keep)
        answer: Item = json.loads("\n".join(lines))
        return answer

    def ends(self, start: float) -> dict[int, float]:
        """Stream index → seconds at which its last packet from `start` on ends, read from the file itself."""
        last: dict[int, float] = {}

        def note(line: str) -> bool:
            index, *times = line.rstrip(",").split(",")
            known = [float(time) for time in times if _is_number(time)]
            if index.isdecimal() and known:
                last[int(index)] = max(last.get(int(index), 0.0), sum(known))
            return False

        interval = ["-read_intervals", f"{start:.3f}%"] if start > 0 else []
        entries = ["-show_entries", "packet=stream_index,pts_time,duration_time", "-of", "csv=p=0"]
        self._run([*interval, *entries], note)
        return last

    def _run(self, options: list[str], on_line: Callable[[str], bool]) -> None:
        """A file that takes longer than the limit to open is none we can use."""
        command = [self.tools.ffprobe, "-v", "error", *options, *hardened(self.path)]
        try:
            run(command, self.limits, self.limits.probe_seconds, on_line, lambda: self.watch(0.0))
        except ProgramError as error:
            raise error.meaning("not_a_video") from None
        except SilentError:
            raise EncodeError("not_a_video", "probing took too long") from None


def _described(prober: _Prober) -> Item:
    """Whatever is named .mp4 is taken for one, so that any other file seems to be one without a head."""
    try:
        return prober.describe()
    except EncodeError as error:
        with prober.path.open("rb") as file:
            kind = file.read(8)[4:]
        if error.code == "truncated_file" and kind not in _FIRST_BOXES:
            raise EncodeError("not_a_video") from None
        raise


def _lengths(container: Item, video: Item, prober: _Prober) -> tuple[float, float]:
    """(seconds of the whole, seconds at which the picture ends before the whole does or 0)."""
    said, start = _number(container.get("duration")), _number(container.get("start_time"))
    if said > MAX_SECONDS:
        raise EncodeError("too_long")
    ends = prober.ends(start + said - _TAIL_SECONDS)
    picture = int(video["index"])
    if picture not in ends and said > _TAIL_SECONDS:
        ends |= prober.ends(0)
    real = max(ends.values(), default=0.0) - start
    if not said or not str(container.get("format_name")).startswith(_KEEPS_LENGTH):
        said = real
    if picture not in ends or real < said - min(1.0, max(0.3, said / 20)):
        raise EncodeError("truncated_file")
    if said < MIN_SECONDS:
        raise EncodeError("too_short")
    if said > MAX_SECONDS:
        raise EncodeError("too_long")
    shown = ends[picture] - start
    return said, shown if shown < said - 0.1 else 0.0


def _shown_size(video: Item) -> tuple[int, int]:
    """Square pixels, upright. Raises EncodeError."""
    width, height = int(video.get("width", 0)), int(video.get("height", 0))
    if video.get("codec_name") not in _CODECS or min(width, height) < MIN_SIDE:
        raise EncodeError("unsupported_codec", str(video.get("codec_name", "")))
    pixel = _ratio(video.get("sample_aspect_ratio"))
    if Fraction(1, 4) <= pixel <= 4:
        width = round(width * pixel)
    if max(width, height) > MAX_SIDE:
        raise EncodeError("too_large_picture")
    return (height, width) if _rotation(video) in (90, 270) else (width, height)


def _rotation(video: Item) -> int:
    """Degrees clockwise from the display matrix, which counts the other way round."""
    turns = (-_number(item.get("rotation")) for item in video.get("side_data_list", ()))
    return round(next((turn for turn in turns if turn), 0.0) / 90) * 90 % 360


def _varies(video: Item) -> bool:
    average, base = _ratio(video.get("avg_frame_rate")), _ratio(video.get("r_frame_rate"))
    return abs(average - base) > base / 100


def _first(streams: Iterable[Item], kind: str) -> Item | None:
    """Cover pictures are streams too."""
    usual = (one for one in streams if not one.get("disposition", {}).get("attached_pic"))
    return next((one for one in usual if one.get("codec_type") == kind), None)


def _audio(stream: Item | None) -> Audio | None:
    if stream is None or not int(stream.get("channels", 0)):
        return None
    codec, rate = str(stream.get("codec_name", "")), int(stream.get("sample_rate", 0))
    return Audio(codec, int(stream["channels"]), rate) if codec and rate else None


def _captions(streams: Iterable[Item]) -> Iterable[Caption]:
    for stream in streams:
        if stream.get("codec_type") == "subtitle" and stream.get("codec_name") in _TEXT_CAPTIONS:
            tags = stream.get("tags", {})
            yield Caption(int(stream["index"]), str(tags.get("language", "und")), str(tags.get("title", "")))


def _ratio(text: str | None) -> Fraction:
    """ "30000/1001" or "4:3"; 0 where there is none."""
    above, _, below = (text or "0/1").replace(":", "/").partition("/")
    known = above.isdecimal() and below.isdecimal() and int(below)
    return Fraction(int(above), int(below)) if known else Fraction(0)


def _number(text: str | float | None) -> float:
    return float(text) if text is not None and _is_number(str(text)) else 0.0


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdecimal()
