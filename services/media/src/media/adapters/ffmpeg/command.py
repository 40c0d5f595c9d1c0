"""The command lines of ffmpeg: words in, words out, nothing is run here."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil
from pathlib import Path

from media.adapters.ffmpeg.tools import Limits
from media.domain.source import Caption, Rung, Source

SEGMENT_SECONDS = 6
KEY_SECONDS = 2
"""Apple, HLS authoring 1.10: key frames every two seconds."""
PRESET = "veryfast"
"""Measured 1.9 times as fast as medium at the same bitrate (limits-performance.md section 7)."""
TILE_SECONDS = 10
TILE_WIDTH = 160
TILE_HEIGHT = 160
TILES = 10
POSTER_WIDTH = 1280
# the last four hold sound alone, which is told apart from what is no recording at all
_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,mp3,wav,flac,aac"


def hardened(path: Path) -> list[str]:
    """The input, as a file of a video format and nothing else: no playlist, no script, no network."""
    return ["-protocol_whitelist", "file", "-format_whitelist", _FORMATS, "-i", f"file:{path}"]


def _start(ffmpeg: str, limits: Limits) -> list[str]:
    return [
        *(ffmpeg, "-nostdin", "-hide_banner", "-v", "error", "-y"),
        *("-progress", "pipe:1", "-stats_period", "0.5", "-nostats"),
        *("-threads", str(limits.threads)),
    ]


def encode(
    ffmpeg: str, limits: Limits, path: Path, source: Source, rungs: Sequence[Rung], into: Path
) -> list[str]:
    """One decode, every rung an HLS rendition of CMAF segments in into/<rung.name>."""
    graph = ";".join([*_pictures(source, rungs), *_sounds(source, rungs)])
    outputs = [word for rung in rungs for word in _output(source, rung, limits, into / rung.name)]
    return [*_start(ffmpeg, limits), *hardened(path), "-filter_complex", graph, *outputs]


def _pictures(source: Source, rungs: Sequence[Rung]) -> list[str]:
    """The largest is made from the source, each other from the next larger one: less to scale."""
    largest, *others = sorted(rungs, key=lambda rung: rung.width * rung.height, reverse=True)
    first = [f"[0:V:0]{_upright(source)}fps={largest.fps}:start_time=0"]
    if source.picture_ms:
        missing = (source.duration_ms - source.picture_ms) / 1000
        first.append(f"tpad=stop_mode=clone:stop_duration={missing:.3f}")
    chains = []
    chain = ",".join([*first, _scaled(largest.width, largest.height)])
    for above, below in zip([largest, *others], others, strict=False):
        chains.append(f"{chain},split[{above.name}][{above.name}s]")
        chain = f"[{above.name}s]scale={below.width}:{below.height},setsar=1"
    smallest = others[-1] if others else largest
    return [*chains, f"{chain}[{smallest.name}]"]


def _upright(source: Source) -> str:
    return "bwdif=deint=interlaced," if source.interlaced else ""


def _scaled(width: int, height: int) -> str:
    """8 bit, BT.709, limited range, square pixels: what every decoder takes."""
    return f"scale={width}:{height}:out_color_matrix=bt709:out_range=tv,setsar=1,format=yuv420p"


def _still(width: int, height: int) -> str:
    """As JFIF wants it: full range, BT.601."""
    return f"scale={width}:{height}:out_color_matrix=bt601:out_range=pc,setsar=1,format=yuvj420p"


def _sounds(source: Source, rungs: Sequence[Rung]) -> list[str]:
    """Stereo from the first picture to the end, silence where the source has no sound yet or no more."""
    if source.audio is None:
        return []
    chain = "[0:a:0]aresample=48000:async=1:first_pts=0,aformat=channel_layouts=stereo"
    length = f"apad=whole_dur={source.duration_ms / 1000:.3f}"
    ends = "".join(f"[{rung.name}a]" for rung in rungs)
    return [f"{chain},{length},asplit={len(rungs)}{ends}"]


def _output(source: Source, rung: Rung, limits: Limits, folder: Path) -> list[str]:
    sound = ["-map", f"[{rung.name}a]", "-c:a", "aac", "-b:a", f"{rung.audio_kbps}k"]
    return [
        *("-map", f"[{rung.name}]", "-c:v", "libx264", "-preset", PRESET, "-profile:v", "high"),
        *("-crf", str(rung.crf), "-maxrate", f"{rung.max_kbps}k", "-bufsize", f"{2 * rung.max_kbps}k"),
        *("-force_key_frames", f"expr:gte(t,n_forced*{KEY_SECONDS})", "-forced-idr", "1"),
        *("-sc_threshold", "0", "-g", str(ceil(rung.fps * KEY_SECONDS) + 1), "-flags", "+cgop"),
        *("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"),
        *("-threads", str(limits.threads)),
        *(sound if source.audio else []),
        # where a phone was, and what else it noted, is nobody's business
        *("-map_metadata", "-1", "-map_chapters", "-1"),
        # both tracks start at 0: no shift for the encoders' delay, which the tracks themselves tell
        *("-avoid_negative_ts", "disabled", "-max_muxing_queue_size", "9999"),
        *("-f", "hls", "-hls_time", str(SEGMENT_SECONDS), "-hls_playlist_type", "vod"),
        *("-hls_flags", "independent_segments", "-hls_segment_type", "fmp4"),
        *("-hls_segment_options", "movflags=+negative_cts_offsets", "-hls_fmp4_init_filename", "init.mp4"),
        *("-hls_segment_filename", f"{folder}/%05d.m4s", f"{folder}/index.m3u8"),
    ]


def poster(ffmpeg: str, limits: Limits, path: Path, source: Source, seconds: float, into: Path) -> list[str]:
    """One picture at that time, at most 1280 wide."""
    width = min(POSTER_WIDTH, source.width)
    height = max(1, round(Fraction(source.height * width, source.width)))
    return [
        *(*_start(ffmpeg, limits), "-ss", f"{seconds:.3f}", *hardened(path), "-map", "0:V:0"),
        *("-vf", _upright(source) + _still(width, height)),
        *("-frames:v", "1", "-update", "1", "-q:v", "3", "-map_metadata", "-1", "-f", "image2"),
        str(into / "poster.jpg"),
    ]


def tile_size(source: Source) -> tuple[int, int]:
    """Width and height of a picture of the storyboard."""
    scale = min(Fraction(TILE_WIDTH, source.width), Fraction(TILE_HEIGHT, source.height))
    return max(2, round(source.width * scale / 2) * 2), max(2, round(source.height * scale / 2) * 2)


def tile_count(source: Source) -> int:
    """One for each 10 s begun."""
    return max(1, ceil(source.duration_ms / 1000 / TILE_SECONDS))


def storyboard(ffmpeg: str, limits: Limits, path: Path, source: Source, into: Path) -> list[str]:
    """Sprites of the key frames next to each 10 s: others are not decoded, so hours take a minute."""
    count = tile_count(source)
    columns, rows = min(count, TILES), min(ceil(count / TILES), TILES)
    chain = [
        "tpad=stop_mode=clone:stop=-1",
        f"fps=1/{TILE_SECONDS}:start_time=0:round=near",
        f"trim=end_frame={count}",
        _still(*tile_size(source)),
        f"tile={columns}x{rows}",
    ]
    return [
        *(*_start(ffmpeg, limits), "-skip_frame", "nokey", *hardened(path), "-map", "0:V:0"),
        *("-vf", ",".join(chain), "-fps_mode", "passthrough", "-q:v", "5", "-map_metadata", "-1"),
        *("-f", "image2", str(into / "storyboard-%03d.jpg")),
    ]


def captions(ffmpeg: str, limits: Limits, path: Path, caption: Caption, into: Path) -> list[str]:
    """One subtitle stream as one WebVTT file."""
    return [
        *(*_start(ffmpeg, limits), *hardened(path), "-map", f"0:{caption.index}"),
        *("-map_metadata", "-1", "-f", "webvtt", str(into / "00000.vtt")),
    ]
