"""Plans: which objects go, why, and what has to be asked first. Its items never change, and have a digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from storage_janitor.domain.policies import Policy

EXPIRES_AFTER = timedelta(days=7)
"""An old plan describes a bucket that is no more; a new sweep makes a new one."""


class PlanKind(StrEnum):
    """POLICY applies itself inside its fuses; the others are approved by somebody."""

    POLICY = "policy"
    ORPHANS = "orphans"
    ERASURE = "erasure"
    WIPE = "wipe"


class PlanState(StrEnum):
    """PLANNED waits for an approval, APPROVED for its time."""

    BUILDING = "building"
    PLANNED = "planned"
    APPROVED = "approved"
    APPLYING = "applying"
    DONE = "done"
    STOPPED = "stopped"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


OPEN = (PlanState.APPROVED, PlanState.APPLYING)
"""While one of a bucket is, no other of its kind is built. What a dead process was building stops nobody."""


class Kept(StrEnum):
    """Why an object of an applied plan is still there."""

    ABSENT = "absent"
    CHANGED = "changed"
    HELD = "held"
    NEEDED = "needed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Item:
    """One object of a plan, at its place `seq` (from 1)."""

    seq: int
    tenant: str
    key: str
    bytes: int
    etag: str
    written_at: datetime
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Total:
    objects: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Blown:
    """A fuse that stops a plan: of which rule, which of its limits, and the figures."""

    rule: str
    limit: str
    planned: int
    allowed: int


def digest(header: Mapping[str, str], items: Iterable[Item]) -> str:
    """SHA-256 of the plan, item by item: the same plan has the same one, any other another."""
    found = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for one in items:
        parts = (one.seq, one.tenant, one.key, one.bytes, one.etag, one.written_at.isoformat(), one.rule)
        found.update(json.dumps([*parts, one.reason], ensure_ascii=False).encode())
    return found.hexdigest()


def blown(
    policy: Policy, bucket: Total, planned: Mapping[str, Total], done_today: Mapping[str, Total]
) -> list[Blown]:
    """The fuses that a plan blows. By rule: what it deletes, and what already went within a day, which counts
    towards the amounts; `bucket` is all there is, of which the plan is so many percent.

    Raises KeyError for a rule that the policy does not have.
    """
    rules = {rule.name: rule for rule in policy.rules}
    found: list[Blown] = []
    for name, total in planned.items():
        fuse, before = rules[name].fuse, done_today.get(name, Total(0, 0))
        objects, size = total.objects + before.objects, total.bytes + before.bytes
        limits = [("objects", objects, fuse.objects), ("bytes", size, fuse.bytes)]
        if total.objects > fuse.floor:
            shares = _percent(total.objects, bucket.objects), _percent(total.bytes, bucket.bytes)
            limits.append(("percent", max(shares), fuse.percent))
        found += [Blown(name, limit, value, most) for limit, value, most in limits if value > most]
    return found


def _percent(part: int, whole: int) -> int:
    """Rounded up: 20.01 % is more than 20."""
    return -(-100 * part // whole) if whole else 0
