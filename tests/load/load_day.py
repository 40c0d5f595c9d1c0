"""`make load`: the peak hour of deploy/capacity/day.toml against the whole local stack, and how far it grows.

Visits arrive by a seeded Poisson process whatever the answers do; latency counts from when a visit was due.
First each operation alone, to see what it costs; then the rate of 500 daily users (×1), then twice the rate
until the objective breaks. At the end every effect is looked for. Options: `--seconds` of ×1, `--step` of the
others, `--most` the largest multiple, `--write` deploy/capacity/measured.toml, `--shared` what else ran.
The report is .artifacts/load/report.md and .json; exit code 1: ×1 did not hold, or an effect is missing.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from academyctl.capacity.day import load_day
from academyctl.config import REPOSITORY
from academyctl.cost import declared
from contracts import SERVICES, package_of
from day import costs, report
from day.academies import open_schools
from day.arrivals import arrivals
from day.checks import Check, checks
from day.replay import Step, freshen, replay
from day.settings import Objective, load_settings
from day.verdict import broken, fullest
from day.visits import World
from day.watch import Seen
from measuring import machine
from testkit.stack import LocalStack, running_stack
from testkit.videos import Videos

DAU = 500
CAPACITY, COST = REPOSITORY / "deploy" / "capacity", REPOSITORY / "deploy" / "cost"
_API_POOL, _WORKER_POOL = 8 + 2, 2 * 2 + 4  # servicekit.api_kit, servicekit.worker_kit at their defaults


def steps(
    stack: LocalStack, world: World, goal: Objective, rates: dict[str, float], chosen: argparse.Namespace
) -> Iterator[Step]:
    """×1, ×2, ×4 … up to the one that breaks the objective."""
    multiple, seconds = 1, chosen.seconds
    while multiple <= chosen.most:
        freshen(stack, world.schools)
        plan = arrivals({name: rate * multiple for name, rate in rates.items()}, seconds, chosen.seed)
        step = replay(stack, world, plan, seconds, multiple)
        print(f"x{multiple}: {len(step.answers)} requests in {step.seconds:.0f} s", file=sys.stderr)
        yield step
        if broken(step, goal):
            return
        multiple, seconds = 2 * multiple, chosen.step


def pools() -> dict[str, int]:
    """The most connections that each role may have: pools, and the relay's own."""
    extra = {"media": 8 + 1}  # the encoder's
    return {
        f"{package_of(service)}_app": _API_POOL + _WORKER_POOL + 1 + extra.get(service, 0)
        for service in SERVICES
    }


def connections_at_rest(stack: LocalStack) -> dict[str, int]:
    seen = Seen()
    seen.look(stack)
    return dict(seen.connections)


def finish(
    chosen: argparse.Namespace,
    goal: Objective,
    found: list[Step],
    measured: costs.Measured,
    done: list[Check],
) -> int:
    """Writes the report; the exit code."""
    head = f"{machine()}; seed {chosen.seed}, {DAU} DAU; the machine: {chosen.shared}."
    full = fullest(found[-1], os.cpu_count() or 1, pools())
    folder = REPOSITORY / ".artifacts" / "load"
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n".join(report.markdown(goal, found, full, measured, done, head)) + "\n"
    (folder / "report.md").write_text(text, encoding="utf-8")
    told = report.document(goal, found, full, done, head)
    (folder / "report.json").write_text(json.dumps(told, indent=1, ensure_ascii=False), encoding="utf-8")
    print(text)
    return 1 if broken(found[0], goal) or any(check.wrong for check in done) else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--step", type=float, default=45)
    parser.add_argument("--most", type=int, default=128)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shared", default="nothing else ran")
    parser.add_argument("--write", action="store_true")
    return parser.parse_args()


def main() -> int:
    chosen, day, settings = arguments(), load_day(CAPACITY / "day.toml"), load_settings()
    amounts = declared.load(COST).amounts["start"]
    rates = {name: float(rate) for name, rate in day.rates(amounts, DAU).items()}
    with tempfile.TemporaryDirectory(prefix="load-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        videos = Videos(folder / "videos")
        with running_stack(folder / "stack") as stack:
            world = World(
                open_schools(stack, settings.academies, folder, videos), folder, videos.path("h264")
            )
            freshen(stack, world.schools)
            rest = connections_at_rest(stack)
            measured = costs.measure(stack, world, list(day.operations), videos)
            found = list(steps(stack, world, settings.objective, rates, chosen))
            done = checks(stack, world)
    if chosen.write:
        text = costs.document(measured, found[0], rest, chosen.shared)
        (CAPACITY / "measured.toml").write_text(text, encoding="utf-8")
    return finish(chosen, settings.objective, found, measured, done)


if __name__ == "__main__":
    sys.exit(main())
