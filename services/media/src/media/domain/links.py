"""Addresses of a video's objects: each signed, also every one that a playlist or a storyboard names."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from posixpath import dirname, join, normpath
from uuid import UUID

from media.domain.signing import Grant, SigningKeys
from media.domain.videos import hls_prefix

ORIGIN = "/api/v1/media/hls"
MAX_LIFETIME = 12 * 3600
_HOUR = 3600

CONTENT_TYPES = {
    "m3u8": "application/vnd.apple.mpegurl",
    "m4s": "video/iso.segment",
    "mp4": "video/mp4",
    "vtt": "text/vtt; charset=utf-8",
    "jpg": "image/jpeg",
}
"""By extension: what the encoder makes. Nothing else is served."""

_URI = re.compile(r'(?<=[:,]URI=")[^"]*(?=")')
_PLAIN = re.compile(r"(?!/)[A-Za-z0-9._/-]+")
Sign = Callable[[str], str]
"""The signed address of a place below the video's prefix."""


class EscapesError(Exception):
    """A playlist names something that is not below its video's prefix."""


@dataclass(frozen=True, slots=True)
class Links:
    """How addresses are made. `ttl`: seconds of a new one; `cdn`: base of the edge, "" for none."""

    keys: SigningKeys
    ttl: int
    cdn: str = ""

    def first(self, tenant: str, video_id: UUID, key: str, grant: Grant, now: int) -> str:
        """The address that a player is given: of a playlist, a storyboard or a poster.

        Raises ValueError for a key that is not the video's.
        """
        prefix = hls_prefix(tenant, video_id)
        if not key.startswith(prefix):
            raise ValueError("not an object of this video")
        return self.address(tenant, video_id, key.removeprefix(prefix), grant, now + self.ttl)

    def lifetime(self, duration_ms: int) -> int:
        """Seconds that addresses inside a playlist live: it is read once, and its segments for hours."""
        return min(max(self.ttl, 2 * duration_ms // 1000 + _HOUR), MAX_LIFETIME)

    def address(self, tenant: str, video_id: UUID, rest: str, grant: Grant, expires: int) -> str:
        """Playlists and storyboards come from the API, which rewrites them; all else from the CDN if any."""
        path = f"{tenant}/{video_id}/{rest}"
        base = self.cdn if self.cdn and not is_rewritten(rest) else ORIGIN
        return f"{base}/{path}?{self.keys.sign(path, grant, expires)}"


def is_rewritten(rest: str) -> bool:
    """Whether the object names others: a playlist, or the storyboard (a caption's .vtt holds speech)."""
    name = rest.rpartition("/")[2]
    return name.endswith(".m3u8") or (name.startswith("storyboard") and name.endswith(".vtt"))


def rewrite(rest: str, text: str, sign: Sign) -> str:
    """The text of a playlist or storyboard at `rest` with every reference signed. Raises EscapesError."""
    reference = _resolver(rest, sign)
    lines = text.splitlines()
    rewritten = _playlist(lines, reference) if rest.endswith(".m3u8") else _storyboard(lines, reference)
    return "\n".join(rewritten) + "\n"


def _playlist(lines: list[str], reference: Sign) -> list[str]:
    """RFC 8216: a line that is neither empty nor begins with "#" is a URI; tags have theirs in URI="…"."""
    return [
        _URI.sub(lambda found: reference(found[0]), line)
        if line.startswith("#")
        else (reference(line) if line.strip() else line)
        for line in lines
    ]


def _storyboard(lines: list[str], reference: Sign) -> list[str]:
    """WebVTT: what follows a cue's times is an image and a part of it, sprite.jpg#xywh=0,0,160,90."""
    made, in_cue = [], False
    for line in lines:
        if in_cue and line.strip():
            image, mark, part = line.partition("#")
            made.append(reference(image) + mark + part)
            continue
        in_cue = "-->" in line
        made.append(line)
    return made


def _resolver(rest: str, sign: Sign) -> Sign:
    def signed(uri: str) -> str:
        if not _PLAIN.fullmatch(uri):  # no scheme, host, query or absolute path: our encoder writes none
            raise EscapesError
        place = normpath(join(dirname(rest), uri))
        if place.startswith("."):
            raise EscapesError
        return sign(place)

    return signed
