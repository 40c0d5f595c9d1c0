"""Every kind of file ends as renditions that another program reads, or with its own code."""

from __future__ import annotations

from fractions import Fraction

import pytest
from media.adapters.ffmpeg.probe import MAX_CAPTIONS
from media.domain.failures import PERMANENT, EncodeError
from media.domain.playlists import check_master, check_media
from media.domain.renditions import Listed, ListedCaption, compare, master
from testkit.videos import BROKEN, PLAYABLE
from testkit.videos import ffmpeg as make_sample

TALL = [(270, 480), (360, 640)]
WIDE = [(480, 270), (640, 360)]
SMALL = [(320, 180)]
SIZES = {"phone": TALL, "hdr": SMALL, "vp9": SMALL, "odd": [(480, 268), (640, 358)]}


def quiet(_seconds):
    """A watch that has nothing to say."""


@pytest.mark.parametrize("kind", PLAYABLE)
def test_a_playable_file(kind, encode, look):
    made = encode(kind)

    compare(made.renditions, made.source)
    assert [(one.width, one.height) for one in made.renditions] == SIZES.get(kind, WIDE)
    for rendition in made.renditions:
        playlist = made.folder / rendition.name / "index.m3u8"
        assert check_media(playlist.read_text("utf-8")) == []
        streams = look(playlist)
        assert (streams["video"]["width"], streams["video"]["height"]) == (rendition.width, rendition.height)
        assert streams["video"]["pix_fmt"] == "yuv420p"
        assert streams["video"]["color_space"] == "bt709"
        assert streams["video"]["sample_aspect_ratio"] == "1:1"
        frames = int(streams["video"]["nb_read_frames"])
        assert abs(frames / rendition.fps - Fraction(made.source.duration_ms, 1000)) < Fraction(1, 2)
        assert ("audio" in streams) == (kind != "silent")
        if "audio" in streams:
            assert (streams["audio"]["channels"], streams["audio"]["sample_rate"]) == (2, "48000")
    listed = [Listed(one, f"{one.name}/index.m3u8") for one in made.renditions]
    assert check_master(master(listed)) == []


@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_cannot_be_used(kind, ffmpeg, videos):
    with pytest.raises(EncodeError) as caught:
        ffmpeg.probe(videos.path(kind), quiet)

    assert caught.value.code == BROKEN[kind][0]
    assert caught.value.code in PERMANENT


def test_a_file_that_is_not_there(ffmpeg, tmp_path):
    with pytest.raises(EncodeError, match="raw_missing"):
        ffmpeg.probe(tmp_path / "gone.mp4", quiet)


@pytest.mark.parametrize("kind", ["concat_script", "hls_playlist"])
def test_a_script_that_passed_for_a_video_still_opens_nothing(kind, ffmpeg, videos, tmp_path):
    """As if probing had been fooled."""
    source = ffmpeg.probe(videos.path("h264"), quiet)
    with pytest.raises(EncodeError) as caught:
        ffmpeg.poster(videos.path(kind), source, tmp_path, quiet)

    assert caught.value.code in PERMANENT
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("phone", {"rotation": 270, "width": 360, "height": 640}),
        ("variable", {"variable_rate": True}),
        ("sixty", {"fps": 60, "variable_rate": False}),
        ("wide_pixels", {"width": 640, "height": 360}),
        ("interlaced", {"interlaced": True, "codec": "mpeg2video"}),
        ("silent", {"audio": None}),
        ("long_sound", {"duration_ms": 7000, "picture_ms": 4000}),
    ],
)
def test_what_probing_tells(kind, expected, ffmpeg, videos):
    source = ffmpeg.probe(videos.path(kind), quiet)

    assert {name: getattr(source, name) for name in expected} == expected


def test_sound_is_told(ffmpeg, videos):
    audio = ffmpeg.probe(videos.path("surround"), quiet).audio

    assert (audio.codec, audio.channels, audio.sample_rate) == ("aac", 6, 44100)


def test_where_a_phone_was_stays_with_the_phone(encode, videos):
    place = b"+37.5665+126.9780"
    made = encode("phone")

    assert place in videos.path("phone").read_bytes()
    assert [path for path in made.folder.rglob("*.*") if place in path.read_bytes()] == []


def test_picture_and_sound_start_together(encode, look):
    """Sound that starts a second late is silent for that second, it does not come early."""
    made = encode("late_sound")

    streams = look(made.folder / "v1" / "index.m3u8")
    assert abs(float(streams["video"]["start_time"]) - float(streams["audio"]["start_time"])) < 0.1


def test_captions_become_webvtt(encode, ffmpeg, videos, tmp_path):
    made = encode("captioned")
    [caption] = made.source.captions

    ffmpeg.captions(videos.path("captioned"), made.source, caption, tmp_path / "c1", quiet)

    assert caption.language == "kor"
    text = (tmp_path / "c1" / "00000.vtt").read_text("utf-8")
    assert text.startswith("WEBVTT\n")
    assert "00:00.500 --> 00:01.500\n안녕하세요" in text
    assert check_media((tmp_path / "c1" / "index.m3u8").read_text("utf-8")) == []
    listed = [ListedCaption(caption, "c1/index.m3u8")]
    text = master([Listed(one, f"{one.name}/index.m3u8") for one in made.renditions], listed)
    assert check_master(text) == []


def test_a_file_cannot_ask_for_captions_without_end(ffmpeg, videos, tmp_path):
    text, path = tmp_path / "text.srt", tmp_path / "many.mkv"
    text.write_text("1\n00:00:00,500 --> 00:00:01,500\n안녕하세요\n", "utf-8")
    many = ["-map", "1"] * (MAX_CAPTIONS + 3)
    make_sample(
        *("-i", str(videos.path("h264")), "-i", str(text), "-map", "0", *many, "-c", "copy", str(path))
    )

    captions = ffmpeg.probe(path, quiet).captions

    assert [caption.index for caption in captions] == list(range(2, 2 + MAX_CAPTIONS))


@pytest.mark.parametrize(("kind", "size"), [("h264", (640, 360)), ("phone", (360, 640)), ("odd", (641, 359))])
def test_poster(kind, size, ffmpeg, videos, look, tmp_path):
    path = videos.path(kind)

    ffmpeg.poster(path, ffmpeg.probe(path, quiet), tmp_path, quiet)

    picture = look(tmp_path / "poster.jpg")["video"]
    assert (picture["codec_name"], picture["width"], picture["height"]) == ("mjpeg", *size)


def test_storyboard(ffmpeg, videos, look, tmp_path):
    path = videos.path("long")

    ffmpeg.storyboard(path, ffmpeg.probe(path, quiet), tmp_path, quiet)

    assert (tmp_path / "storyboard.vtt").read_text("utf-8").rstrip().split("\n\n") == [
        "WEBVTT",
        "00:00:00.000 --> 00:00:10.000\nstoryboard-001.jpg#xywh=0,0,160,90",
        "00:00:10.000 --> 00:00:20.000\nstoryboard-001.jpg#xywh=160,0,160,90",
        "00:00:20.000 --> 00:00:25.000\nstoryboard-001.jpg#xywh=320,0,160,90",
    ]
    sprite = look(tmp_path / "storyboard-001.jpg")["video"]
    assert (sprite["width"], sprite["height"]) == (480, 90)
