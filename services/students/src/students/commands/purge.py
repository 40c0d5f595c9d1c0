"""`students purge-deleted-students` (operations guide 3.2)."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from eventkit.errors import TransientError

from students.commands.operator import HELD_BACK, database, operator, parser, say
from students.domain.purge import KEEP_FOR, Fuse
from students.settings import Settings
from students.usecases.purge import Run, empty_trash


def purge_deleted_students(settings: Settings, argv: Sequence[str]) -> int:
    """Purge who was deleted --days ago, as the daily task does."""
    arguments = parser("purge-deleted-students")
    arguments.add_argument("--days", type=_days, default=KEEP_FOR.days, help="days in the trash (default 30)")
    arguments.add_argument("--override-fuse", action="store_true", help="the number of people is meant")
    given = arguments.parse_args(argv)
    before = datetime.now(UTC) - timedelta(days=given.days)
    with database(settings) as db:
        try:
            runs = empty_trash(
                db,
                operator(settings),
                before,
                Fuse(overridden=given.override_fuse),
                tenant=given.tenant,
                dry_run=given.dry_run,
            )
        except TransientError as error:
            say(f"not finished, run it again: {error}")
            return 1
    for run in runs:
        say(_line(run, dry_run=given.dry_run))
    say(f"{len(runs)} academies" if runs else "nobody to purge")
    return HELD_BACK if any(run.fused or run.refused for run in runs) else 0


def _line(run: Run, *, dry_run: bool) -> str:
    if run.fused:
        return f"{run.tenant}: fuse held: {run.due} of {run.students} students; --override-fuse if meant"
    held = "".join(f", {count} {code}" for code, count in sorted(run.refused.items()))
    return f"{run.tenant}: {run.purged} {'would be purged' if dry_run else 'purged'}{held}"


def _days(text: str) -> int:
    if not (re.fullmatch("[0-9]{1,4}", text) and 1 <= int(text) <= 3650):
        raise argparse.ArgumentTypeError("from 1 to 3650")
    return int(text)
