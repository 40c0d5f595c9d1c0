"""What is said of renditions as a set."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from media.domain.failures import TRANSIENT, EncodeError
from media.domain.playlists import check_master, check_media
from media.domain.renditions import Listed, ListedCaption, caption_playlist, compare, master, peak_bandwidth
from media.domain.source import Caption, Rendition, Source

LOW = Rendition(
    "v1", 480, 270, Fraction(30), "avc1.640015,mp4a.40.2", 400_000, 300_000, (6000, 6000, 1000), 5, 1
)
HIGH = replace(
    LOW, name="v2", width=640, height=360, segment_ms=(6007, 5993, 1000), fps=Fraction(30000, 1001)
)
SOURCE = Source(13_000, 1, "h264", 640, 360, 0, Fraction(30), False, None, ())


@pytest.mark.parametrize("duration_ms", [12_500, 13_000, 13_500])
def test_renditions_that_agree(duration_ms):
    compare([LOW, HIGH], replace(SOURCE, duration_ms=duration_ms))


@pytest.mark.parametrize(
    ("other", "duration_ms", "detail"),
    [
        (replace(HIGH, segment_ms=(6000, 7000)), 13_000, "another number of segments"),
        (replace(HIGH, segment_ms=(5960, 6040, 1000)), 13_000, "other boundaries"),
        (replace(HIGH, segment_ms=(6015, 6015, 1000)), 13_000, "other boundaries"),
        (HIGH, 13_501, "13000 ms came out"),
        (HIGH, 12_499, "13000 ms came out"),
    ],
)
def test_renditions_that_do_not(other, duration_ms, detail):
    with pytest.raises(EncodeError, match=detail) as caught:
        compare([LOW, other], replace(SOURCE, duration_ms=duration_ms))

    assert caught.value.code == "gate_failed"
    assert caught.value.code in TRANSIENT


def test_master():
    text = master([Listed(LOW, "../job-1/v1/index.m3u8"), Listed(HIGH, "v2/index.m3u8")])

    assert text.splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        '#EXT-X-STREAM-INF:BANDWIDTH=400000,AVERAGE-BANDWIDTH=300000,CODECS="avc1.640015,mp4a.40.2",'
        "RESOLUTION=480x270,FRAME-RATE=30.000",
        "../job-1/v1/index.m3u8",
        '#EXT-X-STREAM-INF:BANDWIDTH=400000,AVERAGE-BANDWIDTH=300000,CODECS="avc1.640015,mp4a.40.2",'
        "RESOLUTION=640x360,FRAME-RATE=29.970",
        "v2/index.m3u8",
    ]
    assert check_master(text) == []


@pytest.mark.parametrize(
    ("language", "title", "said"),
    [
        ("kor", "강의 자막", 'NAME="1 강의 자막",LANGUAGE="kor"'),
        ("und", "", 'NAME="1 und"'),
        ('k"o', 'a"\nb', 'NAME="1 ab"'),
    ],
)
def test_captions_of_any_name_are_listed(language, title, said):
    caption = Caption(2, language, title)
    text = master([Listed(LOW, "v1/index.m3u8")], [ListedCaption(caption, "c1/index.m3u8")] * 2)

    assert f"{said},DEFAULT=NO" in text
    assert 'SUBTITLES="subs"' in text
    assert [finding.rule.id for finding in check_master(text)] == []


@pytest.mark.parametrize(
    ("renditions", "rule"),
    [
        ([], "variants"),
        ([replace(LOW, average_bandwidth=400_001)], "average-bandwidth"),
        ([replace(LOW, width=0)], "resolution"),
    ],
)
def test_a_master_that_would_break_a_rule_is_not_made(renditions, rule):
    with pytest.raises(EncodeError, match=f"gate_failed: master.m3u8: {rule} "):
        master([Listed(one, "v1/index.m3u8") for one in renditions])


def test_caption_playlist():
    assert check_media(caption_playlist(3_600_500)) == []
    assert check_media(caption_playlist(400)) == []


@pytest.mark.parametrize(
    ("sizes", "lengths", "peak"),
    [
        ([6000, 12000, 6000], [6, 6, 6], 16_000),  # the one segment
        ([6000, 9000], [6, 0.5], 18_462),  # too short alone: with the one before
        ([1000], [0.5], 16_000),  # all there is
        ([1, 0, 1], [2, 2, 2], 3),  # rounded up: it is a bound
    ],
)
def test_peak_bandwidth(sizes, lengths, peak):
    assert peak_bandwidth(sizes, lengths, 6) == peak
