"""How far somebody has watched: credited by the server's clock, whatever the player says."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from media.domain.access import GRACE_SECONDS, Policy

COMPLETE_AT = Decimal("0.9")
"""Reference A2: a view is complete at 90 %."""
MAX_GAP_MS = 90_000
"""The longest silence that may have been watching: a player has no more than that in its buffer."""
_GRACE_MS = GRACE_SECONDS * 1000


@dataclass(frozen=True, slots=True)
class Watched:
    """Milliseconds: where the player is, the furthest place credited, and the time spent watching."""

    position_ms: int = 0
    max_watched_ms: int = 0
    watched_ms: int = 0


def advance(before: Watched, position_ms: int, elapsed_ms: int, duration_ms: int, policy: Policy) -> Watched:
    """What is credited for a report of `position_ms`, `elapsed_ms` after the one before.

    Never more than the time that passed at the allowed speed. Where one may not skip, a position beyond that
    is taken back to it; the grace is tolerated, not credited, so that many reports do not add it up.
    """
    most = int(min(elapsed_ms, MAX_GAP_MS) * policy.max_speed)
    position = max(0, min(position_ms, duration_ms))
    watched = before.watched_ms + max(0, min(position - before.position_ms, most))
    if policy.free_seek:
        return Watched(position, max(before.max_watched_ms, position), watched)
    position = min(position, before.max_watched_ms + most)
    return Watched(position, max(before.max_watched_ms, position), watched)


def is_skip(before: Watched, position_ms: int, elapsed_ms: int, policy: Policy) -> bool:
    """Whether the reported place cannot have been reached by watching."""
    most = int(min(elapsed_ms, MAX_GAP_MS) * policy.max_speed)
    return not policy.free_seek and position_ms > before.max_watched_ms + most + _GRACE_MS


def fraction(watched: Watched, duration_ms: int) -> Decimal:
    """0 to 1, four digits. Both the place reached and the time spent count: neither a jump to the end nor
    one minute seen over and over makes a view.
    """
    seen = min(watched.max_watched_ms, watched.watched_ms, duration_ms)
    return (Decimal(seen) / max(duration_ms, 1)).quantize(Decimal("0.0001"), ROUND_DOWN)


# what the player reports, and how much a teacher should care (reference A6)
RISK_WEIGHTS = {
    "VISIBILITY_HIDDEN": 1,
    "VISIBILITY_VISIBLE": 0,
    "FOCUS_LOST": 2,
    "FOCUS_GAINED": 0,
    "SEEK_ATTEMPT": 3,
    "SPEED_CHANGE_ATTEMPT": 3,
    "FULLSCREEN_ENTER": 0,
    "FULLSCREEN_EXIT": 0,
    "PLAYER_ERROR": 1,
}
SKIPPED = "SEEK_ATTEMPT"
"""Also what the server itself notes when a heartbeat comes from a place that cannot have been reached."""
