"""The one way out of a bucket: an intent, the store's answer, the ledger.

Whatever ends the process in between, the ledger ends up with every deleted object once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from eventkit.clock import Clock
from eventkit.effects import Effects
from eventkit.errors import TransientError
from eventkit.ids import new_id
from eventkit.ports import Database
from sqlalchemy import Connection

from storage_janitor.domain.chain import Head
from storage_janitor.domain.holds import Holds
from storage_janitor.domain.objects import Doomed, Found, Removed
from storage_janitor.domain.policies import Policy
from storage_janitor.ports import Bucket
from storage_janitor.store import holds, ledger

BATCH = 1000
"""What ListObjectsV2 gives and DeleteObjects takes at once."""
HELD = "held"
TAKEN = "taken"
"""In Removed.refused: a hold is on it; another process has deleted it, or is about to."""

Guard = Callable[[Connection], None]
"""Called in the transaction of the intent; raises what says that these may not be deleted any more."""
Written = Callable[[Connection, Removed, Head], None]
"""Called in the transaction of the ledger, with what is gone and the ledger's head after it."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why, for the ledger: `name` is plan:<id>, video:<id>, …; `approver` who let it go."""

    name: str
    approver: str


def no_guard(_conn: Connection) -> None:
    """Nobody else is at it."""


def nothing_more(_conn: Connection, _removed: Removed, _head: Head) -> None:
    """The ledger is all that is written."""


@dataclass(frozen=True, slots=True)
class Remover:
    """Deletes objects of all buckets (by kind), in transactions of its own."""

    db: Database
    buckets: Mapping[str, Bucket]
    policy: Policy
    clock: Clock

    def recording(self, effects: Effects) -> NotedRemover:
        """Its twin in a rehearsal."""
        return NotedRemover(self.buckets, effects)

    def held(self, conn: Connection, bucket: str, keys: Sequence[str]) -> set[str]:
        """Those that a hold is on at this moment."""
        found = holds.in_force(conn, self.clock.now())
        return {key for key in keys if self._holds(found, bucket, key)}

    def remove(
        self,
        bucket: str,
        doomed: Sequence[Doomed],
        cause: Cause,
        *,
        guard: Guard = no_guard,
        written: Written = nothing_more,
    ) -> Removed:
        """Delete at most BATCH objects that nothing holds, and write them down.

        `written` is called even if nothing is left to delete. Raises what `guard` and Bucket.delete raise;
        then recover() finds out what has become of them.
        """
        about = {"bucket": bucket, "cause": cause.name, "approver": cause.approver}
        attempt_id = new_id()
        with self.db.system() as conn:
            guard(conn)
            free, refused = self._free(conn, bucket, doomed)
            ledger.begin(conn, attempt_id, about, free, self.clock.now())
        refused |= self.buckets[bucket].delete([one.key for one in free]) if free else {}
        gone = [one for one in free if one.key not in refused]
        return self._write(attempt_id, about, Removed(gone, refused), written)

    def _free(
        self, conn: Connection, bucket: str, doomed: Sequence[Doomed]
    ) -> tuple[list[Doomed], dict[str, str]]:
        """Those that nothing speaks against, until the intent is committed; of the others what does."""
        ledger.lock_attempts(conn)
        keys = [one.key for one in doomed]
        refused = dict.fromkeys(self.held(conn, bucket, keys), HELD)
        now = self.clock.now()
        taken = ledger.taken(conn, bucket, {one.key: one.found for one in doomed}, now)
        refused = dict.fromkeys(taken, TAKEN) | refused
        return [one for one in doomed if one.key not in refused], refused

    def recover(self, cause: str, written: Written = nothing_more) -> None:
        """What a process that died had asked for under this cause: nobody else may be at it any more."""
        with self.db.system() as conn:
            rows = ledger.open_attempts(conn, cause=cause)
        for row in rows:
            self._settle(row, written)

    def recover_stale(self) -> None:
        """Those of any cause that a dead process has left. Their objects are counted in the ledger alone."""
        with self.db.system() as conn:
            rows = ledger.open_attempts(conn, before=self.clock.now() - ledger.STALE)
        for row in rows:
            self._settle(row, nothing_more)

    def _settle(self, row: Any, written: Written) -> None:
        """Which of them are gone is asked of the store; those that are not will be judged anew."""
        doomed = ledger.doomed_of(row)
        there = self.buckets[row.bucket].fresh(sorted(one.key for one in doomed))
        gone = [one for one in doomed if not _is_there(one.found, there)]
        about = {"bucket": row.bucket, "cause": row.cause, "approver": row.approver}
        self._write(row.id, about, Removed(gone), written)

    def _write(self, attempt_id: UUID, about: dict[str, str], removed: Removed, written: Written) -> Removed:
        with self.db.system() as conn:
            if ledger.end(conn, attempt_id) is None:
                # taken for dead, its objects are in the ledger by now
                raise TransientError("attempt settled by another process")
            written(conn, removed, ledger.append(conn, about, removed.gone, self.clock.now()))
        return removed

    def _holds(self, found: Holds, bucket: str, key: str) -> bool:
        matched = self.policy.match(bucket, key)
        return bool(found.of(bucket, key, matched[1] if matched else {}))


class NotedRemover:
    """Lists for real; what it would delete is noted, and not missed by later listings."""

    def __init__(self, buckets: Mapping[str, Bucket], effects: Effects) -> None:
        self.buckets = buckets
        self._effects = effects

    def remove(self, _bucket: str, doomed: Sequence[Doomed], _cause: Cause) -> Removed:
        self._effects.note("objects deleted", len(doomed))
        return Removed(list(doomed))


def _is_there(found: Found, there: Mapping[str, Found]) -> bool:
    """A younger object of the same key is another one: the doomed one is gone."""
    now = there.get(found.key)
    return now is not None and now.same(found)
