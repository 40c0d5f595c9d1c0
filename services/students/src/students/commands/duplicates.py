"""`students check-deleted-student-duplicates` (operations guide 3.1)."""

from __future__ import annotations

from collections.abc import Sequence

from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from servicekit.db import Database

from students.commands.operator import HELD_BACK, database, operator, parser, say
from students.domain.audit import Actor
from students.events import SERVICE
from students.settings import Settings
from students.store import duplicates as store
from students.usecases import duplicates

_SHOWN = 10


def check_deleted_student_duplicates(settings: Settings, argv: Sequence[str]) -> int:
    """Report the groups of each academy; with --fix, unless --dry-run, clean them up, academy by academy."""
    arguments = parser("check-deleted-student-duplicates")
    arguments.add_argument("--fix", action="store_true", help="keep who was deleted first, purge the others")
    given = arguments.parse_args(argv)
    refused = 0
    with database(settings) as db:
        with db.system() as conn:
            academies = store.academies(conn, given.tenant)
        for tenant in academies:
            refused += _report(db, tenant)
            if given.fix and not given.dry_run:
                refused += _fix(db, tenant, operator(settings))
    say(f"{len(academies)} academies with duplicates" if academies else "no duplicates")
    return HELD_BACK if refused else 0


def _report(db: Database, tenant: str) -> int:
    """Print an academy's plan; how many groups nothing will be done to."""
    with unit_of_work(db, tenant, Cause.start(), source=SERVICE) as uow:
        plan = duplicates.plan(uow, shown=_SHOWN)
    say(f"{tenant}: {plan.groups} groups, {plan.to_remove} to remove, {plan.refused_groups} refused")
    for group in plan.shown:
        note = f"refused ({group.refused})" if group.refused else f"keeps {group.members[0].id}"
        say(f"  {_masked_name(group.name)} {_masked_phone(group.parent_phone)}: {len(group.members)}, {note}")
    return plan.refused_groups


def _fix(db: Database, tenant: str, by: Actor) -> int:
    with unit_of_work(db, tenant, Cause.start(), source=SERVICE) as uow:
        done = duplicates.fix(uow, by)
    say(f"{tenant}: {done.removed} removed, {len(done.skipped)} held back")
    for skipped in done.skipped:
        say(f"  {skipped.id}: {skipped.code}")
    return len(done.skipped)


def _masked_name(name: str) -> str:
    """김하나 → 김*나."""
    return name[0] + "*" * max(1, len(name) - 2) + (name[-1] if len(name) > 2 else "")


def _masked_phone(phone: str) -> str:
    """01012345678 → 010-12**-****."""
    return f"{phone[:3]}-{phone[3:5]}**-****"
