"""`storage-janitor delete-r2-legacy` (operations guide, section 4; reference A7 and the checks it lacked)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial

from eventkit.errors import TransientError

from storage_janitor.commands.operator import HELD_BACK, Parts, complain, opened, operator, say
from storage_janitor.domain.objects import BUCKETS
from storage_janitor.settings import Settings
from storage_janitor.usecases.applying import apply
from storage_janitor.usecases.planning import PlanRefusedError
from storage_janitor.usecases.wiping import Wiping, wipe

_SHOWN = 5


def delete_r2_legacy(settings: Settings, argv: Sequence[str]) -> int:
    """Delete what is below a prefix in one bucket or all, except what is still needed."""
    given = _arguments(argv)
    chosen = BUCKETS if given.bucket == "all" else (given.bucket,)
    with opened(settings) as parts:
        results = [_of_bucket(parts, kind, given) for kind in chosen]
    done = [result for result in results if result is not None]
    deleted = sum(number for _, number in done)
    listed = sum(found.listed for found, _ in done)
    say(f"total: {listed} listed, {deleted} {'would be deleted' if given.dry_run else 'deleted'}")
    held = len(done) < len(results) or any(found.fuses for found, _ in done)
    return HELD_BACK if held else 0


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="storage-janitor delete-r2-legacy")
    parser.add_argument("--bucket", choices=[*BUCKETS, "all"], default="all")
    parser.add_argument("--prefix", default="legacy/", help='ends in "/" (default legacy/)')
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--wipe", action="store_true", help="everything: an empty prefix")
    parser.add_argument("--confirm-wipe", action="store_true", help="it is meant")
    given = parser.parse_args(argv)
    if given.wipe:
        if not (given.confirm_wipe or given.dry_run):
            parser.error("--wipe needs --confirm-wipe")
        given.prefix = ""
    elif not given.prefix:
        parser.error("an empty prefix is everything: say --wipe")
    elif not given.prefix.endswith("/") or given.prefix.startswith("/"):
        # without it …/12 would take …/123 along
        parser.error('a prefix ends in "/", and does not begin with it')
    return given


def _of_bucket(parts: Parts, kind: str, given: argparse.Namespace) -> tuple[Wiping, int] | None:
    """What was found and how many of it are gone (would be, in a dry run); None where that was refused."""
    show = partial(_show, kind) if given.dry_run else _nothing
    try:
        found = wipe(
            parts.db, parts.sweeping, kind, given.prefix, by=operator(), dry_run=given.dry_run, show=show
        )
        deleted, kept = _apply(parts, found, dry_run=given.dry_run)
    except (TransientError, PlanRefusedError) as error:
        complain(f"{kind}: skipped: {error}")
        return None
    word = "would be deleted" if given.dry_run else "deleted"
    also = "".join(f", {number} {why}" for why, number in sorted(kept.items()))
    say(f"{kind}: {found.listed} listed, {deleted} {word}, {found.needed} needed and kept{also}")
    return found, deleted


def _apply(parts: Parts, found: Wiping, *, dry_run: bool) -> tuple[int, dict[str, int]]:
    """How many are gone (would be), and how many stayed for another reason than being needed."""
    if dry_run:
        return found.listed - found.needed, {}
    if found.plan_id is None:
        return 0, {}
    for fuse in found.fuses:
        complain(f"fuse: {fuse['limit']} {fuse['planned']} > {fuse['allowed']}")
    if found.fuses:
        complain(f"to be approved by somebody else: plans approve {found.plan_id} {found.digest}")
        return 0, {}
    plan = apply(parts.db, parts.applying, found.plan_id, by=operator())
    return plan.deleted, plan.kept


def _show(kind: str, keys: Sequence[str]) -> None:
    """The first of each page."""
    for key in keys[:_SHOWN]:
        say(f"  {kind}: {key}")


def _nothing(_keys: Sequence[str]) -> None:
    """Thousands of keys are no report."""
