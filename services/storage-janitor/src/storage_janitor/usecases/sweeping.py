"""A sweep: a bucket read once from end to end, judged page by page. It makes plans; it deletes nothing."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from eventkit import lease
from eventkit.clock import SEOUL, Clock
from eventkit.lease import Fence
from eventkit.ports import Database
from sqlalchemy import Connection

from storage_janitor.domain.judging import Verdict
from storage_janitor.domain.objects import Doomed, Found
from storage_janitor.domain.patterns import shape_of
from storage_janitor.domain.plans import PlanKind, Total
from storage_janitor.domain.policies import Policy, Since
from storage_janitor.ports import Bucket, Owners
from storage_janitor.store import plans, refs, sweeps
from storage_janitor.usecases import planning
from storage_janitor.usecases.judging import UNKNOWN, Judged, judge_page

log = logging.getLogger(__name__)

_LEASE = timedelta(minutes=10)
"""Longer than a page takes, whatever happens."""
_GONE_ON_WITH = timedelta(days=1)
"""A sweep judges by the time of its beginning; one that is older tells too little."""
_SHAPES_AT_MOST = 200
"""Of one page; what is more is counted under the last."""

Stop = Callable[[], bool]


def never() -> bool:
    """To the end."""
    return False


@dataclass(frozen=True, slots=True)
class SweepingPorts:
    """What sweeps need; buckets by kind."""

    policy: Policy
    buckets: Mapping[str, Bucket]
    owners: Owners
    clock: Clock


def sweep(
    db: Database, ports: SweepingPorts, bucket: str, *, by: str, stop: Stop = never
) -> sweeps.Sweep | None:
    """Read the whole bucket, or go on with the sweep that was begun; the finished one, None when stopped.

    Raises LeaseBusyError while another process sweeps this bucket, and what Bucket does.
    """
    with db.system() as conn:
        fence = lease.claim(conn, f"sweep:{bucket}", by, _LEASE, ports.clock)
    one = _Sweep(db, ports, bucket, fence)
    try:
        return one.run(by, stop)
    finally:
        with db.system() as conn:
            lease.release(conn, fence)


@dataclass(frozen=True, slots=True)
class _Sweep:
    db: Database
    ports: SweepingPorts
    bucket: str
    fence: Fence

    def run(self, by: str, stop: Stop) -> sweeps.Sweep | None:
        row = self._row(by)
        number = self._planned(row)
        for page in self.ports.buckets[self.bucket].pages(after=row.cursor):
            if stop():
                return None
            if page:
                number = self._page(row, page, number)
        return self._finish(row)

    def _row(self, by: str) -> sweeps.Sweep:
        """The one that was begun, if it is of today and this policy; else a new one, with a plan to fill."""
        policy, now = self.ports.policy, self.ports.clock.now()
        with self.db.system() as conn:
            row = sweeps.unfinished(conn, self.bucket)
            if (
                row is not None
                and row.policy_digest == policy.digest
                and row.started_at > now - _GONE_ON_WITH
            ):
                return row
            if row is not None:
                sweeps.abandon(conn, row.id)
                planning.discard(conn, row.plan_id)
            plan_id = planning.begin(conn, PlanKind.POLICY, policy, now, by=by, bucket=self.bucket)
            return sweeps.start(
                conn,
                {
                    "bucket": self.bucket,
                    "started_at": now,
                    "policy_digest": policy.digest,
                    "plan_id": plan_id,
                },
            )

    def _planned(self, row: sweeps.Sweep) -> int:
        with self.db.system() as conn:
            return plans.count(conn, row.plan_id) if row.plan_id else 0

    def _page(self, row: sweeps.Sweep, page: Sequence[Found], number: int) -> int:
        """Judge and write one page; how many items the plan has then."""
        policy, now = self.ports.policy, row.started_at
        with self.db.system() as conn:
            lease.check(conn, self.fence)
            lease.extend(conn, self.fence, _LEASE, self.ports.clock)
            judged = judge_page(conn, policy, self.ports.owners, self.bucket, page, now)
            due = list(_due(judged)) if row.plan_id else []
            if due:
                plans.add_items(conn, row.plan_id, self.bucket, number + 1, due)
            self._note(conn, row, judged)
            self._see(conn, judged, now)
            sweeps.advance(conn, row.id, page[-1].key, _total(page))
        return number + len(due)

    def _note(self, conn: Connection, row: sweeps.Sweep, judged: Sequence[Judged]) -> None:
        sweeps.add_usage(conn, row.id, _usage(judged))
        sweeps.note_unknown(conn, self.bucket, _shapes(judged), row.started_at)
        orphans = [_finding(one) for one in judged if one.judgement.verdict is Verdict.ORPHAN]
        sweeps.note_findings(conn, self.bucket, "orphan", orphans, row.started_at)

    def _see(self, conn: Connection, judged: Sequence[Judged], now: datetime) -> None:
        seen: dict[Since, dict[str, Mapping[str, str]]] = defaultdict(dict)
        for one in judged:
            if one.rule is not None and one.rule.since is not None:
                seen[one.rule.since][one.found.key] = one.values
        for since, keys in seen.items():
            refs.see(conn, since, keys, now)

    def _finish(self, row: sweeps.Sweep) -> sweeps.Sweep:
        day = row.started_at.astimezone(SEOUL).date()
        with self.db.system() as conn:
            lease.check(conn, self.fence)
            if self.bucket == "video":
                gone = [(*one, 0, "", None) for one in refs.missing(conn, row.started_at)]
                sweeps.note_findings(conn, self.bucket, "missing", gone, row.started_at)
            done = sweeps.finish(conn, row.id, {"finished_at": self.ports.clock.now()})
            sweeps.keep_peak(conn, done, day)
            sweeps.close_findings(conn, self.bucket, row.started_at, day)
            done = planning.close_sweep(conn, self.ports.policy, done, self.ports.clock.now())
        figures = {"bucket": self.bucket, "objects": done.objects, "bytes": done.bytes}
        log.info("bucket swept", extra={**figures, "plan": str(done.plan_id)})
        return done


def _due(judged: Sequence[Judged]) -> Iterator[Doomed]:
    for one in judged:
        if one.judgement.verdict is Verdict.DUE and one.rule is not None:
            yield Doomed(one.found, one.tenant, one.rule.name, one.judgement.reason)


def _usage(judged: Sequence[Judged]) -> dict[tuple[str, str], Total]:
    objects: dict[tuple[str, str], int] = defaultdict(int)
    sizes: dict[tuple[str, str], int] = defaultdict(int)
    for one in judged:
        place = (one.tenant, one.rule.name if one.rule else UNKNOWN)
        objects[place] += 1
        sizes[place] += one.found.bytes
    return {place: Total(number, sizes[place]) for place, number in objects.items()}


def _shapes(judged: Sequence[Judged]) -> dict[str, tuple[str, Total]]:
    found: dict[str, tuple[str, Total]] = {}
    for one in judged:
        if one.rule is None:
            shape = shape_of(one.found.key)
            if shape not in found and len(found) >= _SHAPES_AT_MOST:
                shape = "…"
            key, total = found.get(shape, (one.found.key, Total(0, 0)))
            found[shape] = (key, Total(total.objects + 1, total.bytes + one.found.bytes))
    return found


def _finding(one: Judged) -> sweeps.Finding:
    name = one.rule.name if one.rule else UNKNOWN
    found = one.found
    return one.tenant, name, found.key, found.bytes, found.etag, found.written_at


def _total(page: Sequence[Found]) -> Total:
    return Total(len(page), sum(one.bytes for one in page))
