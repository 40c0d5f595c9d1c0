"""An erased academy or student: a plan of every object of theirs in all buckets, and its receipt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from eventkit.clock import Clock
from eventkit.ports import Database
from sqlalchemy import Connection

from storage_janitor.domain.objects import Doomed, Found
from storage_janitor.domain.plans import PlanKind, Total
from storage_janitor.domain.policies import Policy
from storage_janitor.ports import Bucket
from storage_janitor.store import ledger, plans
from storage_janitor.usecases import planning
from storage_janitor.usecases.judging import UNKNOWN

_REASON = "erased"


@dataclass(frozen=True, slots=True)
class Subject:
    """An academy, or one of its students."""

    tenant: str
    student_id: UUID | None = None

    @property
    def text(self) -> str:
        return f"{self.tenant}/{self.student_id}" if self.student_id else self.tenant

    @classmethod
    def of(cls, text: str) -> Subject:
        tenant, _, student = text.partition("/")
        return cls(tenant, UUID(student) if student else None)


def plan_erasure(
    db: Database, policy: Policy, buckets: Mapping[str, Bucket], clock: Clock, subject: Subject, by: str
) -> UUID | None:
    """A plan of all their objects, to be approved; None when there are none. Raises as Bucket does."""
    with db.system() as conn:
        plan_id = planning.begin(conn, PlanKind.ERASURE, policy, clock.now(), by=by, subject=subject.text)
    if plan_id is None:
        return None
    count = 0
    for kind, page in _objects(policy, buckets, subject):
        with db.system() as conn:
            plans.add_items(conn, plan_id, kind, count + 1, page)
        count += len(page)
    with db.system() as conn:
        return planning.close(conn, policy, plan_id, Total(0, 0), clock.now())


def left_over(policy: Policy, buckets: Mapping[str, Bucket], subject: Subject) -> int:
    """How many objects of theirs there are."""
    return sum(len(page) for _, page in _objects(policy, buckets, subject))


def receipt(conn: Connection, plan: plans.Plan) -> dict[str, Any]:
    """As schemas.records.ReceiptSchema: what left the buckets, where the ledger says so, what is left."""
    head = ledger.head(conn)
    by_class = ledger.counts(conn, f"plan:{plan.id}")
    return {
        "plan_id": plan.id,
        "subject": plan.subject,
        "state": plan.state,
        "objects": plan.deleted,
        "bytes": plan.deleted_bytes,
        "kept": plan.kept,
        "classes": [row._mapping for row in by_class],
        "ledger_from": plan.ledger_from,
        "ledger_to": plan.ledger_to,
        "head": head.hash,
        "approved_by": plan.approved_by,
        "finished_at": plan.finished_at,
        "left_over": plan.left_over,
    }


def _objects(
    policy: Policy, buckets: Mapping[str, Bucket], subject: Subject
) -> Iterator[tuple[str, list[Doomed]]]:
    """Of known and of unknown shape, page by page; what is kept of the erased is left out."""
    for kind, bucket in buckets.items():
        for prefix in _prefixes(policy, kind, subject):
            for page in bucket.pages(prefix):
                doomed = list(_theirs(policy, kind, page, subject))
                if doomed:
                    yield kind, doomed


def _prefixes(policy: Policy, kind: str, subject: Subject) -> list[str]:
    """Where an academy's objects are; no two are within each other."""
    rules = [rule for rule in policy.of_bucket(kind) if "tenant" in rule.pattern.names and rule.erase]
    if subject.student_id is not None:
        rules = [rule for rule in rules if "student" in rule.pattern.names]
    heads = {rule.pattern.text.partition("{tenant}")[0] for rule in rules}
    return sorted(f"{head}{subject.tenant}/" for head in heads)


def _theirs(policy: Policy, kind: str, page: Sequence[Found], subject: Subject) -> Iterator[Doomed]:
    for found in page:
        matched = policy.match(kind, found.key)
        if matched is None:
            if subject.student_id is None:
                yield Doomed(found, subject.tenant, UNKNOWN, _REASON)
            continue
        rule, values = matched
        mine = subject.student_id is None or values.get("student") == str(subject.student_id)
        if rule.erase and mine:
            yield Doomed(found, subject.tenant, rule.name, _REASON)
