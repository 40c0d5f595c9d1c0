"""What is known of an uploaded file, and what one rendition of it is."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Audio:
    """The stream that is used: the first one."""

    codec: str
    channels: int
    sample_rate: int


@dataclass(frozen=True, slots=True)
class Caption:
    """A text subtitle stream; `index` is ffmpeg's, of the whole file, `language` ISO 639-2 or "und"."""

    index: int
    language: str
    title: str


@dataclass(frozen=True, slots=True)
class Source:
    """A video as it is shown: size after rotation and pixel aspect, `fps` the average rate.

    `picture_ms`: where the picture ends if the sound goes on without it, else 0.
    """

    duration_ms: int
    size_bytes: int
    codec: str
    width: int
    height: int
    rotation: int
    fps: Fraction
    variable_rate: bool
    audio: Audio | None
    captions: tuple[Caption, ...]
    picture_ms: int = 0
    interlaced: bool = False


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the ladder: what is asked of the encoder. kbit/s; `name` is v1 for the lowest."""

    name: str
    width: int
    height: int
    fps: Fraction
    crf: int
    max_kbps: int
    audio_kbps: int


@dataclass(frozen=True, slots=True)
class Rendition:
    """One rung as it came out: what the master playlist says about it, measured, bitrates in bit/s."""

    name: str
    width: int
    height: int
    fps: Fraction
    codecs: str
    bandwidth: int
    average_bandwidth: int
    segment_ms: tuple[int, ...]
    objects: int
    bytes: int
