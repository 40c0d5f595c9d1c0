"""Whether a step met the objective, and what was fullest: pure functions of what was seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from day.replay import Step, quantile
from day.settings import Objective

CLIENT = "load client"
_PYTHON = ("-api", "-worker", "solapi")


@dataclass(frozen=True)
class Full:
    """How much of what there is was taken, on average over the step; 1.0 is all of it."""

    what: str
    share: float


def reads_p99(step: Step) -> float:
    """Seconds, of all GETs together."""
    return quantile(sorted(one.seconds for one in step.answers if one.route.startswith("GET ")), 0.99)


def broken(step: Step, objective: Objective) -> list[str]:
    """Which parts of the objective the step did not meet."""
    found = []
    if (p99 := reads_p99(step)) > objective.reads_p99_seconds:
        found.append(f"p99 of reads {p99:.2f} s > {objective.reads_p99_seconds} s")
    for name, ages in (("queue", step.seen.queue_age), ("outbox", step.seen.outbox_age)):
        where, age = max(ages.items(), key=lambda item: item[1], default=("", 0.0))
        if age > objective.queue_age_seconds:
            found.append(f"{name} age of {where} {age:.0f} s > {objective.queue_age_seconds} s")
    if len(step.errors) > objective.errors:
        found.append(f"{len(step.errors)} errors > {objective.errors}")
    return found


def fullest(step: Step, cores: int, pools: dict[str, int]) -> list[Full]:
    """The fullest first: the machine's cores, each Python process (one core: its lock), pools."""
    return sorted(_shares(step, cores, pools), key=lambda one: -one.share)


def _shares(step: Step, cores: int, pools: dict[str, int]) -> Iterator[Full]:
    own = sum(step.cpu.values()) + step.seen.own_seconds
    yield Full(f"the machine's {cores} cores, whoever took them", step.seen.cores / cores)
    yield Full(f"{cores} cores by the stack and its client", own / step.seconds / cores)
    yield Full(f"{CLIENT} (one core)", step.seen.own_seconds / step.seconds)
    for part, seconds in step.cpu.items():
        if part.endswith(_PYTHON):
            yield Full(f"{part} (one core)", seconds / step.seconds)
    for role, limit in pools.items():
        yield Full(f"connections of {role}", step.seen.connections.get(role, 0) / limit)
