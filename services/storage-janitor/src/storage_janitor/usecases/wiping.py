"""delete-r2-legacy: everything below a prefix, by a plan of its own, except what is still needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from eventkit.ports import Database

from storage_janitor.domain.objects import Doomed, Found
from storage_janitor.domain.plans import Blown, PlanKind, PlanState, Total
from storage_janitor.domain.policies import Policy, Since
from storage_janitor.ports import Owners
from storage_janitor.store import plans
from storage_janitor.usecases import planning
from storage_janitor.usecases.judging import UNKNOWN, match, released_of
from storage_janitor.usecases.sweeping import SweepingPorts

_REASON = "wiped"
Show = Callable[[Sequence[str]], None]


@dataclass(slots=True)
class Wiping:
    """What was found below a prefix; `plan_id` of what may go, `fuses` if somebody has to approve it."""

    listed: int = 0
    bytes: int = 0
    needed: int = 0
    plan_id: UUID | None = None
    digest: str = ""
    fuses: list[dict[str, Any]] = field(default_factory=list)


def wipe(
    db: Database, ports: SweepingPorts, kind: str, prefix: str, *, by: str, dry_run: bool, show: Show
) -> Wiping:
    """A plan of what is below the prefix, approved by its author inside the policy's own fuse. `show` gets
    the keys of each page. Raises PlanRefusedError plan_open, and what Bucket and Owners do.
    """
    found, policy, planned = Wiping(), ports.policy, 0
    plan_id = None if dry_run else _begin(db, ports, kind, by)
    for page in ports.buckets[kind].pages(prefix):
        show([one.key for one in page])
        needed = unreleased(policy, ports.owners, kind, [one.key for one in page])
        found.listed += len(page)
        found.bytes += sum(one.bytes for one in page)
        found.needed += len(needed)
        going = [_doomed(policy, kind, one) for one in page if one.key not in needed]
        if plan_id is not None and going:
            with db.system() as conn:
                plans.add_items(conn, plan_id, kind, planned + 1, going)
            planned += len(going)
    if plan_id is not None:
        _close(db, ports, plan_id, found, by)
    return found


def unreleased(policy: Policy, owners: Owners, bucket: str, keys: Sequence[str]) -> set[str]:
    """Those that are kept, or whose owner does not release them. Of an unknown shape nobody speaks, and where
    the age alone decides there is nobody to ask.
    """
    matched = match(policy, bucket, keys)
    found: set[str] = set()
    for rule in policy.of_bucket(bucket):
        mine = matched.by_rule.get(rule.name)
        if mine and rule.since is not Since.WRITTEN:
            found |= mine.keys() - (released_of(owners, rule, mine) if rule.owner else set())
    return found


def _begin(db: Database, ports: SweepingPorts, kind: str, by: str) -> UUID:
    with db.system() as conn:
        plan_id = planning.begin(conn, PlanKind.WIPE, ports.policy, ports.clock.now(), by=by, bucket=kind)
    if plan_id is None:
        raise planning.PlanRefusedError("plan_open")
    return plan_id


def _close(db: Database, ports: SweepingPorts, plan_id: UUID, found: Wiping, by: str) -> None:
    policy, now = ports.policy, ports.clock.now()
    with db.system() as conn:
        found.plan_id = planning.close(conn, policy, plan_id, Total(0, 0), now)
        if found.plan_id is None:
            return
        row = plans.get(conn, plan_id)
        found.digest = row.digest
        fuse = policy.fuse
        limits = (("objects", row.objects, fuse.objects), ("bytes", row.bytes, fuse.bytes))
        found.fuses = [asdict(Blown("*", name, value, most)) for name, value, most in limits if value > most]
        approved: Mapping[str, Any] = {"state": PlanState.APPROVED, "approved_by": by, "approved_at": now}
        plans.update(conn, plan_id, {"fuses": found.fuses} if found.fuses else approved)


def _doomed(policy: Policy, bucket: str, found: Found) -> Doomed:
    matched = policy.match(bucket, found.key)
    if matched is None:
        return Doomed(found, "", UNKNOWN, _REASON)
    rule, values = matched
    return Doomed(found, values.get("tenant", ""), rule.name, _REASON)
