"""Routes of a bulk send by hand under /api/v1/messaging."""

from __future__ import annotations

from typing import Any

from servicekit.auth import STAFF_ROLES
from servicekit.web import Blueprint, caller, deps, tx

from messaging.ports import Ports
from messaging.schemas.composing import AskSchema, EstimateSchema, SendSchema, SentSchema
from messaging.usecases import composing as usecases

composing = Blueprint("composing", __name__, url_prefix="/api/v1/messaging", description="메시지 보내기")


@composing.route("/estimate/", roles=STAFF_ROLES, methods=["POST"])
@composing.arguments(AskSchema)
@composing.response(200, EstimateSchema)
def estimate(given: dict[str, Any]) -> dict[str, Any]:
    """What sending to up to 10,000 students comes to: messages after shared numbers, who is left out and why,
    kinds, price, price where Alimtalk fails over, balance after. Nothing is written. Its `confirm` sends it.
    """
    ports = deps(Ports)
    with tx() as uow:
        return usecases.estimate(uow, ports.fingerprints, given["ask"], ports.clock.now())


@composing.route("/send/", roles=STAFF_ROLES, methods=["POST"])
@composing.arguments(SendSchema)
@composing.response(202, SentSchema)
def send(given: dict[str, Any]) -> dict[str, Any]:
    """Queue what was estimated, once (400 no_sender, unknown_students, no_recipients, empty_body,
    template_not_approved, no_channel, ad_not_ready, alimtalk_is_information, unsendable_characters,
    too_long, missing_variables, unbalanced_variable; 404 for the template; 409 estimate_changed,
    already_sent, insufficient_balance).
    """
    ports = deps(Ports)
    with tx() as uow:
        return usecases.send(
            uow, ports.fingerprints, given["ask"], given["confirm"], caller(), ports.clock.now()
        )
