"""`storage-janitor sweep [--bucket B] [--dry-run]`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from eventkit.clock import SYSTEM_CLOCK

from storage_janitor.commands.operator import HELD_BACK, Parts, opened, operator, say
from storage_janitor.domain.objects import BUCKETS
from storage_janitor.settings import Settings
from storage_janitor.store import plans
from storage_janitor.usecases import sweeping
from storage_janitor.usecases.backtesting import backtest


def sweep(settings: Settings, argv: Sequence[str]) -> int:
    """Read buckets and plan what is due; with --dry-run only say what that would be."""
    parser = argparse.ArgumentParser(prog="storage-janitor sweep")
    parser.add_argument("--bucket", choices=BUCKETS, help="one instead of all")
    parser.add_argument("--dry-run", action="store_true", help="write nothing, not even a plan")
    given = parser.parse_args(argv)
    chosen = (given.bucket,) if given.bucket else BUCKETS
    with opened(settings) as parts:
        return _dry_run(parts, chosen) if given.dry_run else _sweep(parts, chosen)


def _dry_run(parts: Parts, chosen: Sequence[str]) -> int:
    found = backtest(parts.db, parts.buckets, parts.policy, parts.policy, 1, SYSTEM_CLOCK.now(), chosen)
    for rule in found["due"]:
        say(f"{rule['bucket']:8} {rule['rule']:16} {rule['objects']:>10} objects {rule['bytes']:>16} due")
    for fuse in found["fuses"]:
        say(f"fuse: {fuse['bucket']} {fuse['rule']} {fuse['limit']} {fuse['planned']} > {fuse['allowed']}")
    say("nothing was written")
    return HELD_BACK if found["fuses"] else 0


def _sweep(parts: Parts, chosen: Sequence[str]) -> int:
    held = False
    for bucket in chosen:
        done = sweeping.sweep(parts.db, parts.sweeping, bucket, by=operator())
        if done is None:
            continue
        say(f"{bucket}: {done.objects} objects, {done.bytes} bytes")
        with parts.db.system() as conn:
            made = [plans.get(conn, one) for one in (done.plan_id, done.orphan_plan_id) if one]
        for plan in made:
            say(f"  {plan.kind} plan {plan.id}: {plan.objects} objects, {plan.state}")
            held = held or bool(plan.fuses)
    return HELD_BACK if held else 0
