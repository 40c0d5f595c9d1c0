"""Make something happen at a named point of relay and consumer (eventkit.points)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from eventkit.points import Point


class Crash(BaseException):
    """The process dies here: no `except Exception` may catch it."""


class CrashPoints:
    """Pass as `points`. `at(point, action)` runs `action` once, the next time the point is reached."""

    def __init__(self) -> None:
        self.reached: Counter[Point] = Counter()
        self._actions: dict[Point, Callable[[], object]] = {}

    def __call__(self, point: Point) -> None:
        self.reached[point] += 1
        action = self._actions.pop(point, None)
        if action is not None:
            action()

    def at(self, point: Point, action: Callable[[], object]) -> None:
        self._actions[point] = action

    def crash_at(self, point: Point) -> None:
        self.at(point, _crash)


def _crash() -> None:
    raise Crash
