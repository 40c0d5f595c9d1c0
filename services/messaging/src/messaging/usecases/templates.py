"""Templates: what an academy says again and again, and their review by Kakao."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from eventkit.ports import Database
from eventkit.uow import UnitOfWork
from servicekit.constraints import unique
from servicekit.problem import Problem
from sqlalchemy import Row

from messaging.domain import codes, content
from messaging.domain.messages import Category
from messaging.ports import Provider, ProviderRefusedError, ProviderUnavailableError
from messaging.store import guards, recipients
from messaging.store import templates as store
from messaging.usecases import texts
from messaging.usecases.texts import Said

log = logging.getLogger(__name__)

Values = Mapping[str, Any]
_ASKED_AT_ONCE = 200
_PATIENCE = 3
"""After so many questions without an answer the provider is away, and asked again the next time."""


def create(uow: UnitOfWork, values: Values) -> Row[Any]:
    """Raises Problem 400 (what the text is not), 409 template_exists."""
    _check(values)
    with unique("uq_template_name", _taken()):
        return store.insert(uow.conn, uow.tenant, values)


def change(uow: UnitOfWork, template_id: UUID, values: Values) -> Row[Any]:
    """Another text has to be reviewed anew. Raises Problem 400, 404, 409 template_exists, in_review."""
    present = _locked(uow, template_id)
    changed = {name: value for name, value in values.items() if value != getattr(present, name)}
    if not changed:
        return present
    _check({"content": present.content, "subject": present.subject, **changed})
    if changed.keys() & {"content", "purpose", "name"}:
        if present.review == "PENDING":
            raise Problem("in_review", "심사 중인 템플릿은 바꿀 수 없습니다.", status=409)
        changed |= {"review": "", "provider_code": None, "review_comment": None, "submitted_at": None}
    with unique("uq_template_name", _taken()):
        return store.update(uow.conn, uow.tenant, template_id, changed)


def remove(uow: UnitOfWork, template_id: UUID, now: datetime) -> None:
    """What was queued keeps its text. Raises Problem 404, 409 template_in_use."""
    _locked(uow, template_id)
    if store.serves_a_trigger(uow.conn, uow.tenant, template_id):
        detail = "자동 발송이 쓰는 템플릿입니다. 자동 발송 설정에서 먼저 바꿔 주세요."
        raise Problem("template_in_use", detail, status=409)
    store.update(uow.conn, uow.tenant, template_id, {"deleted_at": now})


def submit(uow: UnitOfWork, provider: Provider, template_id: UUID, now: datetime) -> Row[Any]:
    """Hand it in for review. The row is locked over the call: nobody hands it in twice.

    Raises Problem 400 no_channel, unbalanced_variable, alimtalk_is_information, too_long,
    template_refused, 404, 409 in_review, approved_already; ProviderUnavailableError.
    """
    present = _locked(uow, template_id)
    if present.review == "PENDING":
        raise Problem("in_review", "이미 심사 중인 템플릿입니다.", status=409)
    if present.review == "APPROVED":
        raise Problem("approved_already", "이미 승인된 템플릿입니다.", status=409)
    pfid = guards.settings(uow.conn, uow.tenant).kakao_pfid
    if not pfid:
        raise texts.no_channel()
    if present.purpose == Category.AD:
        raise texts.information_only()
    texts.variables(present.content)
    if len(present.content) > content.ALIMTALK_CHARACTERS:
        raise texts.too_long("content", len(present.content), content.ALIMTALK_CHARACTERS)
    code = _register(provider, pfid, present)
    handed_in = {"review": "PENDING", "provider_code": code, "review_comment": None, "submitted_at": now}
    return store.update(uow.conn, uow.tenant, template_id, handed_in)


def _register(provider: Provider, pfid: str, row: Row[Any]) -> str:
    try:
        return provider.register_template(pfid, row.name, row.content)
    except ProviderRefusedError as error:
        raise Problem(
            "template_refused",
            f"심사를 신청하지 못했습니다: {codes.refused_call(error.code).reason}",
            status=400,
            members={"provider_code": error.code},
        ) from error


def refresh_reviews(db: Database, now: datetime, *, provider: Provider) -> None:
    """Periodic task: asks what the reviewers have decided about templates that were handed in."""
    with db.system() as conn:
        waiting = store.in_review(conn, _ASKED_AT_ONCE)
    verdicts, unanswered = {}, 0
    for code in waiting:
        try:
            verdicts[code] = _verdict(provider, code)
        except ProviderUnavailableError:
            unanswered += 1
            if unanswered == _PATIENCE:
                break
    with db.system() as conn:
        decided = {code: verdict for code, verdict in verdicts.items() if verdict[0] != "PENDING"}
        count = store.reviewed(conn, decided, now)
    log.info("reviews refreshed", extra={"decided": count, "unanswered": unanswered})


def _verdict(provider: Provider, code: str) -> tuple[str, str | None]:
    try:
        state = provider.template_state(code)
    except ProviderRefusedError as error:  # it knows no such template any more
        return "REJECTED", error.code
    return state.review, state.comment


def preview(uow: UnitOfWork, given: Values) -> dict[str, Any]:
    """The real substitution: `template_id` or content, subject and purpose; variables; a student's name.

    Variables without a value stay as they are written, and are named. Raises Problem 400 unknown_students,
    unbalanced_variable, ad_not_ready, 404.
    """
    said = _said(uow, given)
    values = said.values_for(_student_name(uow, given["student_id"]))
    names = dict.fromkeys((*texts.variables(said.text), *texts.variables(said.subject)))
    missing = [name for name in names if not values.get(name)]
    values |= {name: f"#{{{name}}}" for name in missing}
    text, subject = said.marked(content.fill(said.text, values)), content.fill(said.subject, values)
    measured = content.measure(text, subject)
    return {
        "text": text,
        "subject": subject or None,
        "kind": measured.kind,
        "bytes": measured.bytes,
        "limit": content.LMS_BYTES,
        "characters": len(text),
        "variables": list(names),
        "missing_variables": missing,
        "unsendable": [
            {"field": name, "position": one.position, "character": one.character}
            for name, part in (("body", text), ("subject", subject))
            for one in content.unsendable(part)
        ],
    }


def _said(uow: UnitOfWork, given: Values) -> Said:
    source = given
    if given["template_id"]:
        row = found(uow, given["template_id"])
        source = {"content": row.content, "subject": row.subject, "purpose": row.purpose}
    settings = guards.settings(uow.conn, uow.tenant)
    category = Category(source["purpose"])
    return Said(source["content"], source["subject"] or "", category, settings, given["variables"])


def _student_name(uow: UnitOfWork, student_id: UUID | None) -> str:
    if student_id is None:
        return ""
    rows = recipients.reachable(uow.conn, uow.tenant, [student_id])
    if not rows:
        raise texts.unknown_students([str(student_id)])
    name: str = rows[0].name
    return name


def found(uow: UnitOfWork, template_id: UUID) -> Row[Any]:
    """Raises Problem 404."""
    return _there(store.find(uow.conn, uow.tenant, template_id))


def _locked(uow: UnitOfWork, template_id: UUID) -> Row[Any]:
    return _there(store.find(uow.conn, uow.tenant, template_id, lock=True))


def _there(row: Row[Any] | None) -> Row[Any]:
    if row is None:
        raise Problem("not_found")
    return row


def _check(values: Values) -> None:
    texts.variables(values["content"])
    texts.variables(values["subject"] or "")
    length = content.byte_length(values["content"])
    if length > content.LMS_BYTES:
        raise texts.too_long("content", length, content.LMS_BYTES)
    texts.check_subject(values["subject"] or "")


def _taken() -> Problem:
    message = "같은 이름의 템플릿이 이미 있습니다."
    return Problem("template_exists", message, status=409, errors={"name": [message]})
