"""The ladder: what is made of a source of each kind."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from media.domain.ladder import frame_rate, ladder
from media.domain.source import Source

NTSC = Fraction(30000, 1001)


def source(width=1920, height=1080, fps=Fraction(30), variable=False):
    return Source(60_000, 1, "h264", width, height, 0, fps, variable, None, ())


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (3840, 2160, [(480, 270), (768, 432), (1280, 720), (1920, 1080)]),
        (1920, 1080, [(480, 270), (768, 432), (1280, 720), (1920, 1080)]),
        (1280, 720, [(480, 270), (768, 432), (1280, 720)]),
        (720, 1280, [(270, 480), (432, 768), (720, 1280)]),
        (1440, 1080, [(360, 270), (576, 432), (960, 720), (1440, 1080)]),
        (2560, 1080, [(480, 202), (768, 324), (1280, 540), (1920, 810)]),
        (854, 480, [(480, 270), (854, 480)]),
        (640, 360, [(480, 270), (640, 360)]),
        (641, 359, [(480, 268), (640, 358)]),
        (320, 180, [(320, 180)]),
        (17, 33, [(16, 32)]),
    ],
)
def test_sizes(width, height, expected):
    rungs = ladder(source(width, height))

    assert [(rung.width, rung.height) for rung in rungs] == expected
    assert [rung.name for rung in rungs] == [f"v{number}" for number in range(1, len(expected) + 1)]


@given(st.integers(16, 4096), st.integers(16, 4096))
def test_no_rung_is_larger_than_the_source_or_odd_or_no_better_than_the_one_below(width, height):
    rungs = ladder(source(width, height))

    for rung in rungs:
        assert rung.width <= width
        assert rung.height <= height
        assert rung.width % 2 == rung.height % 2 == 0
        assert abs(rung.width * height - rung.height * width) <= 2 * max(width, height)
    caps = [rung.max_kbps for rung in rungs]
    assert caps == sorted(caps)
    sides = [rung.width * rung.height for rung in rungs]
    assert sides == sorted(set(sides))


@pytest.mark.parametrize(
    ("fps", "variable", "expected"),
    [
        (Fraction(60), False, 30),
        (Fraction(60000, 1001), False, NTSC),
        (Fraction(50), False, 25),
        (Fraction(120), False, 30),
        (Fraction(240), False, 30),
        (NTSC, False, NTSC),
        (Fraction(24000, 1001), False, Fraction(24000, 1001)),
        (Fraction(2997, 100), False, NTSC),
        (Fraction(25), False, 25),
        (Fraction(173, 10), False, 17),
        (Fraction(1), False, 10),
        (Fraction(0), False, 30),
        (Fraction(90000), False, 30),
        (Fraction(292, 10), True, 30),
        (Fraction(8), True, 24),
        (Fraction(245, 10), True, 25),
        (Fraction(55), True, 30),
    ],
)
def test_frame_rate(fps, variable, expected):
    assert frame_rate(fps, variable) == expected


def test_a_small_source_gets_a_cap_by_its_area():
    caps = [rung.max_kbps for rung in ladder(source(854, 480))]

    assert caps == [365, 1334]
