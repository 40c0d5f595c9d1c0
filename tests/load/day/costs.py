"""What each operation costs, one at a time: deploy/capacity/measured.toml for `academyctl capacity`."""

from __future__ import annotations

import platform
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from contracts import SERVICES
from measuring import machine
from testkit.stack import LocalStack
from testkit.videos import Videos

from day.academies import School
from day.replay import Step, alone, idle
from day.visits import World
from day.watch import usage

_IDLE_SECONDS = 15.0
_NOISE = 0.2
"""Of what a part takes idle in the same time: less than this on top of it is not seen."""
_RARE = {"import": 5, "export": 5, "send": 10, "upload": 2, "trash": 15}
_USUAL = 30
_PAGES = 64 * 1024
_PICTURES = {"r270": "480x270", "r432": "768x432", "r720": "1280x720", "r1080": "1920x1080"}
"""Sources that get one rendition, two, three, four (media.domain.ladder)."""
_SHORT, _LONG = 4.0, 16.0
"""Seconds of two videos: what their difference costs has no part that every video costs alike."""

HEADER = """\
# What this code costs, measured and rewritten by `make load ARGS=--write`, read by `academyctl capacity`.
# Units: processor seconds (user and system, of the process tree, what it takes idle taken off) on one core
# of `machine`; `idle` the same for each second in which nobody comes; MB resident (PostgreSQL: proportional);
# KB and GB of 1,000. Database is all of PostgreSQL.
# [requests.<operation>]  for one request of that operation of day.toml, of `count`;
#                         `api` and `worker` by service, `events` published by the receiving service, KB by
#                         which the database grew: outbox, inbox and stored answers go after 30 days, the rest
#                         stays (less than 64 KB in all repetitions are not seen: what a vacuum gives back)
# [events.<service>]      for one event: of the worker of the service that handles it, its own relay included
# [processes.<part>]      of the local stack; connections: most seen of a service's role, at rest and at x1
# [encode.<rendition>]    minutes of processor for a minute of video, and GB an hour, of this rendition alone
"""


@dataclass(frozen=True)
class Cost:
    """Of one request of an operation, processor seconds."""

    count: float
    api: dict[str, float]
    worker: dict[str, float]
    database: float
    events: dict[str, float]
    passing_kb: float
    lasting_kb: float


@dataclass(frozen=True)
class Rendition:
    """Of a minute of video: processor minutes, and GB for an hour."""

    cpu_minutes: float
    gb_per_hour: float


@dataclass(frozen=True)
class Measured:
    """All that was measured of operations alone."""

    requests: dict[str, Cost]
    events: dict[str, float]
    idle: dict[str, float]
    encode: dict[str, Rendition]
    seconds: dict[str, float]


def measure(stack: LocalStack, world: World, operations: list[str], videos: Videos) -> Measured:
    """Takes about two minutes."""
    rest = idle(stack, _IDLE_SECONDS)
    steps = {name: _alone(stack, world, name) for name in operations}
    return Measured(
        {name: _cost(name, step, rest) for name, step in steps.items()},
        _events(steps, rest),
        rest,
        _renditions(stack, world.schools[0], videos, rest),
        {name: step.seconds for name, step in steps.items()},
    )


def _alone(stack: LocalStack, world: World, operation: str) -> Step:
    print(f"{operation} alone", file=sys.stderr)
    return alone(stack, world, operation, _RARE.get(operation, _USUAL))


def above_idle(cpu: Mapping[str, float], seconds: float, rest: Mapping[str, float]) -> dict[str, float]:
    """What parts took beyond what they take idle, where it can be told from that."""
    expected = {part: rest.get(part, 0.0) * seconds for part in cpu}
    return {
        part: spent - expected[part]
        for part, spent in cpu.items()
        if spent - expected[part] > max(_NOISE * expected[part], 0.01)
    }


def _cost(name: str, step: Step, rest: Mapping[str, float]) -> Cost:
    requests = sum(one.route != "PUT (R2)" for one in step.answers)
    cpu = above_idle(step.cpu, step.seconds, rest)
    works = bool(step.events) or name == "send"
    return Cost(
        requests / step.arrivals[name],
        {one: cpu[f"{one}-api"] / requests for one in SERVICES if f"{one}-api" in cpu},
        {one: cpu[f"{one}-worker"] / requests for one in SERVICES if works and f"{one}-worker" in cpu},
        cpu.get("postgres", 0.0) / requests,
        {service: count / requests for service, count in sorted(step.events.items())},
        _kb(step.stored.passing) / requests,
        _kb(step.stored.lasting) / requests,
    )


def _kb(grown: int) -> float:
    return grown / 1000 if grown >= _PAGES else 0.0


def _events(steps: Mapping[str, Step], rest: Mapping[str, float]) -> dict[str, float]:
    """Of each consumer, over all operations that published events."""
    counts: Counter[str] = Counter()
    spent: Counter[str] = Counter()
    for step in steps.values():
        counts.update(step.events)
        for service in step.events:
            taken = step.cpu[f"{service}-worker"] - rest[f"{service}-worker"] * step.seconds
            spent[service] += max(taken, 0.0)
    return {service: spent[service] / counts[service] for service in SERVICES if counts[service]}


def _renditions(
    stack: LocalStack, school: School, videos: Videos, rest: Mapping[str, float]
) -> dict[str, Rendition]:
    """Each source has one rendition more than the one before: the difference is that one's."""
    found, below = {}, Rendition(0.0, 0.0)
    for name, size in _PICTURES.items():
        print(f"{name} encoded", file=sys.stderr)
        short, long = (_encoded(stack, school, _lecture(videos, size, one), rest) for one in (_SHORT, _LONG))
        seconds, size_bytes = long[0] - short[0], long[1] - short[1]
        span = _LONG - _SHORT
        whole = Rendition(seconds / span, size_bytes / 1e9 * 3600 / span)
        found[name] = Rendition(
            max(whole.cpu_minutes - below.cpu_minutes, 0.0), max(whole.gb_per_hour - below.gb_per_hour, 0.0)
        )
        below = whole
    return found


def _lecture(videos: Videos, size: str, seconds: float) -> Path:
    into = videos.path("h264").with_name(f"{size}-{seconds:g}.mp4")
    words = ("-map", "0:v", "-map", "1:a", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
    videos.play(into, *words, "-c:a", "aac", size=size, seconds=seconds)
    return into


def _encoded(stack: LocalStack, school: School, file: Path, rest: Mapping[str, float]) -> tuple[float, int]:
    """Processor seconds, bytes of all that was made."""
    before, began = usage(stack), time.perf_counter()
    video = school.cinema.send(file)
    assert school.cinema.encoded(video)["status"] == "READY"
    took = time.perf_counter() - began
    spent = usage(stack).since(before)["media-encoder"] - rest["media-encoder"] * took
    return spent, sum(school.cinema.objects(video).values())


def document(measured: Measured, first: Step, rest: Mapping[str, int], shared: str) -> str:
    """deploy/capacity/measured.toml; `first` is the step at x1, `rest` the connections before it."""
    lines = [HEADER]
    lines += [
        f"date = {datetime.now(UTC):%Y-%m-%d}",
        f'machine = "{machine().partition(", ")[2]}, {_processor()}"',
    ]
    lines += [f'commit = "{_commit()}"', f'shared = "{shared}"', ""]
    for name, cost in measured.requests.items():
        lines += [f"[requests.{name}]", f"count = {cost.count:.2f}", f"api = {_table(cost.api)}"]
        lines += [f"worker = {_table(cost.worker)}", f"database = {cost.database:.5f}"]
        lines += [f"events = {_table(cost.events, 3)}", f"passing_kb = {cost.passing_kb:.2f}"]
        lines += [f"lasting_kb = {cost.lasting_kb:.2f}", ""]
    for service, seconds in measured.events.items():
        lines += [f"[events.{service}]", f"worker = {seconds:.5f}", ""]
    lines += _processes(measured, first, rest)
    for name, one in measured.encode.items():
        lines += [f"[encode.{name}]", f"cpu_minutes = {one.cpu_minutes:.3f}"]
        lines += [f"gb_per_hour = {one.gb_per_hour:.3f}", ""]
    return "\n".join(lines) + "\n"


def _processes(measured: Measured, first: Step, rest: Mapping[str, int]) -> Iterator[str]:
    for part, mb in first.seen.memory.items():
        yield from (
            f'[processes."{part}"]',
            f"idle = {measured.idle.get(part, 0.0):.5f}",
            f"mb = {mb:.0f}",
            "",
        )
    for service in SERVICES:
        role = f"{service.replace('-', '_')}_app"
        yield from (f"[connections.{service}]", f"rest = {rest.get(role, 0)}")
        yield from (f"peak = {first.seen.connections.get(role, 0)}", "")


def _table(values: Mapping[str, float], digits: int = 5) -> str:
    return "{ " + ", ".join(f"{name} = {value:.{digits}f}" for name, value in values.items()) + " }"


def _processor() -> str:
    """As Linux calls it, else the platform."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "?")


def _commit() -> str:
    said = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return said.stdout.strip() or "?"
