"""What this context needs from the outside world; the store of objects is servicekit.storage's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from servicekit.multipart import UploadStore
from servicekit.sign_ins import SignIns
from servicekit.storage import ObjectStore

from media.domain.access import Limits
from media.domain.links import Links
from media.domain.source import Caption, Rendition, Rung, Source

Watch = Callable[[float], None]
"""Told how many seconds of the source are done, at least once a second, also while that does not grow.

What it raises stops the program it watches, and comes out of the call.
"""


class Transcoder(Protocol):
    """ffmpeg and ffprobe. Every method raises EncodeError with a code of domain.failures."""

    def probe(self, path: Path, watch: Watch) -> Source:
        """What the file holds. Raises EncodeError for a file that is no usable video."""

    def encode(self, path: Path, source: Source, rungs: Sequence[Rung], into: Path, watch: Watch) -> None:
        """All `rungs` in one decode: into/<rung.name>/{index.m3u8, init.mp4, NNNNN.m4s}."""

    def examine(self, folder: Path, rung: Rung) -> Rendition:
        """The publish gate of one rendition's folder. Raises EncodeError gate_failed naming the rule."""

    def poster(self, path: Path, source: Source, into: Path, watch: Watch) -> None:
        """into/poster.jpg, at most 1280 wide."""

    def storyboard(self, path: Path, source: Source, into: Path, watch: Watch) -> None:
        """into/storyboard.vtt and into/storyboard-NNN.jpg: a picture every 10 s, in sprites (WebVTT)."""

    def captions(self, path: Path, source: Source, caption: Caption, into: Path, watch: Watch) -> None:
        """into/{index.m3u8, 00000.vtt}: one subtitle stream as a WebVTT media playlist."""


@dataclass(frozen=True, slots=True)
class UploadPorts:
    """The bucket of videos, for what moves an upload on: in the API and on time."""

    objects: ObjectStore
    uploads: UploadStore


@dataclass(frozen=True, slots=True)
class Ports:
    """What the routes get from `deps(Ports)`. `objects` and `uploads` are of the bucket of videos."""

    objects: ObjectStore
    uploads: UploadStore
    links: Links
    sign_ins: SignIns
    limits: Limits

    @property
    def storing(self) -> UploadPorts:
        """What uploads need of it."""
        return UploadPorts(self.objects, self.uploads)
