"""The replay as Markdown for people and as JSON for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from contracts import SERVICES, package_of

from day.checks import Check
from day.costs import Measured
from day.replay import Step, by_route, quantile
from day.settings import Objective
from day.verdict import Full, broken, reads_p99


def markdown(
    goal: Objective, steps: list[Step], full: list[Full], measured: Measured, done: list[Check], head: str
) -> Iterator[str]:
    """The first step in full, the others in a line each."""
    yield from ("# The load of a Monday at 17:00", "", head, "")
    yield from _growth(goal, steps, full)
    yield from _routes(steps[0])
    yield from _processes(steps, measured)
    yield from _effects(done)


def _growth(goal: Objective, steps: list[Step], full: list[Full]) -> Iterator[str]:
    yield from ("## How far it goes", "")
    yield "| rate | visits | requests/s | reads p50, p99 ms | queue age, s | outbox age | events/s | errors |"
    yield "|---|---|---|---|---|---|---|---|"
    for step in steps:
        reads = sorted(one.seconds for one in step.answers if one.route.startswith("GET "))
        yield (
            f"| ×{step.multiple:g} | {sum(step.arrivals.values()):,} | {len(step.answers) / step.seconds:.1f}"
            f" | {1e3 * quantile(reads, 0.5):.0f}, {1e3 * reads_p99(step):.0f} | {_most(step.seen.queue_age)}"
            f" | {_most(step.seen.outbox_age)} | {sum(step.events.values()) / step.seconds:.1f}"
            f" | {_errors(step)} |"
        )
    held = [step.multiple for step in steps if not broken(step, goal)]
    yield from ("", f"Held: ×{max(held, default=0):g}. " + (_broke(goal, steps[-1])), "")
    yield "Fullest at the last rate: " + ", ".join(f"{one.what} {one.share:.0%}" for one in full[:5]) + "."
    yield ""


def _broke(goal: Objective, last: Step) -> str:
    why = broken(last, goal)
    return f"×{last.multiple:g} broke it: {'; '.join(why)}." if why else "Nothing higher was tried."


def _most(ages: dict[str, float]) -> str:
    service, age = max(ages.items(), key=lambda item: item[1], default=("", 0.0))
    return f"{age:.1f} ({service})" if age >= 0.05 else "0"


def _errors(step: Step) -> str:
    counts = Counter(f"{one.route} {one.status} {one.code}" for one in step.errors)
    return "; ".join(f"{count} × {what}" for what, count in counts.most_common(3)) or "0"


def _routes(step: Step) -> Iterator[str]:
    yield from (
        f"## Routes at ×{step.multiple:g}",
        "",
        "| route | n | p50 ms | p99 ms |",
        "|---|---|---|---|",
    )
    for route, seconds in by_route(step.answers).items():
        p50, p99 = quantile(seconds, 0.5), quantile(seconds, 0.99)
        yield f"| `{route}` | {len(seconds)} | {1e3 * p50:.0f} | {1e3 * p99:.0f} |"
    statuses = Counter(one.status for one in step.answers)
    counted = ", ".join(f"{count:,} × {status or 'no answer'}" for status, count in sorted(statuses.items()))
    yield from ("", f"Answers by status: {counted}.", "")


def _processes(steps: list[Step], measured: Measured) -> Iterator[str]:
    first, last = steps[0], steps[-1]
    yield "## Processes"
    yield from (
        "",
        "| part | CPU ms a request | cores ×1 | cores last | idle | MB |",
        "|---|---|---|---|---|---|",
    )
    for part, seconds in first.cpu.items():
        each = 1e3 * seconds / max(len(first.answers), 1)
        yield (
            f"| {part} | {each:.2f} | {seconds / first.seconds:.3f} | {last.cpu[part] / last.seconds:.3f}"
            f" | {measured.idle[part]:.3f} | {last.seen.memory[part]:.0f} |"
        )
    yield ""
    yield from _services(first, last)
    yield from ("", "## What one costs, alone", "")
    yield "| operation | requests | API ms a request | database ms | worker ms | events |"
    yield "|---|---|---|---|---|---|"
    for name, cost in measured.requests.items():
        api, worker = (1e3 * sum(side.values()) for side in (cost.api, cost.worker))
        yield (
            f"| {name} | {cost.count:.1f} | {api:.2f} | {1e3 * cost.database:.2f} | {worker:.2f}"
            f" | {sum(cost.events.values()) * cost.count:.1f} |"
        )
    events = ", ".join(f"{service} {1e3 * cpu:.1f}" for service, cpu in measured.events.items())
    yield from ("", f"Worker CPU ms an event: {events}.")
    minutes = ", ".join(f"{name[1:]}p {one.cpu_minutes:.2f}" for name, one in measured.encode.items())
    yield from ("", f"Encoder CPU minutes a minute of video: {minutes}.", "")


def _services(first: Step, last: Step) -> Iterator[str]:
    """The worst that was seen of each."""
    yield "| service, ×1 and last | oldest event s | waiting | outbox age s | connections | events |"
    yield "|---|---|---|---|---|---|"
    for service in SERVICES:
        role = f"{package_of(service)}_app"
        cells = [
            (f"{step.seen.queue_age.get(service, 0):.1f}", f"{step.seen.queued.get(service, 0)}",
             f"{step.seen.outbox_age.get(service, 0):.1f}", f"{step.seen.connections.get(role, 0)}",
             f"{step.events.get(service, 0):,}")
            for step in (first, last)
        ]  # fmt: skip
        yield f"| {service} | " + " | ".join(f"{one}, {two}" for one, two in zip(*cells, strict=True)) + " |"


def _effects(done: list[Check]) -> Iterator[str]:
    yield from ("## What came of it", "", "| | looked at | wrong |", "|---|---|---|")
    for check in done:
        yield f"| {check.what} | {check.looked_at} | {'; '.join(check.wrong) or 0} |"


def document(
    goal: Objective, steps: list[Step], full: list[Full], done: list[Check], head: str
) -> dict[str, Any]:
    """Seconds, processor seconds, MB."""
    return {
        "head": head,
        "steps": [_step(goal, step) for step in steps],
        "fullest": [{"what": one.what, "share": one.share} for one in full],
        "checks": [{"what": one.what, "looked_at": one.looked_at, "wrong": one.wrong} for one in done],
    }


def _step(goal: Objective, step: Step) -> dict[str, Any]:
    routes = by_route(step.answers)
    return {
        "multiple": step.multiple,
        "seconds": step.seconds,
        "arrivals": dict(step.arrivals),
        "late": step.late,
        "routes": {
            route: {"n": len(all_), "p50": quantile(all_, 0.5), "p99": quantile(all_, 0.99), "max": all_[-1]}
            for route, all_ in routes.items()
        },
        "statuses": dict(Counter(str(one.status) for one in step.answers)),
        "errors": dict(Counter(f"{one.route} {one.status} {one.code}" for one in step.errors)),
        "broken": broken(step, goal),
        "queue_age": dict(step.seen.queue_age),
        "queued": dict(step.seen.queued),
        "outbox_age": dict(step.seen.outbox_age),
        "connections": dict(step.seen.connections),
        "memory": dict(step.seen.memory),
        "cpu": step.cpu,
        "cores": step.seen.cores,
        "events": step.events,
    }
