"""When to try again: exponential with full jitter (AWS: "Exponential Backoff And Jitter")."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

Jitter = Callable[[], float]
JITTER: Jitter = random.SystemRandom().random


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds: anywhere up to `base` after the first failure, doubling up to `cap`."""

    base: float
    cap: float
    jitter: Jitter = JITTER

    def delay(self, failures: int) -> float:
        """`failures` counts from 1."""
        ceiling: float = min(self.cap, self.base * 2.0 ** min(failures - 1, 30))
        return ceiling * self.jitter()
