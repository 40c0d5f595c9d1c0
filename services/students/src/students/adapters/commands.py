"""What an operator may do by hand: clean up deleted duplicates, empty the trash, replay erasures."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta

from eventkit.errors import TransientError
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from servicekit.cli import Command
from servicekit.db import TENANT, Database

from students.domain.audit import Actor, Pseudonyms
from students.domain.purge import KEEP_FOR, Fuse
from students.events import SERVICE
from students.settings import Settings
from students.store import duplicates as store
from students.usecases import duplicates
from students.usecases.purge import Run, empty_trash

HELD_BACK = 3
"""Exit code when somebody was refused or a fuse held."""
_SHOWN = 10
_STATEMENT_TIMEOUT = timedelta(minutes=10)


def check_deleted_student_duplicates(settings: Settings, argv: Sequence[str]) -> int:
    """Report the groups of each academy; with --fix, unless --dry-run, clean them up, academy by academy."""
    parser = _parser("check-deleted-student-duplicates")
    parser.add_argument("--fix", action="store_true", help="keep who was deleted first, purge the others")
    given = parser.parse_args(argv)
    refused = 0
    with closing(_database(settings)) as db:
        with db.system() as conn:
            academies = store.academies(conn, given.tenant)
        for tenant in academies:
            refused += _report(db, tenant)
            if given.fix and not given.dry_run:
                refused += _fix(db, tenant, _operator(settings))
    _say(f"{len(academies)} academies with duplicates" if academies else "no duplicates")
    return HELD_BACK if refused else 0


def purge_deleted_students(settings: Settings, argv: Sequence[str]) -> int:
    """Purge who was deleted --days ago, as the daily task does."""
    parser = _parser("purge-deleted-students")
    parser.add_argument("--days", type=_days, default=KEEP_FOR.days, help="days in the trash (default 30)")
    parser.add_argument("--override-fuse", action="store_true", help="the number of people is meant")
    given = parser.parse_args(argv)
    before = datetime.now(UTC) - timedelta(days=given.days)
    with closing(_database(settings)) as db:
        try:
            runs = empty_trash(
                db,
                _operator(settings),
                before,
                Fuse(overridden=given.override_fuse),
                tenant=given.tenant,
                dry_run=given.dry_run,
            )
        except TransientError as error:
            _say(f"not finished, run it again: {error}")
            return 1
    for run in runs:
        _say(_line(run, dry_run=given.dry_run))
    _say(f"{len(runs)} academies" if runs else "nobody to purge")
    return HELD_BACK if any(run.fused or run.refused for run in runs) else 0


def replay_erasures(settings: Settings, argv: Sequence[str]) -> int:
    """See adapters.replay."""
    from students.adapters.replay import replay_erasures as replay  # noqa: PLC0415 - only where it is asked for

    return replay(settings, argv)


COMMANDS: Mapping[str, Command[Settings]] = {
    "check-deleted-student-duplicates": check_deleted_student_duplicates,
    "purge-deleted-students": purge_deleted_students,
    "replay-erasures": replay_erasures,
}


def _report(db: Database, tenant: str) -> int:
    """Print an academy's plan; how many groups nothing will be done to."""
    with unit_of_work(db, tenant, Cause.start(), source=SERVICE) as uow:
        plan = duplicates.plan(uow, shown=_SHOWN)
    _say(f"{tenant}: {plan.groups} groups, {plan.to_remove} to remove, {plan.refused_groups} refused")
    for group in plan.shown:
        note = f"refused ({group.refused})" if group.refused else f"keeps {group.members[0].id}"
        _say(
            f"  {_masked_name(group.name)} {_masked_phone(group.parent_phone)}: {len(group.members)}, {note}"
        )
    return plan.refused_groups


def _fix(db: Database, tenant: str, by: Actor) -> int:
    with unit_of_work(db, tenant, Cause.start(), source=SERVICE) as uow:
        done = duplicates.fix(uow, by)
    _say(f"{tenant}: {done.removed} removed, {len(done.skipped)} held back")
    for skipped in done.skipped:
        _say(f"  {skipped.id}: {skipped.code}")
    return len(done.skipped)


def _line(run: Run, *, dry_run: bool) -> str:
    if run.fused:
        return f"{run.tenant}: fuse held: {run.due} of {run.students} students; --override-fuse if meant"
    held = "".join(f", {count} {code}" for code, count in sorted(run.refused.items()))
    return f"{run.tenant}: {run.purged} {'would be purged' if dry_run else 'purged'}{held}"


def _parser(command: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"students {command}")
    parser.add_argument("--dry-run", action="store_true", help="only report, whatever else is asked for")
    parser.add_argument("--tenant", type=_tenant, help="one academy instead of all")
    return parser


def _tenant(text: str) -> str:
    if not TENANT.fullmatch(text):
        raise argparse.ArgumentTypeError("not a tenant id")
    return text


def _days(text: str) -> int:
    if not (re.fullmatch("[0-9]{1,4}", text) and 1 <= int(text) <= 3650):
        raise argparse.ArgumentTypeError("from 1 to 3650")
    return int(text)


def _database(settings: Settings) -> Database:
    return Database(settings.database_url.reveal(), SERVICE, 2, _STATEMENT_TIMEOUT)


def _operator(settings: Settings) -> Actor:
    account = os.environ.get("USER") or str(os.getuid())
    return Actor(f"operator:{account}", Pseudonyms(settings.pseudonym_key.reveal()))


def _masked_name(name: str) -> str:
    """김하나 → 김*나."""
    return name[0] + "*" * max(1, len(name) - 2) + (name[-1] if len(name) > 2 else "")


def _masked_phone(phone: str) -> str:
    """01012345678 → 010-12**-****."""
    return f"{phone[:3]}-{phone[3:5]}**-****"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
