"""Consent to advertising: recorded in a ledger, from which follows how each stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from eventkit.uow import UnitOfWork

from messaging.domain.consent import Action, Kind, standing
from messaging.domain.recipients import Fingerprints
from messaging.store import consents as store
from messaging.store import recipients

_FIRST = frozenset({Action.GIVEN, Action.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody says of a consent, how it reached us and what proves it."""

    kind: Kind
    action: Action
    at: datetime
    via: str
    evidence: str | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many recipients it was recorded of; `ignored`: never said anything that could be confirmed or
    told; `unreachable`: students who are not there or have no such number."""

    recorded: int
    ignored: int
    unreachable: tuple[UUID, ...] = ()


def record(
    uow: UnitOfWork, prints: Fingerprints, phones: Collection[str], said: Statement, by: str
) -> Recorded:
    """Of each number once. Withdrawing is possible without a consent: then it stands as refused."""
    by_print = {prints.of(uow.tenant, phone): phone for phone in phones}
    new = said.action in _FIRST
    known = sorted(store.lock(uow.conn, uow.tenant, by_print, said.kind, said.at, new=new))
    store.append(uow.conn, [_entry(uow.tenant, one, said, by) for one in known])
    ledger = store.ledger(uow.conn, uow.tenant, known, said.kind)
    stands = {one: standing(ledger[one], said.kind) for one in known}
    now = {one: each for one, each in stands.items() if each is not None}
    store.stand(uow.conn, uow.tenant, said.kind, now, by_print)
    return Recorded(len(known), len(by_print) - len(known))


def record_of_students(
    uow: UnitOfWork, prints: Fingerprints, student_ids: Sequence[UUID], to: str, said: Statement, by: str
) -> Recorded:
    """Of the parents' or the students' own numbers; siblings' shared one once."""
    phones = _phones(uow, student_ids, to)
    done = record(uow, prints, set(phones.values()), said, by) if phones else Recorded(0, 0)
    return Recorded(done.recorded, done.ignored, tuple(one for one in student_ids if one not in phones))


def fingerprints_of(uow: UnitOfWork, prints: Fingerprints, student_id: UUID) -> list[str]:
    """Of the numbers of a student and the parents."""
    found = {_phones(uow, [student_id], to).get(student_id) for to in ("parent", "student")}
    return [prints.of(uow.tenant, phone) for phone in found if phone]


def _phones(uow: UnitOfWork, student_ids: Sequence[UUID], to: str) -> Mapping[UUID, str]:
    rows = recipients.reachable(uow.conn, uow.tenant, student_ids)
    numbers = {row.student_id: row.parent_phone if to == "parent" else row.student_phone for row in rows}
    return {student: phone for student, phone in numbers.items() if phone}


def _entry(tenant: str, fingerprint: str, said: Statement, by: str) -> dict[str, object]:
    return {
        "tenant_id": tenant,
        "fingerprint": fingerprint,
        "kind": said.kind.value,
        "action": said.action.value,
        "at": said.at,
        "via": said.via,
        "evidence": said.evidence,
        "recorded_by": by,
    }
