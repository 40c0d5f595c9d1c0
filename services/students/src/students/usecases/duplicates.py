"""Cleanup of deleted duplicates (operations guide 3.1): a plan to look at, and the same plan carried out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from eventkit.uow import UnitOfWork
from servicekit.problem import Problem

from students.domain.audit import Actor
from students.domain.duplicates import PLACEHOLDER_PHONES
from students.domain.purge import Reason
from students.ports import AskHoldings, Holdings
from students.store import duplicates as store
from students.store import students
from students.usecases.purge import Refusal, purge, record_refusals

PLACEHOLDER = "placeholder_phone"
SHOWN_GROUPS = 100
SHOWN_RECORDS = 500
_OWN = ("tags", "photo", "account")


@dataclass(frozen=True, slots=True)
class Member:
    """One record of a group; `holdings`: what goes with it, kind of thing → how many."""

    id: UUID
    deleted_at: datetime
    login_id: str | None
    holdings: Counter[str]


@dataclass(frozen=True, slots=True)
class Group:
    """Records of one name and parent phone; the first one stays. `refused` says why all of them do."""

    name: str
    parent_phone: str
    refused: str | None
    members: Sequence[Member]


@dataclass(frozen=True, slots=True)
class Plan:
    """Counts and digest are over all groups, `shown` are the first; `to_remove` leaves refused ones out."""

    groups: int
    refused_groups: int
    to_remove: int
    digest: str
    shown: Sequence[Group]
    services: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """`groups`: how many were cleaned, the refused ones not counted."""

    removed: int
    groups: int
    refused_groups: int
    skipped: list[Refusal]
    erasure_ids: list[UUID]


def plan(uow: UnitOfWork, shown: int = SHOWN_GROUPS) -> Plan:
    """What a cleanup would do now; holdings are this service's own until `ask_others`.

    Fewer groups are shown where they hold more than SHOWN_RECORDS records.
    """
    found = store.check(uow.conn, uow.tenant, PLACEHOLDER_PHONES, shown)
    first: list[tuple[bool, list[UUID]]] = []
    total = 0
    for group in found.first:
        total += len(group["ids"])
        if first and total > SHOWN_RECORDS:
            break
        first.append((group["refused"], [UUID(one) for one in group["ids"]]))
    records = store.records(uow.conn, uow.tenant, [one for _, ids in first for one in ids])
    groups = [_group(refused, [records[one] for one in ids if one in records]) for refused, ids in first]
    return Plan(found.groups, found.refused, found.removable, found.digest, [g for g in groups if g.members])


def ask_others(plan: Plan, tenant: str, ask: AskHoldings) -> Plan:
    """The plan with what the other services hold of the shown records. Outside any transaction: it waits.

    A service that does not answer stands in `services` as unknown.
    """
    answers = ask(tenant, [member.id for group in plan.shown for member in group.members])
    for held in answers.values():
        _add(plan.shown, held or {})
    services = {name: "unknown" if held is None else "ok" for name, held in answers.items()}
    return Plan(plan.groups, plan.refused_groups, plan.to_remove, plan.digest, plan.shown, services)


def fix(uow: UnitOfWork, by: Actor, digest: str | None = None) -> Cleaned:
    """Keep of each group the record deleted first and purge the others: those whom `plan` told of.

    One transaction, a constant number of statements. Raises Problem 409 plan_changed when the groups are
    not those of `digest`; None takes them as they are.
    """
    students.lock_identities(uow.conn, uow.tenant)
    found = store.removable(uow.conn, uow.tenant, PLACEHOLDER_PHONES)
    if digest is not None and digest != found.digest:
        raise Problem(
            "plan_changed", "검사한 뒤에 삭제된 학생이 바뀌었습니다. 중복 검사를 다시 해 주세요.", status=409
        )
    done = purge(uow, by, found.remove, Reason.DUPLICATE)
    record_refusals(uow, by, done.refused, Reason.DUPLICATE)
    groups = found.groups - found.refused
    return Cleaned(len(done.purged), groups, found.refused, done.refused, done.erasure_ids)


def _group(refused: bool, records: Sequence[Any]) -> Group:
    members = [
        Member(row.id, row.deleted_at, row.login_id, +Counter({kind: getattr(row, kind) for kind in _OWN}))
        for row in records
    ]
    first = records[0] if records else None
    return Group(
        first.name if first else "",
        first.parent_phone if first else "",
        PLACEHOLDER if refused else None,
        members,
    )


def _add(groups: Sequence[Group], held: Holdings) -> None:
    for group in groups:
        for member in group.members:
            member.holdings.update(held.get(member.id, {}))
