"""When people come: a seeded Poisson process for each operation, which waits for nobody's answer."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Arrival:
    """`at`: seconds from the start. `seed` decides what this one does."""

    at: float
    operation: str
    seed: int


def arrivals(rates: Mapping[str, float], seconds: float, seed: int) -> list[Arrival]:
    """In order of time: the same for the same seed, whatever other operations there are.

    One that would not come at all in so short a time comes once, so that every route is seen.
    """
    found = []
    for operation, rate in rates.items():
        chance = random.Random(f"{seed} {operation}")
        at = chance.expovariate(rate)
        own = []
        while at < seconds:
            own.append(Arrival(at, operation, chance.randrange(2**31)))
            at += chance.expovariate(rate)
        found += own or [Arrival(chance.uniform(0, seconds / 2), operation, chance.randrange(2**31))]
    return sorted(found)
