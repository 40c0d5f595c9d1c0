"""How a file is cut into parts, and what its name and first bytes say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from media.domain.uploads import (
    MAX_PARTS,
    MIB,
    PART_BYTES,
    SINGLE_BELOW,
    UploadKind,
    extension_of,
    is_video,
    plan,
)


def test_small_files_go_in_one_piece():
    for size in (1, SINGLE_BELOW - 1):
        how = plan(size)
        assert (how.kind, how.part_count, how.size_of(1)) == (UploadKind.SINGLE, 1, size)


@given(st.integers(SINGLE_BELOW, 5 * 10**12))
def test_parts_are_equal_but_for_the_last_and_make_up_the_file(size):
    how = plan(size)
    assert how.kind is UploadKind.MULTIPART
    assert how.part_bytes % MIB == 0
    assert how.part_bytes >= PART_BYTES
    assert 1 < how.part_count <= MAX_PARTS
    last = how.size_of(how.part_count)
    assert 0 < last <= how.part_bytes
    assert how.part_bytes * (how.part_count - 1) + last == size
    assert how.size_of(1) == how.part_bytes


def test_only_whole_parts_count_as_there():
    how = plan(SINGLE_BELOW + 1)  # 12 parts of 8 MiB and one of 4 MiB + 1
    whole = {number: how.size_of(number) for number in range(1, 14)}
    assert how.part_count == 13
    assert how.present(whole) == list(range(1, 14))
    assert how.present({**whole, 2: 1, 13: PART_BYTES, 14: 1}) == [1, *range(3, 13)]
    assert how.present({}) == []


@pytest.mark.parametrize(
    ("filename", "extension"),
    [
        ("강의.MP4", "mp4"),
        ("a.b.mov", "mov"),
        ("클립", "mp4"),
        ("x.m2ts", "m2ts"),
        ("a.pdf", None),
        ("a.mp4.exe", None),
        ("a.", None),
        (".mp4", "mp4"),
        ("a.mp4 ", None),
        ("a./../mp4", None),
    ],
)
def test_what_a_name_says(filename, extension):
    assert extension_of(filename) == extension


def ts(first, step):
    packets = bytearray(600)
    packets[first : first + 2 * step + 1 : step] = b"GGG"
    return bytes(packets)


FILES = {
    "mp4": (b"\x00\x00\x00\x20ftypisom", True),
    "old quicktime": (b"\x00\x00\x00\x08wide\x00\x00\x10\x00mdat", True),
    "moov first": (b"\x00\x00\x10\x00moov", True),
    "webm": (b"\x1a\x45\xdf\xa3\x01\x00", True),
    "avi": (b"RIFF\x10\x00\x00\x00AVI LIST", True),
    "asf": (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9", True),
    "flv": (b"FLV\x01\x05", True),
    "ogg": (b"OggS\x00", True),
    "mpeg ps": (b"\x00\x00\x01\xba\x44", True),
    "mpeg ts": (ts(0, 188), True),
    "m2ts": (ts(4, 192), True),
    "empty": (b"", False),
    "one byte": (b"\x00", False),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3", False),
    "wav": (b"RIFF\x10\x00\x00\x00WAVEfmt ", False),
    "zip": (b"PK\x03\x04", False),
    "html": (b"<!DOCTYPE html><html>", False),
    "text that begins with G": (b"Good morning, everybody. " * 30, False),
    "text with ftyp later": (b"hello, ftypisom", False),
    "zeros": (bytes(600), False),
    "jpeg": (b"\xff\xd8\xff\xe0\x00\x10JFIF", False),
    "playlist": (b"#EXTM3U\n#EXT-X-VERSION:3\n", False),
}


@pytest.mark.parametrize("name", FILES)
def test_what_the_first_bytes_say(name):
    head, usable = FILES[name]
    assert is_video(head) is usable
