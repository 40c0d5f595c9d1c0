"""A bulk send by hand: first an estimate, which writes nothing, then exactly what was estimated."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from eventkit.ids import new_id
from eventkit.uow import UnitOfWork
from servicekit.problem import Problem
from sqlalchemy import Row

from messaging.domain import content, guards
from messaging.domain.content import Kind
from messaging.domain.guards import Skip
from messaging.domain.messages import Category, Mode
from messaging.domain.pricing import Prices, price
from messaging.domain.recipients import Fingerprints
from messaging.store import batches, recipients
from messaging.store import guards as settings_store
from messaging.store import templates as template_store
from messaging.usecases import counting, reasons, texts
from messaging.usecases.counting import Estimate
from messaging.usecases.guarding import MANUAL
from messaging.usecases.queueing import Judged, Wanted, judge, queue
from messaging.usecases.texts import Said

_SOMEBODY = "홍길동"


@dataclass(frozen=True, slots=True)
class Ask:
    """What a person wants sent to whom. `at` None: now."""

    student_ids: Sequence[UUID]
    send_to: str
    mode: Mode
    template_id: UUID | None
    raw_body: str
    raw_subject: str
    category: Category
    variables: dict[str, str]
    at: datetime | None
    not_after: datetime | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What an ask comes to: a message per student, and students whom it cannot reach, by code."""

    wanted: list[Wanted]
    unreachable: dict[str, list[UUID]]
    category: Category


@dataclass(frozen=True, slots=True)
class _Channel:
    """How a text leaves; `pfid` and `code` of an Alimtalk."""

    mode: Mode
    prices: Prices
    pfid: str = ""
    code: str = ""


def estimate(uow: UnitOfWork, prints: Fingerprints, ask: Ask, now: datetime) -> dict[str, Any]:
    """Whom it reaches, what it costs, and `confirm`, which makes sending it possible once.

    Raises Problem 400 no_sender, unknown_students, no_recipients, template_not_approved, no_channel and all
    that texts refuses; 404 for the template; 422 for `at` and `not_after`.
    """
    batch_id = new_id()
    plan = plan_of(uow, ask, now, batch_id)
    judged = judge(uow, prints, plan.wanted, now)
    found = estimated(uow, ask, plan, judged)
    return {"confirm": f"{batch_id.hex}{_digest(ask, judged)}", **found.answer()}


def send(
    uow: UnitOfWork, prints: Fingerprints, ask: Ask, confirm: str, by: str, now: datetime
) -> dict[str, Any]:
    """Queue what the estimate of `confirm` showed.

    Raises Problem as `estimate`, and 409 estimate_changed, already_sent, insufficient_balance.
    """
    batch_id, digest = UUID(confirm[:32]), confirm[32:]
    if batches.exists(uow.conn, uow.tenant, batch_id):
        raise _already_sent(batch_id)
    plan = plan_of(uow, ask, now, batch_id)
    judged = judge(uow, prints, plan.wanted, now)
    if _digest(ask, judged) != digest:
        detail = "미리보기 뒤에 받는 사람, 내용 또는 가격이 달라졌습니다. 다시 확인해 주세요."
        raise Problem("estimate_changed", detail, status=409)
    found = estimated(uow, ask, plan, judged)
    if not batches.insert(uow.conn, _batch(uow, ask, plan, len(judged), by, now, batch_id)):
        raise _already_sent(batch_id)
    queue(uow, prints, plan.wanted, by, now, strict=True)
    return {"batch_id": batch_id, **found.answer()}


def plan_of(uow: UnitOfWork, ask: Ask, now: datetime, batch_id: UUID) -> Plan:
    _check_times(ask, now)
    row = settings_store.settings(uow.conn, uow.tenant)
    if not row.sender:
        raise Problem("no_sender", "발신번호가 등록되어 있지 않습니다.", status=400)
    said, channel = _said(uow, ask, row)
    _check(said, channel)
    people = _people(uow, ask.student_ids)
    wanted, unreachable = [], dict[str, list[UUID]]()
    for one in _messages(ask, said, channel, people, now, batch_id):
        if isinstance(one, Wanted):
            wanted.append(one)
        else:
            unreachable.setdefault(one[0], []).append(one[1])
    if not wanted:
        raise Problem("no_recipients", "보낼 수 있는 전화번호가 없습니다.", status=400)
    return Plan(wanted, unreachable, said.category)


def _check_times(ask: Ask, now: datetime) -> None:
    errors = {}
    if ask.at is not None and ask.at < now:
        errors["at"] = ["지난 시각입니다."]
    if ask.not_after is not None and ask.not_after <= (ask.at or now):
        errors["not_after"] = ["보내는 시각보다 뒤여야 합니다."]
    if errors:
        raise Problem("invalid_request", errors=errors)


def _said(uow: UnitOfWork, ask: Ask, row: Row[Any]) -> tuple[Said, _Channel]:
    prices = Prices(row.sms_price, row.lms_price, row.alimtalk_price)
    if ask.template_id is None:
        if not ask.raw_body:
            raise Problem("empty_body", "보낼 내용이 없습니다.", status=400)
        if ask.mode is not Mode.SMS:
            raise _not_approved()
        said = Said(ask.raw_body, ask.raw_subject, ask.category, row, ask.variables)
        return said, _Channel(ask.mode, prices)
    template = template_store.find(uow.conn, uow.tenant, ask.template_id)
    if template is None:
        raise Problem("not_found", "템플릿을 찾을 수 없습니다.")
    # advertising stays so, whatever the form says
    advertises = Category.AD in (ask.category, template.purpose)
    category = Category.AD if advertises else Category.INFO
    said = Said(template.content, template.subject or "", category, row, ask.variables)
    if ask.mode is Mode.SMS:
        return said, _Channel(ask.mode, prices)
    if template.review != "APPROVED":
        raise _not_approved()
    if not row.kakao_pfid:
        raise texts.no_channel()
    return said, _Channel(ask.mode, prices, row.kakao_pfid, template.provider_code)


def _check(said: Said, channel: _Channel) -> None:
    """What is wrong with the text for everybody is refused; what a name makes wrong leaves that one out."""
    text, subject = said.filled(_SOMEBODY)
    if channel.mode is not Mode.SMS:
        if said.category is Category.AD:
            raise texts.information_only()
        if len(text) > content.ALIMTALK_CHARACTERS:
            raise texts.too_long("body", len(text), content.ALIMTALK_CHARACTERS)
    if channel.mode is not Mode.ALIMTALK:
        texts.check_sendable(said)
        texts.check_subject(subject)
        measured = content.measure(text, subject)
        if measured.kind is None:
            raise texts.too_long("body", measured.bytes, content.LMS_BYTES)


def _people(uow: UnitOfWork, student_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    people = recipients.reachable(uow.conn, uow.tenant, student_ids)
    unknown = set(student_ids) - {one.student_id for one in people}
    if unknown:
        raise texts.unknown_students(sorted(map(str, unknown)))
    return people


def _messages(
    ask: Ask, said: Said, channel: _Channel, people: Sequence[Row[Any]], now: datetime, batch_id: UUID
) -> Iterator[Wanted | tuple[str, UUID]]:
    """A message for each student, or why there is none. What is the same for all is made once."""
    personal = said.personal
    same = None if personal else _message(said, channel, _SOMEBODY, ask, now, batch_id)
    for one in people:
        phone = one.parent_phone if ask.send_to == "parent" else one.student_phone
        made = same or _message(said, channel, one.name, ask, now, batch_id)
        if not phone:
            yield reasons.NO_PHONE, one.student_id
        elif isinstance(made, str):
            yield made, one.student_id
        else:
            target = str(one.student_id) if personal else ""
            yield replace(made, phone=phone, target=target, students=(one.student_id,))


def _message(
    said: Said, channel: _Channel, name: str, ask: Ask, now: datetime, batch_id: UUID
) -> Wanted | str:
    """As it leaves about a student of this name, to nobody yet; or the code of what stands against it."""
    text, subject = said.filled(name)
    measured = content.measure(text, subject)
    as_text = channel.mode is not Mode.ALIMTALK
    if as_text and measured.unsendable:
        return reasons.UNSENDABLE
    if as_text and measured.kind is None:
        return reasons.TOO_LONG
    kind, fallback, alimtalk = measured.kind, None, None
    if channel.mode is not Mode.SMS:
        kind, fallback = Kind.ATA, measured.kind if channel.mode is Mode.BOTH else None
        values = said.values_for(name)
        alimtalk = {
            "pfid": channel.pfid,
            "template": channel.code,
            "variables": {name: values[name] for name in content.variables(said.text)},
            "fallback": fallback is not None,
        }
    assert kind is not None  # an Alimtalk, or measured as sendable
    return Wanted(
        MANUAL, "", text, kind, said.category.value, "", str(batch_id), (),
        price(channel.prices, kind, fallback), ask.at or now, subject or None, ask.template_id, batch_id,
        None, ask.not_after, alimtalk,
    )  # fmt: skip


def estimated(uow: UnitOfWork, ask: Ask, plan: Plan, judged: Sequence[Judged]) -> Estimate:
    row = settings_store.settings(uow.conn, uow.tenant)
    paused = guards.HELD if row.hold else None if row.is_active else guards.INACTIVE
    balance = counting.available(uow)
    return Estimate(len(ask.student_ids), judged, plan.unreachable, balance, paused)


def _digest(ask: Ask, judged: Sequence[Judged]) -> str:
    """64 hex digits of all that the estimate showed; what is put off until the morning may differ."""
    made = hashlib.sha256(repr((ask.mode, ask.send_to, ask.at, ask.not_after)).encode())
    for line in sorted(map(_line, judged)):
        made.update(line.encode() + b"\n")
    return made.hexdigest()


def _line(one: Judged) -> str:
    said, left_out = one.wanted, one.decision.code if isinstance(one.decision, Skip) else ""
    shown = (one.fingerprint, said.target, said.kind, said.category, said.text, said.subject)
    return repr((*shown, said.price, left_out))


def _batch(
    uow: UnitOfWork, ask: Ask, plan: Plan, total: int, by: str, now: datetime, batch_id: UUID
) -> dict[str, Any]:
    return {
        "tenant_id": uow.tenant,
        "id": batch_id,
        "event": MANUAL,
        "category": plan.category.value,
        "mode": ask.mode.value,
        "template_id": ask.template_id,
        "total": total,
        "due_at": ask.at or now,
        "created_by": by,
    }


def _not_approved() -> Problem:
    return Problem("template_not_approved", "알림톡은 승인된 템플릿으로만 보낼 수 있습니다.", status=400)


def _already_sent(batch_id: UUID) -> Problem:
    return Problem("already_sent", "이미 보낸 메시지입니다.", status=409, members={"batch_id": str(batch_id)})
