"""The WebVTT track of a storyboard's sprites."""

from __future__ import annotations

from media.adapters.ffmpeg.command import TILE_SECONDS, TILES


def track(size: tuple[int, int], count: int, duration_ms: int) -> str:
    """A cue for each picture: its file and place in it, as a media fragment (#xywh)."""
    width, height = size
    cues = ["WEBVTT", ""]
    for number in range(count):
        sprite, place = divmod(number, TILES * TILES)
        row, column = divmod(place, TILES)
        start = number * TILE_SECONDS * 1000
        end = min(start + TILE_SECONDS * 1000, duration_ms)
        file = f"storyboard-{sprite + 1:03}.jpg"
        area = f"#xywh={column * width},{row * height},{width},{height}"
        cues += [f"{_time(start)} --> {_time(end)}", f"{file}{area}", ""]
    return "\n".join(cues)


def _time(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{rest:03}"
