"""Plans: begun empty, filled, then closed for good with a digest; approved by their fuses or by somebody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from storage_janitor.domain import costs
from storage_janitor.domain.plans import (
    EXPIRES_AFTER,
    PlanKind,
    PlanState,
    Total,
    blown,
    digest,
)
from storage_janitor.domain.policies import Policy
from storage_janitor.store import ledger, plans, sweeps

_A_DAY = timedelta(days=1)


class PlanRefusedError(Exception):
    """`code`: plan_state, digest_mismatch, own_approval, approval_required."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def begin(
    conn: Connection,
    kind: PlanKind,
    policy: Policy,
    now: datetime,
    *,
    by: str,
    bucket: str | None = None,
    subject: str | None = None,
) -> UUID | None:
    """An empty plan; None while one of the bucket's kind is under way, which has to end first."""
    if bucket is not None and plans.is_open(conn, bucket, kind):
        return None
    return plans.create(
        conn,
        {
            "kind": kind,
            "bucket": bucket,
            "subject": subject,
            "policy_digest": policy.digest,
            "created_by": by,
            "created_at": now,
            "not_before": now,
            "expires_at": now + EXPIRES_AFTER,
        },
    )


def discard(conn: Connection, plan_id: UUID | None) -> None:
    """One that is not needed after all."""
    if plan_id is not None:
        plans.discard(conn, plan_id)


def close_sweep(conn: Connection, policy: Policy, done: sweeps.Sweep, now: datetime) -> sweeps.Sweep:
    """The sweep with its plan, and one of its orphans; None where there is nothing to plan."""
    whole = Total(done.objects, done.bytes)
    plan_id = close(conn, policy, done.plan_id, whole, now) if done.plan_id else None
    orphans = begin(conn, PlanKind.ORPHANS, policy, now, by=f"sweep:{done.id}", bucket=done.bucket)
    if orphans is not None:
        plans.add_orphans(conn, orphans, done.bucket, done.started_at)
        orphans = close(conn, policy, orphans, whole, now)
    return sweeps.finish(conn, done.id, {"plan_id": plan_id, "orphan_plan_id": orphans})


def close(conn: Connection, policy: Policy, plan_id: UUID, whole: Total, now: datetime) -> UUID | None:
    """Nothing is added any more: totals, money, fuses and digest. None for a plan without items, now gone.

    `whole`: all there is in its bucket.
    """
    row = plans.get(conn, plan_id)
    if row.bucket is not None:
        plans.supersede(conn, row.bucket, PlanKind(row.kind), plan_id)
    totals = plans.totals(conn, plan_id)
    if not totals:
        plans.discard(conn, plan_id)
        return None
    by_rule = _by_rule((rule, total) for rule, _, total in totals)
    size = sum(total.bytes for total in by_rule.values())
    values = {
        "objects": sum(total.objects for total in by_rule.values()),
        "bytes": size,
        "saving_usd": costs.saving(size),
        "reasons": [
            {"rule": rule, "reason": reason, "objects": total.objects, "bytes": total.bytes}
            for rule, reason, total in totals
        ],
        "digest": digest_of(conn, row),
        "state": PlanState.PLANNED,
    }
    if row.kind == PlanKind.POLICY:
        values |= _by_itself(conn, policy, row.bucket, whole, by_rule, now)
    plans.update(conn, plan_id, values)
    return plan_id


def _by_itself(
    conn: Connection, policy: Policy, bucket: str, whole: Total, planned: Mapping[str, Total], now: datetime
) -> dict[str, Any]:
    """Approved, unless a fuse is blown; it waits for the longest grace of its rules."""
    grace = max(rule.grace for rule in policy.rules if rule.name in planned)
    done = ledger.done_since(conn, bucket, now - _A_DAY, list(planned))
    fuses = blown(policy, whole, planned, done)
    values: dict[str, Any] = {"fuses": [asdict(one) for one in fuses], "not_before": now + grace}
    if fuses:
        return values
    by = f"policy:{policy.digest[:12]}"
    return {**values, "state": PlanState.APPROVED, "approved_by": by, "approved_at": now}


def digest_of(conn: Connection, row: plans.Plan) -> str:
    """Computed anew from the items, whatever is written beside them."""
    names = ("kind", "bucket", "subject", "policy_digest")
    header = {name: row._mapping[name] or "" for name in names} | {"id": str(row.id)}
    return digest(header, plans.items(conn, row.id))


def approve(conn: Connection, plan_id: UUID, given: str, by: str, now: datetime) -> plans.Plan | None:
    """Somebody has looked at exactly this plan; None for no such plan.

    Raises PlanRefusedError: digest_mismatch, plan_state, own_approval.
    """
    row = plans.find(conn, plan_id, lock=True)
    if row is None:
        return None
    if row.digest != given or digest_of(conn, row) != given:
        raise PlanRefusedError("digest_mismatch")
    if row.state != PlanState.PLANNED or row.expires_at <= now:
        raise PlanRefusedError("plan_state")
    if row.created_by == by:
        raise PlanRefusedError("own_approval")
    return plans.update(conn, plan_id, {"state": PlanState.APPROVED, "approved_by": by, "approved_at": now})


def reject(conn: Connection, plan_id: UUID) -> plans.Plan | None:
    """It will not be applied; what of it is applied stays so. Raises PlanRefusedError plan_state."""
    open_states = (PlanState.PLANNED, PlanState.APPROVED, PlanState.APPLYING, PlanState.STOPPED)
    return _move(conn, plan_id, open_states, PlanState.REJECTED)


def resume(conn: Connection, plan_id: UUID, now: datetime) -> plans.Plan | None:
    """At the next run, without waiting for its grace; also one that was stopped.

    Raises PlanRefusedError: approval_required, plan_state.
    """
    row = plans.find(conn, plan_id, lock=True)
    if row is None:
        return None
    if row.approved_by is None:
        raise PlanRefusedError("approval_required")
    if row.state not in (PlanState.APPROVED, PlanState.STOPPED, PlanState.APPLYING):
        raise PlanRefusedError("plan_state")
    if row.state == PlanState.APPROVED and row.expires_at <= now:
        raise PlanRefusedError("plan_state")
    return plans.update(
        conn, plan_id, {"state": PlanState.APPROVED, "not_before": row.created_at, "stop_reason": None}
    )


def _move(
    conn: Connection, plan_id: UUID, before: tuple[PlanState, ...], state: PlanState
) -> plans.Plan | None:
    row = plans.find(conn, plan_id, lock=True)
    if row is None:
        return None
    if row.state not in before:
        raise PlanRefusedError("plan_state")
    return plans.update(conn, plan_id, {"state": state})


def _by_rule(totals: Iterable[tuple[str, Total]]) -> dict[str, Total]:
    found: dict[str, Total] = defaultdict(lambda: Total(0, 0))
    for rule, total in totals:
        found[rule] = Total(found[rule].objects + total.objects, found[rule].bytes + total.bytes)
    return found
