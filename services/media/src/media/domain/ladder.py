"""Which renditions a video gets: Apple's HLS authoring numbers, thinned to what a lecture needs."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from media.domain.source import Rung, Source


@dataclass(frozen=True, slots=True)
class Step:
    """`side` is the short one in pixels; kbit/s are Apple's for that size, a cap here, not a target."""

    side: int
    max_kbps: int
    audio_kbps: int
    crf: int


STEPS = (Step(270, 365, 64, 24), Step(432, 1100, 96, 24), Step(720, 3000, 128, 23), Step(1080, 6000, 128, 23))
"""Each about three times the one below (Apple: 1.5 to 2 with twice the rungs); 270p is what 3G carries."""
WORTH = 1.25
"""A rung whose side is not this much larger than the one below it only costs: the lower one goes."""
WIDEST = Fraction(16, 9)
"""A wider picture gets bars' worth fewer lines, so that no rung needs a higher level than its 16:9 one."""
MAX_FPS = 30
MIN_FPS = 10
"""Slower than this, key frames every 2 s could not be kept; pictures that repeat cost next to nothing."""
_STANDARD = tuple(
    Fraction(*pair) for pair in ((24000, 1001), (24, 1), (25, 1), (30000, 1001), (30, 1), (15, 1), (20, 1))
)
_CLOSE = Fraction(1, 200)


def ladder(source: Source) -> tuple[Rung, ...]:
    """The rungs, lowest first and named v1, v2, …: at least one, none larger than the source."""
    sizes: list[tuple[int, int, Step]] = []
    for step in STEPS:
        width, height = _fit(source.width, source.height, step.side)
        if sizes and min(width, height) < WORTH * min(sizes[-1][:2]):
            if min(width, height) > min(sizes[-1][:2]):
                sizes[-1] = (width, height, step)
            break
        sizes.append((width, height, step))
    fps = frame_rate(source.fps, source.variable_rate)
    return tuple(_rung(number, fps, *size) for number, size in enumerate(sizes, start=1))


def frame_rate(fps: Fraction, variable: bool = False) -> Fraction:
    """A constant rate of at most 30: 60 becomes 30 and 50 becomes 25, so that every n-th picture is kept.

    A variable rate becomes the next usual one above its average, so that few pictures are lost.
    """
    if fps <= 0:
        return Fraction(MAX_FPS)
    if variable:
        return next((rate for rate in (24, 25) if fps <= rate), MAX_FPS) * Fraction(1)
    for parts in range(1, 11):
        near = [rate for rate in _STANDARD if abs(fps / parts - rate) <= rate * _CLOSE]
        if near:
            return min(near, key=lambda rate: abs(fps / parts - rate))
    return Fraction(min(MAX_FPS, max(MIN_FPS, round(fps))))


def _fit(width: int, height: int, side: int) -> tuple[int, int]:
    short, long = sorted((width, height))
    scale = min(Fraction(1), Fraction(side, short), Fraction(side) * WIDEST / long)
    return _even(width, scale), _even(height, scale)


def _even(size: int, scale: Fraction) -> int:
    """The nearest even size, but none above the source's."""
    return max(2, min(round(size * scale / 2), size // 2) * 2)


def _rung(number: int, fps: Fraction, width: int, height: int, step: Step) -> Rung:
    """A smaller picture than the step's gets a lower cap, by its area."""
    area = Fraction(width * height) / (step.side * step.side * WIDEST)
    kbps = max(STEPS[0].max_kbps if number == 1 else STEPS[number - 2].max_kbps, round(step.max_kbps * area))
    return Rung(f"v{number}", width, height, fps, step.crf, min(kbps, step.max_kbps), step.audio_kbps)
