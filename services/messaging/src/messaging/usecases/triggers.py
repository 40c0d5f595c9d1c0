"""Which triggers send by themselves, and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventkit.uow import UnitOfWork
from servicekit.problem import Problem
from sqlalchemy import Row

from messaging.domain import content
from messaging.domain.messages import Category, Mode
from messaging.domain.triggers import TRIGGERS, Policy, Trigger, is_on
from messaging.store import templates, trail
from messaging.store import triggers as store
from messaging.usecases import texts

_FIXED = {
    Policy.SYSTEM: ("trigger_is_system", "가입과 비밀번호 알림은 끌 수 없습니다."),
    Policy.MANUAL: (
        "trigger_is_manual",
        "사람이 확인한 뒤에 보내는 알림이라 자동으로 바꿀 수 없습니다.",
    ),
    Policy.DISABLED: ("trigger_is_disabled", "사용하지 않는 알림입니다. 켤 수 없습니다."),
}


def listing(uow: UnitOfWork) -> list[dict[str, Any]]:
    """Every trigger that is declared, with what the academy has set."""
    chosen = store.chosen(uow.conn, uow.tenant)
    return [_shown(trigger, chosen.get(trigger.name)) for trigger in TRIGGERS.values()]


def choose(uow: UnitOfWork, name: str, changes: Mapping[str, Any], by: str) -> dict[str, Any]:
    """Switch a trigger, or say what it says.

    Raises Problem 409 trigger_is_system, trigger_is_manual, trigger_is_disabled for a switch that its policy
    does not leave open; 404; 409 alimtalk_not_approved; 422 unknown_variables.
    """
    trigger = TRIGGERS[name]
    enabled = changes.get("enabled")
    if enabled is not None and trigger.policy is not Policy.AUTOMATIC and enabled != is_on(trigger, None):
        code, detail = _FIXED[trigger.policy]
        raise Problem(code, detail, status=409)
    # a template that is chosen for a trigger switches nothing
    first = {"enabled": is_on(trigger, None), "mode": Mode.SMS.value, "template_id": None}
    row = store.choose(uow.conn, uow.tenant, name, first, {**changes, "changed_by": by})
    if row.template_id is not None:
        _check(uow, trigger, row)
    details = {key: str(one) if key == "template_id" and one else one for key, one in changes.items()}
    trail.record(uow.conn, uow.tenant, by, "trigger_changed", name, details=details)
    return _shown(trigger, row)


def _check(uow: UnitOfWork, trigger: Trigger, row: Row[Any]) -> None:
    """What it says has to fit, also when only the channel changes."""
    template = templates.find(uow.conn, uow.tenant, row.template_id, lock=True)
    if template is None:
        raise Problem("template_not_found", "템플릿을 찾을 수 없습니다.", status=404)
    known = {*trigger.variables, texts.STUDENT_NAME, texts.ACADEMY}
    used = dict.fromkeys((*texts.variables(template.content), *content.variables(template.subject or "")))
    if strange := [one for one in used if one not in known]:
        detail = "이 알림에서 쓸 수 없는 변수가 템플릿에 있습니다."
        raise Problem("unknown_variables", detail, status=422, members={"variables": strange})
    if row.mode != Mode.SMS and template.purpose == Category.AD:
        raise texts.information_only()
    if row.mode != Mode.SMS and template.review != "APPROVED":
        detail = "알림톡은 승인된 템플릿으로만 보낼 수 있습니다."
        raise Problem("alimtalk_not_approved", detail, status=409)


def _shown(trigger: Trigger, row: Row[Any] | None) -> dict[str, Any]:
    return {
        "trigger": trigger.name,
        "title": trigger.title,
        "policy": trigger.policy.value,
        "variables": [*trigger.variables, texts.STUDENT_NAME, texts.ACADEMY],
        "enabled": is_on(trigger, row.enabled if row else None),
        "switchable": trigger.policy is Policy.AUTOMATIC,
        "template_id": row.template_id if row else None,
        "mode": row.mode if row else Mode.SMS.value,
        "changed_by": row.changed_by if row else None,
        "updated_at": row.updated_at if row else None,
    }
