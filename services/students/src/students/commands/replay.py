"""`students replay-erasures`: after a database was restored, purge again whom the ledger knows."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from uuid import UUID

from eventkit.clock import SEOUL
from eventkit.errors import PermanentError, TransientError
from eventkit.failures import describe
from eventkit.ports import Database as DatabasePort
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from servicekit.storage import ObjectStore, open_store
from sqlalchemy.exc import SQLAlchemyError

from students.adapters.ledger import ObjectLedger, UnreadableEntryError
from students.commands.operator import HELD_BACK, database, operator, parser, say
from students.domain.audit import Actor
from students.domain.erasures import LedgerEntry
from students.events import SERVICE
from students.settings import Settings
from students.usecases.replays import Replayed
from students.usecases.replays import replay as replay_entry


class _DryRunError(Exception):
    """Rolls back what was only tried."""

    def __init__(self, found: Replayed) -> None:
        super().__init__()
        self.found = found


def replay_erasures(settings: Settings, argv: Sequence[str]) -> int:
    """The command; its exit code: HELD_BACK when somebody was refused or an entry is unreadable, 1 when it
    could not go on."""
    given = _options(argv)
    objects = open_store(settings, settings.r2_storage_bucket)
    with database(settings) as db:
        try:
            return replay(
                db, objects, operator(settings), given.since, tenant=given.tenant, dry_run=given.dry_run
            )
        except (SQLAlchemyError, TransientError, PermanentError) as error:
            sys.stderr.write(f"stopped: {describe(error)}; run it again, what is done stays done\n")
            return 1


def replay(
    db: DatabasePort,
    objects: ObjectStore,
    by: Actor,
    since: datetime,
    *,
    tenant: str | None = None,
    dry_run: bool = False,
) -> int:
    """Replay the ledger's entries since then, a transaction for each, and print the counts per tenant.

    Whatever ends it, it can be run again from the start. Raises what the database and the store raise.
    """
    incomplete = False
    for name, entries in groupby(ObjectLedger(objects).since(since, tenant), _tenant_of):
        done = Replayed()
        for entry in _once(entries):
            if isinstance(entry, UnreadableEntryError):
                sys.stderr.write(f"unreadable: {entry.key}\n")
                incomplete = True
            else:
                done += _try(db, by, entry) if dry_run else _replay(db, by, entry)
        refused = ", ".join(f"{code} {number}" for code, number in sorted(done.refused.items()))
        say(
            f"{name}: {done.purged} were back and are purged, {done.sent} sent again,"
            f" {done.refused.total()} refused{f' ({refused})' if refused else ''}"
            f"{' (dry run, nothing was changed)' if dry_run else ''}"
        )
        incomplete = incomplete or bool(done.refused)
    return HELD_BACK if incomplete else 0


def _once(
    entries: Iterator[LedgerEntry | UnreadableEntryError],
) -> Iterator[LedgerEntry | UnreadableEntryError]:
    """Everybody once, by the oldest entry: replays have entries too."""
    seen: set[UUID] = set()
    for entry in entries:
        if isinstance(entry, LedgerEntry):
            subjects = tuple(one for one in entry.subjects if one.student_id not in seen)
            seen.update(one.student_id for one in subjects)
            if subjects:
                yield replace(entry, subjects=subjects)
        else:
            yield entry


def _replay(db: DatabasePort, by: Actor, entry: LedgerEntry, *, dry_run: bool = False) -> Replayed:
    with unit_of_work(db, entry.tenant, Cause.start(), source=SERVICE) as uow:
        found = replay_entry(uow, by, entry)
        if dry_run:
            raise _DryRunError(found)
    return found


def _try(db: DatabasePort, by: Actor, entry: LedgerEntry) -> Replayed:
    try:
        return _replay(db, by, entry, dry_run=True)
    except _DryRunError as tried:
        return tried.found


def _tenant_of(entry: LedgerEntry | UnreadableEntryError) -> str:
    return entry.tenant


def _options(argv: Sequence[str]) -> argparse.Namespace:
    arguments = parser("replay-erasures")
    arguments.add_argument(
        "--since",
        required=True,
        type=_moment,
        help="when the backup was made, or earlier: 2026-11-01 or 2026-11-01T03:00 (Seoul, unless it says)",
    )
    return arguments.parse_args(argv)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=SEOUL)
