"""Routes of triggers under /api/v1/messaging."""

from __future__ import annotations

from typing import Any

from servicekit.auth import MANAGERS, STAFF_ROLES
from servicekit.web import Blueprint, caller, tx

from messaging.schemas.triggers import TriggerChange, TriggerSchema, TriggersSchema
from messaging.usecases import triggers as usecases

triggers = Blueprint("triggers", __name__, url_prefix="/api/v1/messaging", description="자동 발송")


@triggers.route("/auto-send/", roles=STAFF_ROLES)
@triggers.response(200, TriggersSchema)
def list_triggers() -> dict[str, Any]:
    """Every trigger with its policy, and what the academy has set of it."""
    with tx() as uow:
        return {"results": usecases.listing(uow)}


@triggers.route("/auto-send/", roles=MANAGERS, methods=["PATCH"])
@triggers.arguments(TriggerChange)
@triggers.response(200, TriggerSchema)
def change_trigger(body: dict[str, Any]) -> dict[str, Any]:
    """Switch one trigger, or set its template and channel; off means off (404 template_not_found;
    409 trigger_is_system, trigger_is_manual, trigger_is_disabled, alimtalk_not_approved;
    422 unknown_variables).
    """
    name = body.pop("trigger")
    with tx() as uow:
        return usecases.choose(uow, name, body, caller())
