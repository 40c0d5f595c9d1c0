"""Routes of an academy's settings under /api/v1/messaging."""

from __future__ import annotations

from typing import Any

from servicekit.auth import MANAGERS, STAFF_ROLES
from servicekit.pagination import fetch_page
from servicekit.web import Blueprint, caller, deps, tx

from messaging.ports import Ports
from messaging.schemas.settings import (
    ChannelSchema,
    HoldSchema,
    HoldSwitch,
    InfoChanges,
    InfoSchema,
    SenderQuery,
    SenderSchema,
    TrailQuery,
    TrailSchema,
)
from messaging.store import guards, trail
from messaging.usecases import settings as usecases

settings = Blueprint("settings", __name__, url_prefix="/api/v1/messaging", description="메시지 설정")


@settings.route("/info/", roles=STAFF_ROLES)
@settings.response(200, InfoSchema)
def show_info() -> dict[str, Any]:
    """The academy's sender, channel, prices, caps and balance."""
    with tx() as uow:
        return usecases.info(uow)


@settings.route("/info/", roles=MANAGERS, methods=["PATCH"])
@settings.arguments(InfoChanges)
@settings.response(200, InfoSchema)
def change_info(values: dict[str, Any]) -> dict[str, Any]:
    """Change the given fields; prices are not among them (409 sender_not_verified)."""
    with tx() as uow:
        return usecases.change(uow, values, caller())


@settings.route("/verify-sender/", roles=MANAGERS, methods=["POST"])
@settings.arguments(SenderQuery)
@settings.response(200, SenderSchema)
def verify_sender(body: dict[str, Any]) -> dict[str, Any]:
    """Ask the provider whether messages may be sent from this number, and remember that they may (409
    sender_not_registered, 503 provider_unavailable).
    """
    ports = deps(Ports)
    # outside a transaction: the provider may take its time
    usecases.ask_provider(ports.provider, body["phone"])
    with tx() as uow:
        return usecases.verified(uow, body["phone"], caller(), ports.clock.now())


@settings.route("/channel-check/", roles=STAFF_ROLES)
@settings.response(200, ChannelSchema)
def check_channel() -> dict[str, Any]:
    """Whether Alimtalk may leave, and in Korean what is missing."""
    with tx() as uow:
        return usecases.channel(uow)


@settings.route("/hold/", roles=STAFF_ROLES)
@settings.response(200, HoldSchema)
def show_hold() -> Any:
    """Whether everything is kept back, why, and who switched it last."""
    with tx() as uow:
        return guards.settings(uow.conn, uow.tenant)


@settings.route("/hold/", roles=MANAGERS, methods=["PUT"])
@settings.arguments(HoldSwitch)
@settings.response(200, HoldSchema)
def switch_hold(body: dict[str, Any]) -> Any:
    """Keep everything back, or let it go on: once this has answered, no call to the provider begins."""
    with tx() as uow:
        now = deps(Ports).clock.now()
        return usecases.switch_hold(uow, on=body["hold"], reason=body["reason"], by=caller(), now=now)


@settings.route("/trail/", roles=MANAGERS)
@settings.arguments(TrailQuery, location="query")
@settings.response(200, TrailSchema)
def show_trail(query: dict[str, Any]) -> dict[str, Any]:
    """Who changed settings, triggers, the hold, denied numbers and refusals, newest first."""
    with tx() as uow:
        found = trail.entries(uow.tenant, query.pop("action"))
        page = fetch_page(uow.conn, found, trail.TRAIL_ORDER, descending=True, **query)
    return page.answer(lambda row: row)
