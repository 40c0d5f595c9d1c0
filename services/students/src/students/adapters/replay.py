"""`students replay-erasures`: after a database was restored, purge again whom the ledger knows."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from eventkit.errors import PermanentError, TransientError
from eventkit.failures import describe
from eventkit.ports import Database as DatabasePort
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from servicekit.db import TENANT, Database
from servicekit.periodic import SEOUL
from servicekit.storage import ObjectStore, open_store
from sqlalchemy.exc import SQLAlchemyError

from students.adapters.commands import HELD_BACK
from students.adapters.ledger import ObjectLedger, UnreadableEntryError
from students.domain.audit import Actor, Pseudonyms
from students.domain.erasures import LedgerEntry
from students.events import SERVICE
from students.settings import Settings
from students.usecases.replays import Replayed
from students.usecases.replays import replay as replay_entry

_STATEMENT_TIMEOUT = timedelta(minutes=10)


class _DryRunError(Exception):
    """Rolls back what was only tried."""

    def __init__(self, found: Replayed) -> None:
        super().__init__()
        self.found = found


def replay_erasures(settings: Settings, argv: Sequence[str]) -> int:
    """The command; its exit code: HELD_BACK when somebody was refused or an entry is unreadable, 1 when it
    could not go on."""
    options = _options(argv)
    database = Database(settings.database_url.reveal(), SERVICE, 2, _STATEMENT_TIMEOUT)
    account = os.environ.get("USER") or str(os.getuid())
    by = Actor(f"operator:{account}", Pseudonyms(settings.pseudonym_key.reveal()))
    objects = open_store(settings, settings.r2_storage_bucket)
    try:
        return replay(database, objects, by, options.since, tenant=options.tenant, dry_run=options.dry_run)
    except (SQLAlchemyError, TransientError, PermanentError) as error:
        sys.stderr.write(f"stopped: {describe(error)}; run it again, what is done stays done\n")
        return 1
    finally:
        database.close()


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
        sys.stdout.write(
            f"{name}: {done.purged} were back and are purged, {done.sent} sent again,"
            f" {done.refused.total()} refused{f' ({refused})' if refused else ''}"
            f"{' (dry run, nothing was changed)' if dry_run else ''}\n"
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
    parser = argparse.ArgumentParser(prog="students replay-erasures", description=__doc__)
    parser.add_argument(
        "--since",
        required=True,
        type=_moment,
        help="when the backup was made, or earlier: 2026-11-01 or 2026-11-01T03:00 (Seoul, unless it says)",
    )
    parser.add_argument("--tenant", type=_tenant, help="only this academy")
    parser.add_argument("--dry-run", action="store_true", help="only count")
    return parser.parse_args(argv)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=SEOUL)


def _tenant(text: str) -> str:
    if not TENANT.fullmatch(text):
        raise ValueError(text)
    return text
