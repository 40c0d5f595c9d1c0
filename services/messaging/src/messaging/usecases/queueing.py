"""Asking for messages: each once by its business key, judged by the guards, paid for by a reservation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from eventkit.ids import new_id
from eventkit.uow import UnitOfWork
from servicekit.problem import Problem

from messaging.domain.content import Kind
from messaging.domain.guards import INSUFFICIENT_BALANCE, Decision, Defer, Skip
from messaging.domain.messages import Channel, Key, Status
from messaging.domain.pricing import Price
from messaging.domain.recipients import Fingerprints, mask
from messaging.store import credits as holds
from messaging.store import ledger, turns
from messaging.store.ledger import Move
from messaging.usecases import credits, guarding


@dataclass(frozen=True, slots=True)
class Wanted:
    """One message to one number.

    `target` is whom it is about where its text says so, else "": then siblings' shared phone gets it once.
    `occurrence` tells one happening of the event from the next. `alimtalk` is {pfid, template, variables,
    fallback} of an Alimtalk.
    """

    event: str
    phone: str
    text: str
    kind: Kind
    category: str
    target: str
    occurrence: str
    students: tuple[UUID, ...]
    price: Price
    due_at: datetime
    subject: str | None = None
    template_id: UUID | None = None
    batch_id: UUID | None = None
    request_id: UUID | None = None
    not_after: datetime | None = None
    alimtalk: Mapping[str, Any] | None = None

    @property
    def channel(self) -> Channel:
        return Channel.ALIMTALK if self.kind is Kind.ATA else Channel.SMS


@dataclass(frozen=True, slots=True)
class Queued:
    """What came of a request, by guard codes; `known` had been asked for before."""

    ids: tuple[UUID, ...]
    skipped: Counter[str]
    deferred: Counter[str]
    known: int
    reserved: Decimal


@dataclass(frozen=True, slots=True)
class Judged:
    """A wanted message with its key, its recipient's fingerprint and what the guards say."""

    id: UUID
    wanted: Wanted
    key: str
    fingerprint: str
    students: tuple[UUID, ...]
    decision: Decision


def queue(
    uow: UnitOfWork,
    prints: Fingerprints,
    wanted: Sequence[Wanted],
    by: str,
    now: datetime,
    *,
    strict: bool,
) -> Queued:
    """Write them into the ledger. Nothing is sent here, and nothing is ever sent twice for one key.

    Where the credits do not suffice none of them leaves: `strict` raises Problem 409 insufficient_balance,
    else they are skipped with that code, for the log.
    """
    judged = judge(uow, prints, wanted, now)
    new = ledger.insert(
        uow.conn,
        [_row(uow.tenant, one, now) for one in judged],
        {one.id: _body(uow.tenant, one) for one in judged if not isinstance(one.decision, Skip)},
        {one.id: one.students for one in judged},
    )
    mine = [one for one in judged if one.id in new]
    leaving = [one for one in mine if not isinstance(one.decision, Skip)]
    skipped = Counter(one.decision.code for one in mine if isinstance(one.decision, Skip))
    amount = _reserve(uow, leaving, by, now, strict=strict)
    if leaving and amount is None:
        skipped[INSUFFICIENT_BALANCE] += len(leaving)
        leaving = []
    return Queued(
        tuple(one.id for one in leaving),
        skipped,
        Counter(one.decision.code for one in leaving if isinstance(one.decision, Defer)),
        len(judged) - len(mine),
        amount or Decimal(0),
    )


def _reserve(
    uow: UnitOfWork, leaving: Sequence[Judged], by: str, now: datetime, *, strict: bool
) -> Decimal | None:
    """What was reserved for them; None where there is not enough, and they are skipped."""
    amount = sum((one.wanted.price.reserved for one in leaving), Decimal(0))
    if credits.reserve(uow.conn, uow.tenant, amount, f"messages:{len(leaving)}", by):
        holds.hold(uow.conn, [_hold(uow.tenant, one) for one in leaving])
        turns.queue_up(uow.conn, uow.tenant)
        return amount
    if strict:
        raise Problem(
            INSUFFICIENT_BALANCE,
            "충전 잔액이 부족합니다. 충전한 뒤 다시 보내 주세요.",
            status=409,
            members={"needed": str(amount)},
        )
    moves = [Move(one.id, INSUFFICIENT_BALANCE) for one in leaving]
    ledger.move(uow.conn, uow.tenant, Status.SKIPPED, moves, now)
    return None


def judge(uow: UnitOfWork, prints: Fingerprints, wanted: Sequence[Wanted], now: datetime) -> list[Judged]:
    """One per business key; a number that several students share is about all of them."""
    keyed: dict[str, tuple[Wanted, str, list[UUID]]] = {}
    for one in wanted:
        fingerprint = prints.of(uow.tenant, one.phone)
        key = Key(
            uow.tenant,
            one.channel.value,
            one.event,
            one.target,
            fingerprint,
            one.occurrence,
            str(one.template_id or ""),
        ).digest()
        keyed.setdefault(key, (one, fingerprint, []))[2].extend(one.students)
    asked = [(_AsGuarded(one, fp), max(one.due_at, now)) for one, fp, _ in keyed.values()]
    decisions = guarding.at_queueing(uow.conn, uow.tenant, asked)
    return [
        Judged(new_id(), one, key, fp, tuple(dict.fromkeys(students)), decision)
        for (key, (one, fp, students)), decision in zip(keyed.items(), decisions, strict=True)
    ]


class _AsGuarded:
    """guarding.Guarded of a message that is not in the ledger yet."""

    def __init__(self, wanted: Wanted, fingerprint: str) -> None:
        self.event = wanted.event
        self.category = wanted.category
        self.fingerprint = fingerprint
        self.batch_id = wanted.batch_id
        self.not_after = wanted.not_after


def _row(tenant: str, one: Judged, now: datetime) -> dict[str, Any]:
    wanted, decision = one.wanted, one.decision
    skipped = isinstance(decision, Skip)
    deferred = decision.until if isinstance(decision, Defer) else None
    return {
        "tenant_id": tenant,
        "id": one.id,
        "business_key": one.key,
        "batch_id": wanted.batch_id,
        "request_id": wanted.request_id,
        "event": wanted.event,
        "channel": wanted.channel.value,
        "kind": wanted.kind.value,
        "category": wanted.category,
        "template_id": wanted.template_id,
        "fingerprint": one.fingerprint,
        "recipient": mask(wanted.phone),
        "status": (Status.SKIPPED if skipped else Status.QUEUED).value,
        "code": decision.code if isinstance(decision, Skip | Defer) else None,
        "due_at": max(wanted.due_at, deferred or wanted.due_at),
        "not_after": wanted.not_after,
        "ended_at": now if skipped else None,
    }


def _body(tenant: str, one: Judged) -> dict[str, Any]:
    wanted = one.wanted
    return {
        "tenant_id": tenant,
        "message_id": one.id,
        "phone": wanted.phone,
        "text": wanted.text,
        "subject": wanted.subject,
        "alimtalk": orjson.dumps(dict(wanted.alimtalk)).decode() if wanted.alimtalk else None,
    }


def _hold(tenant: str, one: Judged) -> dict[str, Any]:
    price = one.wanted.price
    return {
        "tenant_id": tenant,
        "message_id": one.id,
        "own": price.own,
        "fallback": price.fallback,
        "amount": price.reserved,
    }
