"""What the worker does on time, and what somebody has asked for."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from eventkit.clock import Clock
from eventkit.errors import PermanentError, TransientError
from eventkit.lease import LeaseBusyError
from eventkit.metrics import Finding, Metrics
from eventkit.ports import Database
from servicekit.periodic import hasten
from sqlalchemy import Connection

from storage_janitor import metrics
from storage_janitor.domain.objects import BUCKETS
from storage_janitor.domain.policies import PolicyError, parse
from storage_janitor.store import ledger, plans, requests, sweeps
from storage_janitor.usecases import bucket_rules, erasure_plans, sweeping
from storage_janitor.usecases.applying import APPLY_PLANS
from storage_janitor.usecases.backtesting import backtest
from storage_janitor.usecases.bucket_rules import RulePorts
from storage_janitor.usecases.sweeping import SweepingPorts

log = logging.getLogger(__name__)

DO_REQUESTS = "storage_janitor.do_requests"
REQUESTS_EVERY = timedelta(minutes=5)
_BY = "worker"
_ITEMS_KEPT = timedelta(days=90)
_RUN = timedelta(minutes=50)
"""A sweep that takes longer is gone on with at the next run."""


@dataclass(frozen=True, slots=True)
class WorkingPorts:
    """What the tasks need; each finding is by its metric's label."""

    sweeping: SweepingPorts
    rules: RulePorts
    findings: Finding
    age: Finding
    broken: Finding

    @property
    def clock(self) -> Clock:
        return self.sweeping.clock


def working_ports(sweep: SweepingPorts, rules: RulePorts, figures: Metrics) -> WorkingPorts:
    """For the tasks below."""
    found = partial(Finding, figures, clock=sweep.clock)
    return WorkingPorts(
        sweep,
        rules,
        found(metrics.FINDINGS, ("orphan", "missing", "unknown", "drift"), good_for=timedelta(hours=3)),
        found(metrics.SWEEP_AGE, ("sweep",), good_for=timedelta(hours=3)),
        found(metrics.LEDGER_BROKEN, ("ledger",), good_for=timedelta(days=2)),
    )


def sweep_exports(db: Database, _now: datetime, *, ports: WorkingPorts) -> None:
    """Periodic task: sweeps the bucket of exports and uploaded workbooks, so that a day is not two."""
    sweep_all(db, ports, ("excel",))


def sweep_buckets(db: Database, now: datetime, *, ports: WorkingPorts) -> None:
    """Periodic task: sweeps all four buckets, and forgets the items of plans that ended 90 days ago."""
    sweep_all(db, ports, BUCKETS)
    with db.system() as conn:
        plans.prune(conn, now - _ITEMS_KEPT)


def sweep_all(db: Database, ports: WorkingPorts, buckets: Sequence[str]) -> None:
    """One after the other; what was made is applied soon. Raises TransientError when the time was over."""
    until = ports.clock.monotonic() + _RUN.total_seconds()
    try:
        for bucket in buckets:
            _sweep_one(db, ports, bucket, until)
            with db.system() as conn:
                hasten(conn, APPLY_PLANS)
    finally:
        show_findings(db, ports)


def _sweep_one(db: Database, ports: WorkingPorts, bucket: str, until: float) -> None:
    try:
        done = sweeping.sweep(
            db, ports.sweeping, bucket, by=_BY, stop=lambda: ports.clock.monotonic() > until
        )
    except LeaseBusyError:
        log.info("bucket is being swept elsewhere", extra={"bucket": bucket})
        return
    if done is None:
        raise TransientError("sweep not finished")  # the next run goes on where this one was


def check_buckets(db: Database, now: datetime, *, ports: WorkingPorts) -> None:
    """Periodic task: compares the buckets' own rules with the policy, and aborts uploads nobody ended."""
    bucket_rules.check(db, ports.rules, now)
    bucket_rules.abort_uploads(ports.rules, now)
    show_findings(db, ports)


def verify_ledger(db: Database, _now: datetime, *, ports: WorkingPorts) -> None:
    """Periodic task: follows the ledger's chain from its first entry to its last."""
    with db.system() as conn:
        found = ledger.verified(conn)
    if found.broken_at is not None:
        log.error("the ledger's chain is broken", extra={"entry": found.broken_at})
    ports.broken.show({"ledger": float(found.broken_at is not None)})


def do_requests(db: Database, _now: datetime, *, ports: WorkingPorts) -> None:
    """Periodic task: does what somebody has asked for: backtests, sweeps, plans of erasures."""
    while True:
        with db.system() as conn:
            row = requests.next_one(conn)
        if row is None:
            return
        try:
            result, error = _DO[row.kind](db, ports, row), None
        except (PermanentError, PolicyError, LeaseBusyError) as failure:
            log.warning("request failed", extra={"request": str(row.id), "error": str(failure)})
            result, error = None, type(failure).__name__
        with db.system() as conn:
            requests.finish(conn, row.id, ports.clock.now(), result, error)


def ask(conn: Connection, kind: str, parameters: dict[str, Any], by: str) -> Any:
    """A request that a worker does within seconds; its row."""
    row = requests.create(conn, kind, parameters, by)
    hasten(conn, DO_REQUESTS)
    return row


def show_findings(db: Database, ports: WorkingPorts) -> None:
    with db.system() as conn:
        found: dict[str, float] = {**sweeps.found(conn), "unknown": sweeps.unknown_objects(conn)}
        found["drift"] = sum(row.state == bucket_rules.DRIFT for row in sweeps.drifts(conn))
        oldest = sweeps.oldest_sweep(conn, BUCKETS)
    ports.findings.show(found)
    age = (ports.clock.now() - oldest).total_seconds() if oldest else float("nan")
    ports.age.show({"sweep": age})


def _backtest(db: Database, ports: WorkingPorts, row: Any) -> dict[str, Any]:
    text, days, now = row.parameters["policy"], row.parameters["days"], ports.clock.now()
    current = ports.sweeping.policy
    candidate = parse(text) if text is not None else current
    return backtest(db, ports.sweeping.buckets, current, candidate, days, now)


def _sweep(db: Database, ports: WorkingPorts, row: Any) -> dict[str, Any]:
    done = sweeping.sweep(db, ports.sweeping, row.parameters["bucket"], by=row.created_by)
    show_findings(db, ports)
    with db.system() as conn:
        hasten(conn, APPLY_PLANS)
    made = (done.plan_id, done.orphan_plan_id) if done else ()
    return {"plans": [str(plan_id) for plan_id in made if plan_id is not None]}


def _erasure(db: Database, ports: WorkingPorts, row: Any) -> dict[str, Any]:
    student = row.parameters["student_id"]
    subject = erasure_plans.Subject(row.parameters["tenant_id"], UUID(student) if student else None)
    sweep = ports.sweeping
    made = erasure_plans.plan_erasure(db, sweep.policy, sweep.buckets, sweep.clock, subject, row.created_by)
    return {"plans": [str(made)] if made else []}


_DO = {"backtest": _backtest, "sweep": _sweep, "erasure": _erasure}
