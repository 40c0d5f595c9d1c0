"""A rendition that is in the store, as a checkpoint remembers it from one attempt to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, Self

from media.domain.source import Rendition, Rung


@dataclass(frozen=True, slots=True)
class Made:
    """`prefix` is the key before the rendition's names, `sizes` the bytes of each of its objects by name."""

    rung: Rung
    rendition: Rendition
    prefix: str
    sizes: Mapping[str, int]

    def remember(self) -> dict[str, Any]:
        """For `encode_job.checkpoint`."""
        return {
            "rung": _plain(self.rung),
            "rendition": _plain(self.rendition),
            "prefix": self.prefix,
            "sizes": dict(self.sizes),
        }

    @classmethod
    def recall(cls, rung: Rung, checkpoint: Mapping[str, Any]) -> Self | None:
        """What an earlier attempt made of this rung; None when there is none, or another ladder was used."""
        kept = checkpoint.get(rung.name)
        if kept is None or kept["rung"] != _plain(rung):
            return None
        fields = kept["rendition"]
        rendition = Rendition(
            **{**fields, "fps": Fraction(fields["fps"]), "segment_ms": tuple(fields["segment_ms"])}
        )
        return cls(rung, rendition, kept["prefix"], kept["sizes"])

    def entry(self) -> dict[str, Any]:
        """For `video.renditions`."""
        shown = _plain(self.rendition)
        del shown["segment_ms"]
        return {**shown, "prefix": self.prefix}


def _plain(value: Rung | Rendition) -> dict[str, Any]:
    fields = asdict(value)
    return {
        **fields,
        "fps": str(value.fps),
        **({"segment_ms": list(value.segment_ms)} if isinstance(value, Rendition) else {}),
    }
