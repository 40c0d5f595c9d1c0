"""What a trigger asks for: sent at once, kept until a person confirms it, or refused; visible in any case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from eventkit.envelope import Event
from eventkit.erasure import pass_gate
from eventkit.trace import Cause
from eventkit.uow import UnitOfWork
from servicekit.problem import Problem
from sqlalchemy import Row

from messaging.domain.guards import TRIGGER_DISABLED
from messaging.domain.messages import Category, Mode
from messaging.domain.recipients import Fingerprints
from messaging.domain.triggers import TRIGGERS, Policy, is_on
from messaging.store import batches, recipients
from messaging.store import requests as store
from messaging.store import triggers as settings
from messaging.usecases import composing
from messaging.usecases.composing import Ask, Plan
from messaging.usecases.queueing import Queued, judge, queue

BY_TRIGGER = "task:trigger"
"""Who asked where nobody did."""
UNKNOWN_TRIGGER = "unknown_trigger"
VIDEO = "video_encoding_complete"
MOST_STUDENTS = 1000
"""Of one request: an event stays far below 256 KB."""


def ask(uow: UnitOfWork, trigger: str, body: Mapping[str, Any]) -> UUID:
    """Ask for what a trigger says, as the event that any context's happening becomes; its id.

    Raises Problem 409 trigger_is_system (nobody asks for a password by hand), trigger_is_disabled.
    """
    policy = TRIGGERS[trigger].policy
    if policy is Policy.SYSTEM:
        raise Problem("trigger_is_system", "시스템이 스스로 보내는 알림입니다.", status=409)
    if policy is Policy.DISABLED:
        raise Problem("trigger_is_disabled", "사용하지 않는 알림입니다.", status=409)
    data = {
        "trigger": trigger,
        "target": body["target"],
        "occurrence": body["occurrence"],
        "variables": body["variables"],
        "students": {"student_id": [str(one) for one in body["student_ids"]]},
    }
    return uow.publish("messaging.message.requested", subject=trigger, data=data)


def take(uow: UnitOfWork, prints: Fingerprints, event: Event, now: datetime) -> None:
    """What the policy of its trigger makes of a request. Saving it is all that a manual one does."""
    pass_gate(uow.conn, uow.tenant)  # a purged student is no recipient any more, and leaves no trace here
    given = [UUID(one) for one in event.data["students"]["student_id"]]
    there = [row.student_id for row in recipients.reachable(uow.conn, uow.tenant, given)]
    values: dict[str, Any] = {
        "tenant_id": uow.tenant,
        "id": event.id,
        **{name: event.data[name] for name in ("trigger", "target", "occurrence", "variables")},
        "state": "waiting",
        "code": None,
        "created_at": now,
        "correlation_id": event.correlationid,
    }
    trigger = TRIGGERS.get(event.data["trigger"])
    switch = settings.chosen(uow.conn, uow.tenant).get(event.data["trigger"])
    if trigger is None or trigger.policy is Policy.DISABLED:
        values |= _refused(TRIGGER_DISABLED if trigger else UNKNOWN_TRIGGER, now)
    elif trigger.policy is not Policy.MANUAL:
        on = is_on(trigger, switch.enabled if switch else None)
        values |= _sent_at_once(uow, prints, values, there, now) if on else _refused(TRIGGER_DISABLED, now)
    store.insert(uow.conn, values, there)


def _refused(code: str, now: datetime) -> dict[str, Any]:
    return {"state": "refused", "code": code, "decided_at": now, "decided_by": BY_TRIGGER}


def _sent_at_once(
    uow: UnitOfWork, prints: Fingerprints, values: Mapping[str, Any], students: Sequence[UUID], now: datetime
) -> dict[str, Any]:
    """What is wrong with its template or settings refuses it, for the academy to see and mend."""
    try:
        plan = _plan(uow, values, students, now)
    except Problem as problem:
        return _refused(problem.code, now)
    wanted = [replace(one, batch_id=None) for one in plan.wanted]
    done = queue(uow, prints, wanted, BY_TRIGGER, now, strict=False)
    return _queued(done, plan, BY_TRIGGER, now)


_COUNTED = {"DELIVERED": "delivered", "FAILED": "failed", "ACCEPTED": "unreported"}


def settle(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Count what became of the messages of requests."""
    counts: dict[UUID, Counter[str]] = {}
    for event in events:
        outcome = _COUNTED.get(event.data["outcome"], "dropped")
        number = len(event.data["messages"]["message_id"])
        counts.setdefault(UUID(event.data["request_id"]), Counter())[outcome] += number
    store.settle(uow.conn, uow.tenant, counts)


def tell_of_video(uow: UnitOfWork, event: Event) -> None:
    """Ask for a message to the parents of a lecture's students, once per video, where the academy has
    switched that on; else nothing is kept of it."""
    switch = settings.chosen(uow.conn, uow.tenant).get(VIDEO)
    if not is_on(TRIGGERS[VIDEO], switch.enabled if switch else None):
        return
    given = {"title": event.data.get("title"), "lecture": event.data.get("lecture_title")}
    students = recipients.enrolled(uow.conn, uow.tenant, UUID(event.data["lecture_id"]))
    for start in range(0, len(students), MOST_STUDENTS):
        data = {
            "trigger": VIDEO,
            "target": "parent",
            "occurrence": event.data["video_id"],
            "variables": {name: value for name, value in given.items() if value},
            "students": {"student_id": [str(one) for one in students[start : start + MOST_STUDENTS]]},
        }
        uow.publish("messaging.message.requested", subject=VIDEO, data=data, cause=Cause.of(event))


def confirm(uow: UnitOfWork, prints: Fingerprints, request_id: UUID, by: str, now: datetime) -> Row[Any]:
    """Send it as a batch of the request's id.

    Raises Problem 404, 409 request_decided, insufficient_balance, and 400 as composing does.
    """
    row = _locked(uow, request_id)
    plan = _plan(uow, row._asdict(), store.students_of(uow.conn, uow.tenant, request_id), now)
    first = plan.wanted[0]
    batch = {
        "tenant_id": uow.tenant,
        "id": request_id,
        "event": row.trigger,
        "category": plan.category.value,
        "mode": _mode(uow, row.trigger).value,
        "template_id": first.template_id,
        "total": len(judge(uow, prints, plan.wanted, now)),
        "due_at": now,
        "created_by": by,
    }
    batches.insert(uow.conn, batch)
    done = queue(uow, prints, plan.wanted, by, now, strict=True)
    store.decide(uow.conn, uow.tenant, request_id, _queued(done, plan, by, now))
    return found(uow, request_id)


def dismiss(uow: UnitOfWork, request_id: UUID, by: str, now: datetime) -> Row[Any]:
    """Nothing of it is sent. Raises Problem 404, 409 request_decided."""
    _locked(uow, request_id)
    values = {"state": "dismissed", "decided_at": now, "decided_by": by}
    store.decide(uow.conn, uow.tenant, request_id, values)
    return found(uow, request_id)


def preview(uow: UnitOfWork, prints: Fingerprints, request_id: UUID, now: datetime) -> dict[str, Any]:
    """What confirming it would come to. Raises Problem 404, 409 request_decided, 400 as composing does."""
    row = _waiting(found(uow, request_id))
    students = store.students_of(uow.conn, uow.tenant, request_id)
    plan = _plan(uow, row._asdict(), students, now)
    judged = judge(uow, prints, plan.wanted, now)
    return composing.estimated(uow, _ask(uow, row._asdict(), students), plan, judged).answer()


def found(uow: UnitOfWork, request_id: UUID) -> Row[Any]:
    """Raises Problem 404."""
    row = store.find(uow.conn, uow.tenant, request_id)
    if row is None:
        raise Problem("not_found")
    return row


def _locked(uow: UnitOfWork, request_id: UUID) -> Row[Any]:
    row = store.find(uow.conn, uow.tenant, request_id, lock=True)
    if row is None:
        raise Problem("not_found")
    return _waiting(row)


def _waiting(row: Row[Any]) -> Row[Any]:
    if row.state != "waiting":
        detail = "이미 보냈거나 보내지 않기로 한 요청입니다."
        raise Problem("request_decided", detail, status=409, members={"state": row.state})
    return row


def _queued(done: Queued, plan: Plan, by: str, now: datetime) -> dict[str, Any]:
    skipped = done.skipped.total() + sum(map(len, plan.unreachable.values()))
    return {
        "state": "queued",
        "queued": len(done.ids),
        "skipped": skipped,
        "decided_at": now,
        "decided_by": by,
    }


def _plan(uow: UnitOfWork, values: Mapping[str, Any], students: Sequence[UUID], now: datetime) -> Plan:
    """As of a bulk send, but once per occurrence. Raises Problem 400 no_template, and as composing does."""
    plan = composing.plan_of(uow, _ask(uow, values, students), now, values["id"])
    wanted = [
        replace(one, event=values["trigger"], occurrence=values["occurrence"], request_id=values["id"])
        for one in plan.wanted
    ]
    return replace(plan, wanted=wanted)


def _ask(uow: UnitOfWork, values: Mapping[str, Any], students: Sequence[UUID]) -> Ask:
    row = settings.chosen(uow.conn, uow.tenant).get(values["trigger"])
    if row is None or row.template_id is None:
        raise Problem("no_template", "이 알림에 쓸 템플릿이 정해지지 않았습니다.", status=400)
    return Ask(
        student_ids=students,
        send_to=values["target"],
        mode=_mode(uow, values["trigger"]),
        template_id=row.template_id,
        raw_body="",
        raw_subject="",
        category=Category.INFO,
        variables=values["variables"],
        at=None,
        not_after=None,
    )


def _mode(uow: UnitOfWork, trigger: str) -> Mode:
    row = settings.chosen(uow.conn, uow.tenant).get(trigger)
    return Mode(row.mode) if row else Mode.SMS
