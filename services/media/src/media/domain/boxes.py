"""Reads the boxes of fragmented MP4 (ISO/IEC 14496-12): as much as the publish gate asks about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import error, unpack_from
from typing import BinaryIO

MAX_BOX = 8 * 1024 * 1024
"""A moov or moof is far smaller; media data is never read whole."""
NON_SYNC = 0x10000
_IDR = 5
_VIDEO_SLICES = range(1, 6)


class BoxError(Exception):
    """Not the boxes that were expected; the message says which."""


@dataclass(frozen=True, slots=True)
class Track:
    """One of the init segment's; `codecs` as in RFC 6381, sizes in pixels, 0 for sound."""

    number: int
    codecs: str
    timescale: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Fragment:
    """A track's part of a segment: decode times in the track's timescale."""

    track: int
    start: int
    duration: int
    starts_with_sync: bool
    first_offset: int
    first_size: int


Box = tuple[str, bytes]


def read_init(file: BinaryIO) -> tuple[Track, ...]:
    """Raises BoxError."""
    try:
        moov = next((body for name, body in _top_level(file) if name == "moov"), None)
        if moov is None:
            raise BoxError("no moov")
        return tuple(_track(body) for name, body in _boxes(moov) if name == "trak")
    except (error, IndexError) as fault:
        raise BoxError(str(fault)) from fault


def read_segment(file: BinaryIO) -> tuple[Fragment, ...]:
    """All tracks' fragments in their order. Raises BoxError."""
    found: list[Fragment] = []
    try:
        for name, offset, body in _placed(file):
            if name == "moof":
                found += [_fragment(part, offset) for kind, part in _boxes(body) if kind == "traf"]
    except (error, IndexError) as fault:
        raise BoxError(str(fault)) from fault
    return tuple(found)


def starts_with_idr(file: BinaryIO, fragment: Fragment) -> bool:
    """Whether the first picture is an IDR picture (H.264 table 7-1); 4 bytes of length before each unit."""
    file.seek(fragment.first_offset)
    left = fragment.first_size
    while left > 4:
        head = file.read(5)
        if len(head) < 5:
            return False
        size, kind = int.from_bytes(head[:4], "big"), head[4] & 0x1F
        if kind in _VIDEO_SLICES:
            return kind == _IDR
        file.seek(size - 1, 1)
        left -= size + 4
    return False


def _top_level(file: BinaryIO) -> Iterator[Box]:
    for name, _, body in _placed(file):
        yield name, body


def _placed(file: BinaryIO) -> Iterator[tuple[str, int, bytes]]:
    """(name, offset in the file, body), of mdat without the body. Raises BoxError when one is cut off."""
    end = file.seek(0, 2)
    offset = 0
    while offset < end:
        file.seek(offset)
        head = file.read(16)
        if len(head) < 8:
            raise BoxError("half a box")
        size, name = int.from_bytes(head[:4], "big"), head[4:8].decode("latin-1")
        skip = 8
        if size == 1:
            size, skip = int.from_bytes(head[8:16], "big"), 16
        if size < skip or offset + size > end:
            raise BoxError(f"{name} does not end in the file")
        if name == "mdat":
            yield name, offset, b""
        elif size <= MAX_BOX:
            file.seek(offset + skip)
            yield name, offset, file.read(size - skip)
        offset += size


def _boxes(body: bytes) -> Iterator[Box]:
    offset = 0
    while offset + 8 <= len(body):
        size, name = unpack_from(">I4s", body, offset)
        if size < 8 or offset + size > len(body):
            raise BoxError("a box does not end in its parent")
        yield name.decode("latin-1"), body[offset + 8 : offset + size]
        offset += size


def _inside(body: bytes, *path: str) -> bytes:
    for step in path:
        found = next((inner for name, inner in _boxes(body) if name == step), None)
        if found is None:
            raise BoxError(f"no {step}")
        body = found
    return body


def _track(trak: bytes) -> Track:
    header = _inside(trak, "tkhd")
    (number,) = unpack_from(">I", header, 20 if header[0] else 12)
    media = _inside(trak, "mdia", "mdhd")
    (timescale,) = unpack_from(">I", media, 20 if media[0] else 12)
    if not timescale:
        raise BoxError("timescale 0")
    entries = _inside(trak, "mdia", "minf", "stbl", "stsd")[8:]
    kind, entry = next(_boxes(entries), ("", b""))
    if kind == "avc1":
        width, height = unpack_from(">HH", entry, 24)
        return Track(number, _avc(_inside(entry[78:], "avcC")), timescale, width, height)
    if kind == "mp4a":
        return Track(number, _aac(_inside(entry[28:], "esds")), timescale, 0, 0)
    raise BoxError(f"sample entry {kind}")


def _avc(configuration: bytes) -> str:
    """Profile, constraints and level (RFC 6381 section 3.3)."""
    return f"avc1.{configuration[1:4].hex()}"


def _aac(descriptors: bytes) -> str:
    """Object type 0x40 and the audio object type, by way of the descriptors of ISO/IEC 14496-1."""
    rest = descriptors[4:]
    _, rest = _descriptor(rest, 3)
    flags = rest[2]
    rest = rest[3 + 2 * bool(flags & 0x80) + 2 * bool(flags & 0x20) :]
    if flags & 0x40:
        raise BoxError("a descriptor with an address")
    _, rest = _descriptor(rest, 4)
    kind = rest[0]
    _, rest = _descriptor(rest[13:], 5)
    return f"mp4a.{kind:x}.{rest[0] >> 3}"


def _descriptor(data: bytes, wanted: int) -> tuple[int, bytes]:
    if data[0] != wanted:
        raise BoxError(f"descriptor {data[0]} where {wanted} should be")
    size, place = 0, 1
    while True:
        size = size << 7 | data[place] & 0x7F
        place += 1
        if not data[place - 1] & 0x80:
            return size, data[place : place + size]


def _fragment(traf: bytes, base: int) -> Fragment:
    number, defaults = _defaults(_inside(traf, "tfhd"))
    decode = _inside(traf, "tfdt")
    (start,) = unpack_from(">Q" if decode[0] else ">I", decode, 4)
    runs = [_run(body, defaults) for name, body in _boxes(traf) if name == "trun"]
    if not runs:
        raise BoxError("no trun")
    duration = sum(run[0] for run in runs)
    _, flags, offset, size = runs[0]
    return Fragment(number, start, duration, not flags & NON_SYNC, base + offset, size)


def _defaults(tfhd: bytes) -> tuple[int, dict[str, int]]:
    """Track number and the defaults of its samples (ISO/IEC 14496-12, 8.8.7)."""
    flags, number = int.from_bytes(tfhd[1:4], "big"), int.from_bytes(tfhd[4:8], "big")
    place = 8
    found = {}
    fields = (
        (0x1, "base", 8),
        (0x2, "entry", 4),
        (0x8, "duration", 4),
        (0x10, "size", 4),
        (0x20, "flags", 4),
    )
    for flag, name, size in fields:
        if flags & flag:
            found[name] = int.from_bytes(tfhd[place : place + size], "big")
            place += size
    return number, found


def _run(trun: bytes, defaults: dict[str, int]) -> tuple[int, int, int, int]:
    """(duration of all samples, flags of the first, data offset, size of the first): 8.8.8."""
    flags, count = int.from_bytes(trun[1:4], "big"), int.from_bytes(trun[4:8], "big")
    place, offset, first = 8, 0, defaults.get("flags", 0)
    if flags & 0x1:
        (offset,) = unpack_from(">i", trun, place)
        place += 4
    if flags & 0x4:
        (first,) = unpack_from(">I", trun, place)
        place += 4
    fields = [name for flag, name in ((0x100, "duration"), (0x200, "size"), (0x400, "flags")) if flags & flag]
    stride = 4 * (len(fields) + bool(flags & 0x800))
    if place + stride * count > len(trun) or not count:
        raise BoxError("trun has fewer samples than it says")
    table = {name: place + 4 * at for at, name in enumerate(fields)}
    durations = _column(trun, table.get("duration"), stride, count, defaults.get("duration", 0))
    size = _column(trun, table.get("size"), stride, 1, defaults.get("size", 0))
    if "flags" in table:
        (first,) = unpack_from(">I", trun, table["flags"])
    return durations, first, offset, size


def _column(trun: bytes, place: int | None, stride: int, count: int, default: int) -> int:
    """The sum of a field over the first `count` samples."""
    if place is None:
        return default * count
    return sum(int(unpack_from(">I", trun, place + stride * at)[0]) for at in range(count))
