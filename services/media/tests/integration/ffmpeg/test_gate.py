"""The publish gate: what is wrong with a rendition is found, whatever it is."""

from __future__ import annotations

import shutil

import pytest
from media.domain.failures import EncodeError


@pytest.fixture
def folder(sample, tmp_path):
    """A rendition of our own."""
    return shutil.copytree(sample.folder / "v2", tmp_path / "v2")


def rewrite(path, old, new):
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))


def cut(path):
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def no_idr(path):
    """The first slice of the segment says that it is none of an IDR picture (type 1 in place of 5)."""
    data = path.read_bytes()
    start = data.index(b"mdat")
    at = data.index(b"\x65", start)
    path.write_bytes(data[:at] + b"\x61" + data[at + 1 :])


def not_sync(path):
    """The flags of the first sample in trun: 0x02000000 is a key frame."""
    data = path.read_bytes()
    at = data.index(b"\x02\x00\x00\x00", data.index(b"trun"))
    path.write_bytes(data[:at] + b"\x01\x01\x00\x00" + data[at + 4 :])


BREAKS = {
    "no playlist": (lambda f: (f / "index.m3u8").unlink(), "index.m3u8"),
    "empty playlist": (lambda f: (f / "index.m3u8").write_bytes(b""), "extm3u-first"),
    "not text": (lambda f: (f / "index.m3u8").write_bytes(b"\xff\xfe"), "utf-8"),
    "no end": (lambda f: rewrite(f / "index.m3u8", b"#EXT-X-ENDLIST\n", b""), "vod-ends"),
    "no segments": (
        lambda f: (f / "index.m3u8").write_text(
            "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:6\n"
            '#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-MAP:URI="init.mp4"\n#EXT-X-ENDLIST\n'
        ),
        "no picture",
    ),
    "a longer target": (
        lambda f: rewrite(f / "index.m3u8", b"DURATION:6", b"DURATION:5"),
        "segment-too-long",
    ),
    "another length": (lambda f: rewrite(f / "index.m3u8", b"6.000000", b"5.900000"), "EXTINF says 5.900"),
    "elsewhere": (lambda f: rewrite(f / "index.m3u8", b"00001.m4s", b"../1.m4s"), "beside the playlist"),
    "another host": (lambda f: rewrite(f / "index.m3u8", b"00001.m4s", b"http://a/b"), "beside the playlist"),
    "no init": (lambda f: (f / "init.mp4").unlink(), "init.mp4"),
    "half an init": (lambda f: cut(f / "init.mp4"), "does not end in the file"),
    "a segment gone": (lambda f: (f / "00001.m4s").unlink(), "00001.m4s"),
    "an empty segment": (lambda f: (f / "00001.m4s").write_bytes(b""), "0 fragments"),
    "half a segment": (lambda f: cut(f / "00001.m4s"), "does not end in the file"),
    "a segment twice": (lambda f: shutil.copy(f / "00000.m4s", f / "00001.m4s"), "EXTINF says"),
    "no key frame": (lambda f: not_sync(f / "00001.m4s"), "IDR"),
    "a key frame in name only": (lambda f: no_idr(f / "00001.m4s"), "IDR"),
}


@pytest.mark.parametrize("what", BREAKS)
def test_what_is_wrong_is_found(what, ffmpeg, sample, folder):
    damage, said = BREAKS[what]
    damage(folder)

    with pytest.raises(EncodeError, match=said) as caught:
        ffmpeg.examine(folder, sample.rungs[1])

    assert caught.value.code == "gate_failed"


def test_a_rendition_of_another_rung(ffmpeg, sample, folder):
    with pytest.raises(EncodeError, match="640x360"):
        ffmpeg.examine(folder, sample.rungs[0])


def test_a_gap_in_time(ffmpeg, sample, folder):
    """The first segment left out: what remains is sound by itself."""
    rewrite(folder / "index.m3u8", b"#EXTINF:6.000000,\n00000.m4s\n", b"")

    with pytest.raises(EncodeError, match="and not at 0"):
        ffmpeg.examine(folder, sample.rungs[1])


def test_what_is_measured(ffmpeg, sample, folder):
    files = [path.stat().st_size for path in folder.iterdir()]
    segments = [(folder / name).stat().st_size for name in ("00000.m4s", "00001.m4s")]

    found = ffmpeg.examine(folder, sample.rungs[1])

    assert found.codecs == "avc1.64001e,mp4a.40.2"
    assert found.segment_ms == (6000, 1000)
    assert (found.objects, found.bytes) == (4, sum(files))
    assert found.average_bandwidth == round(sum(segments) * 8 / 7)
    assert found.bandwidth >= segments[0] * 8 / 6


@pytest.mark.parametrize("length", [*range(0, 64, 7), 200, 700, 1200])
def test_an_init_that_ends_anywhere_is_refused(length, ffmpeg, sample, folder):
    init = folder / "init.mp4"
    init.write_bytes(init.read_bytes()[:length])

    with pytest.raises(EncodeError, match="gate_failed"):
        ffmpeg.examine(folder, sample.rungs[1])
