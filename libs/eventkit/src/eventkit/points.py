"""Named places where tests make the process die, the queue deliver twice, or a lease run out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

Point = Literal[
    "relay.before_send",
    "relay.after_send",
    "relay.after_mark",
    "consumer.after_receive",
    "consumer.after_inbox",
    "consumer.before_commit",
    "consumer.after_commit",
    "consumer.before_delete",
    "consumer.after_delete",
    "consumer.before_dead_letter",
    "consumer.after_dead_letter",
    "drain.before_return",
    "replay.after_inbox",
    "replay.before_commit",
    "replay.after_commit",
]
Points = Callable[[Point], None]
ALL_POINTS: tuple[Point, ...] = get_args(Point)


def no_points(_point: Point) -> None:
    """Production: nothing happens."""
