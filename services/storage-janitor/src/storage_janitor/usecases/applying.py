"""Applying plans: batch by batch, each object judged anew at the moment of its deletion.

A plan ends done, or stops with a reason; whatever ends the process, the next run goes on after the last batch
that the ledger has.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from typing import Any
from uuid import UUID

from eventkit import lease
from eventkit.clock import Clock
from eventkit.errors import TransientError
from eventkit.lease import Fence, LeaseBusyError
from eventkit.metrics import Finding, Metrics
from eventkit.ports import Database
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection

from storage_janitor import metrics
from storage_janitor.domain.chain import Head
from storage_janitor.domain.judging import Verdict
from storage_janitor.domain.objects import Doomed, Found, Removed
from storage_janitor.domain.plans import Kept, PlanKind, PlanState
from storage_janitor.domain.policies import Policy
from storage_janitor.ports import Owners
from storage_janitor.store import ledger, plans
from storage_janitor.usecases import erasure_plans, planning, removing, wiping
from storage_janitor.usecases.judging import judge_page
from storage_janitor.usecases.removing import BATCH, HELD, TAKEN, Remover

log = logging.getLogger(__name__)

APPLY_PLANS = "storage_janitor.apply_plans"
APPLY_EVERY = timedelta(minutes=5)
_RUN = timedelta(minutes=4)
_LEASE = timedelta(minutes=10)
_WORDS = {HELD: Kept.HELD, TAKEN: Kept.ABSENT}
_SHOWN = (PlanState.PLANNED, PlanState.APPROVED, PlanState.APPLYING, PlanState.STOPPED)


@dataclass(frozen=True, slots=True)
class ApplyingPorts:
    """What applying needs; `pending` is by plan state."""

    remover: Remover
    owners: Owners
    figures: Metrics
    pending: Finding

    @property
    def clock(self) -> Clock:
        return self.remover.clock

    @property
    def policy(self) -> Policy:
        return self.remover.policy


def applying_ports(remover: Remover, owners: Owners, figures: Metrics) -> ApplyingPorts:
    """For apply_plans."""
    pending = Finding(figures, metrics.PLANS_PENDING, _SHOWN, remover.clock, good_for=3 * APPLY_EVERY)
    return ApplyingPorts(remover, owners, figures, pending)


def silent_ports(remover: Remover, owners: Owners) -> ApplyingPorts:
    """For a process that nobody watches: a command."""
    return applying_ports(remover, owners, Metrics(CollectorRegistry(), metrics.ALL))


def apply_plans(db: Database, now: datetime, *, ports: ApplyingPorts) -> None:
    """Periodic task: applies the approved plans whose grace is over, each as far as its time goes.

    Raises TransientError while the store or an owner is away; nothing of what they were asked is deleted.
    """
    until = ports.clock.monotonic() + _RUN.total_seconds()
    with db.system() as conn:
        plans.expire(conn, now)
        due = plans.due(conn, now)
    failed: TransientError | None = None
    for plan_id in due:
        try:
            apply(db, ports, plan_id, by="worker", until=until)
        except LeaseBusyError:
            log.info("plan is being applied elsewhere", extra={"plan": str(plan_id)})
        except TransientError as error:
            # an owner that is away keeps its own plans only
            log.warning("plan not applied", extra={"plan": str(plan_id), "error": str(error)})
            failed = error
    show_pending(db, ports)
    if failed is not None:
        raise failed


def show_pending(db: Database, ports: ApplyingPorts) -> None:
    with db.system() as conn:
        ports.pending.show(plans.by_state(conn, _SHOWN))


def apply(
    db: Database, ports: ApplyingPorts, plan_id: UUID, *, by: str, until: float = float("inf")
) -> plans.Plan:
    """Delete what the plan says and nothing needs; the plan as it is then, not done when the time was over.

    Raises LeaseBusyError while somebody else applies it, TransientError while the store or an owner is away.
    """
    with db.system() as conn:
        fence = lease.claim(conn, f"apply:{plan_id}", by, _LEASE, ports.clock)
    try:
        return _Apply(db, ports, plan_id, fence).run(until)
    finally:
        with db.system() as conn:
            lease.release(conn, fence)


@dataclass(frozen=True, slots=True)
class _Apply:
    db: Database
    ports: ApplyingPorts
    plan_id: UUID
    fence: Fence

    @property
    def cause(self) -> str:
        return f"plan:{self.plan_id}"

    def run(self, until: float) -> plans.Plan:
        plan = self._begin()
        if plan.state != PlanState.APPLYING:
            return plan
        self.ports.remover.recover(self.cause, partial(self._count, {}, None))
        clock, rate = self.ports.clock, self.ports.policy.objects_per_second
        while clock.monotonic() < until:
            started = clock.monotonic()
            batch = self._next()
            if batch is None:
                return self._plan()
            if not batch:
                return self._end()
            self._batch(plan, batch)
            spare = len(batch) / rate - (clock.monotonic() - started)
            if spare > 0:
                clock.wait(Event(), spare)
        return self._plan()

    def _begin(self) -> plans.Plan:
        """APPLYING, if the plan is still what was approved."""
        with self.db.system() as conn:
            plan = plans.get(conn, self.plan_id)
            if plan.state not in (PlanState.APPROVED, PlanState.APPLYING):
                return plan
            if plan.state == PlanState.APPROVED and planning.digest_of(conn, plan) != plan.digest:
                log.error("plan changed after it was made", extra={"plan": str(plan.id)})
                return plans.update(
                    conn, plan.id, {"state": PlanState.STOPPED, "stop_reason": "digest_mismatch"}
                )
            return plans.update(conn, plan.id, {"state": PlanState.APPLYING, "stop_reason": None})

    def _plan(self) -> plans.Plan:
        with self.db.system() as conn:
            return plans.get(conn, self.plan_id)

    def _next(self) -> list[Any] | None:
        """The next items; None when somebody has stopped the plan meanwhile."""
        with self.db.system() as conn:
            plan = plans.get(conn, self.plan_id)
            if plan.state != PlanState.APPLYING:
                return None
            return plans.items_after(conn, self.plan_id, plan.applied_to, BATCH)

    def _batch(self, plan: plans.Plan, rows: Sequence[Any]) -> None:
        bucket, last = rows[0].bucket, rows[-1].seq
        fresh = self.ports.remover.buckets[bucket].fresh(sorted(row.key for row in rows))
        doomed, kept, absent = _still_there(rows, fresh)
        if absent:
            with self.db.system() as conn:
                kept[Kept.ABSENT] = len(absent - ledger.written_for(conn, self.cause, absent))
        needed = self._needed(plan, bucket, [one.found for one in doomed])
        kept.update({Kept.NEEDED: len(needed)} if needed else {})
        doomed = [one for one in doomed if one.key not in needed]
        cause = removing.Cause(self.cause, plan.approved_by)
        self.ports.remover.remove(
            bucket, doomed, cause, guard=self._guard, written=partial(self._count, kept, last)
        )

    def _needed(self, plan: plans.Plan, bucket: str, found: Sequence[Found]) -> set[str]:
        """Those that the policy, what owners have said, or the owners themselves would keep, now."""
        if plan.kind == PlanKind.ERASURE or not found:
            return set()
        unreleased = partial(wiping.unreleased, self.ports.policy, self.ports.owners, bucket)
        if plan.kind == PlanKind.WIPE:
            return unreleased([one.key for one in found])
        wanted = Verdict.ORPHAN if plan.kind == PlanKind.ORPHANS else Verdict.DUE
        ports, now = self.ports, self.ports.clock.now()
        with self.db.system() as conn:
            judged = judge_page(conn, ports.policy, ports.owners, bucket, found, now)
        going = {one.found.key for one in judged if one.judgement.verdict is wanted}
        return {one.key for one in found} - (going - unreleased(sorted(going)))

    def _guard(self, conn: Connection) -> None:
        lease.check(conn, self.fence)
        lease.extend(conn, self.fence, _LEASE, self.ports.clock)

    def _count(
        self, kept: Mapping[str, int], last: int | None, conn: Connection, removed: Removed, head: Head
    ) -> None:
        """Beside the ledger: the plan's figures, and how far it is."""
        plan = plans.find(conn, self.plan_id, lock=True)
        if plan is None:
            return
        words = Counter(plan.kept) + Counter(kept)
        words.update(_WORDS.get(code, Kept.REFUSED) for code in removed.refused.values())
        values: dict[str, Any] = {
            "kept": dict(words),
            "deleted": plan.deleted + len(removed.gone),
            "deleted_bytes": plan.deleted_bytes + removed.bytes,
        }
        if removed.gone:
            first = head.seq - len(removed.gone) + 1
            values |= {"ledger_from": plan.ledger_from or first, "ledger_to": head.seq}
        if last is not None:
            values["applied_to"] = last
        plans.update(conn, plan.id, values)
        self.ports.figures.count(metrics.OBJECTS_DELETED, len(removed.gone))
        self.ports.figures.count(metrics.BYTES_DELETED, removed.bytes)

    def _end(self) -> plans.Plan:
        """Ask for some of the deleted ones again: the store said they were gone."""
        sampled, survivors = self._sample()
        now = self.ports.clock.now()
        values = {"sampled": sampled, "survivors": survivors, "finished_at": now, "state": PlanState.DONE}
        values |= self._left_over()
        with self.db.system() as conn:
            lease.check(conn, self.fence)
            plan = plans.update(conn, self.plan_id, values)
        self.ports.figures.count(metrics.SURVIVORS, survivors)
        about = {
            "plan": str(plan.id),
            "bucket": plan.bucket,
            "objects": plan.deleted,
            "bytes": plan.deleted_bytes,
        }
        log.info("plan applied", extra={**about, "kept": plan.kept})
        return plan

    def _left_over(self) -> dict[str, int]:
        """Of an erasure: what of theirs is still there, looked for anew."""
        plan, remover = self._plan(), self.ports.remover
        if plan.kind != PlanKind.ERASURE:
            return {}
        subject = erasure_plans.Subject.of(plan.subject)
        return {"left_over": erasure_plans.left_over(self.ports.policy, remover.buckets, subject)}

    def _sample(self) -> tuple[int, int]:
        with self.db.system() as conn:
            rows = ledger.spread(conn, self.cause, self.ports.policy.sample)
        by_bucket: dict[str, list[Any]] = defaultdict(list)
        for row in rows:
            by_bucket[row.bucket].append(row)
        survivors = 0
        for bucket, mine in by_bucket.items():
            there = self.ports.remover.buckets[bucket].fresh(sorted(row.key for row in mine))
            # a younger one is another object
            survivors += sum(row.key in there and there[row.key].written_at <= row.at for row in mine)
        return len(rows), survivors


def _still_there(
    rows: Sequence[Any], fresh: Mapping[str, Found]
) -> tuple[list[Doomed], Counter[str], set[str]]:
    """The objects that are as they were planned; why others are not; and those that are not there."""
    doomed, kept, absent = [], Counter[str](), set[str]()
    for row in rows:
        planned, now = Found(row.key, row.bytes, row.etag, row.written_at), fresh.get(row.key)
        if now is None:
            absent.add(row.key)
        elif not now.same(planned):
            kept[Kept.CHANGED] += 1
        else:
            doomed.append(Doomed(now, row.tenant_id, row.rule, row.reason))
    return doomed, kept, absent
