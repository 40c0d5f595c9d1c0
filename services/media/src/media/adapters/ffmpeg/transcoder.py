"""media.ports.Transcoder by ffmpeg and ffprobe."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from media.adapters.ffmpeg import command
from media.adapters.ffmpeg.gate import examine
from media.adapters.ffmpeg.probe import probe
from media.adapters.ffmpeg.run import ProgramError, SilentError, run
from media.adapters.ffmpeg.storyboard import track
from media.adapters.ffmpeg.tools import Limits, Tools
from media.domain.failures import EncodeError
from media.domain.playlist_lines import read_lines, segments
from media.domain.renditions import caption_playlist
from media.domain.source import Caption, Rendition, Rung, Source
from media.ports import Watch

POSTER_SECONDS = 60.0
"""A lecture has begun by then."""
MISSING_SECONDS = 2.0
_DONE = re.compile(r"out_time_us=(\d+)")


class Ffmpeg:
    """One program after the other; a failure leaves no process behind, files in `into` are the caller's."""

    def __init__(self, tools: Tools, limits: Limits | None = None) -> None:
        self._tools = tools
        self._limits = limits or Limits()

    def probe(self, path: Path, watch: Watch) -> Source:
        """Raises EncodeError for a file that is no usable video."""
        return probe(self._tools, self._limits, path, watch)

    def encode(self, path: Path, source: Source, rungs: Sequence[Rung], into: Path, watch: Watch) -> None:
        """All `rungs` in one decode. Raises EncodeError: truncated_file if the picture ends too early."""
        for rung in rungs:
            (into / rung.name).mkdir(parents=True, exist_ok=True)
        self._run(command.encode(self._tools.ffmpeg, self._limits, path, source, rungs, into), watch)
        playlist = into / rungs[0].name / "index.m3u8"
        made = sum(one.seconds for one in segments(read_lines(playlist.read_text("utf-8"))))
        if made < source.duration_ms / 1000 - MISSING_SECONDS:
            raise EncodeError("truncated_file", f"{made:.3f} s of {source.duration_ms} ms")

    def examine(self, folder: Path, rung: Rung) -> Rendition:
        """Raises EncodeError gate_failed."""
        return examine(folder, rung)

    def poster(self, path: Path, source: Source, into: Path, watch: Watch) -> None:
        """A picture after a tenth of the video, at most a minute; the first one where there is none."""
        for seconds in (min(POSTER_SECONDS, source.duration_ms / 10_000), 0.0):
            self._run(command.poster(self._tools.ffmpeg, self._limits, path, source, seconds, into), watch)
            if (into / "poster.jpg").exists():
                return
        raise EncodeError("encoder_failed", "no picture for the poster")

    def storyboard(self, path: Path, source: Source, into: Path, watch: Watch) -> None:
        """Key frames every 10 s as sprites of 10 x 10, and the WebVTT that says which is where."""
        self._run(command.storyboard(self._tools.ffmpeg, self._limits, path, source, into), watch)
        size, count = command.tile_size(source), command.tile_count(source)
        (into / "storyboard.vtt").write_text(track(size, count, source.duration_ms), "utf-8")

    def captions(self, path: Path, source: Source, caption: Caption, into: Path, watch: Watch) -> None:
        """One subtitle stream as a media playlist of the video's length."""
        into.mkdir(parents=True, exist_ok=True)
        self._run(command.captions(self._tools.ffmpeg, self._limits, path, caption, into), watch)
        (into / "index.m3u8").write_text(caption_playlist(source.duration_ms), "utf-8")

    def _run(self, words: list[str], watch: Watch) -> None:
        """Raises EncodeError, and what `watch` raises."""
        done = 0

        def read(line: str) -> bool:
            nonlocal done
            match = _DONE.match(line)
            if not match or int(match[1]) <= done:
                return False
            done = int(match[1])
            return True

        try:
            run(words, self._limits, self._limits.stall_seconds, read, lambda: watch(done / 1_000_000))
        except ProgramError as error:
            raise error.meaning("encoder_failed") from None
        except SilentError:
            raise EncodeError("encoder_stalled") from None
