"""Routes of what triggers ask for under /api/v1/messaging."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from servicekit.auth import STAFF_ROLES
from servicekit.pagination import fetch_page
from servicekit.web import Blueprint, caller, deps, tx
from sqlalchemy import Row

from messaging.domain.triggers import TRIGGERS
from messaging.ports import Ports
from messaging.schemas.composing import EstimatedSchema
from messaging.schemas.requests import (
    AskedSchema,
    NewRequest,
    RequestSchema,
    RequestsQuery,
    RequestsSchema,
)
from messaging.store import requests as store
from messaging.usecases import requests as usecases
from messaging.usecases.reasons import explain

requests = Blueprint("requests", __name__, url_prefix="/api/v1/messaging", description="알림 요청")


@requests.route("/requests/", roles=STAFF_ROLES)
@requests.arguments(RequestsQuery, location="query")
@requests.response(200, RequestsSchema)
def list_requests(query: dict[str, Any]) -> dict[str, Any]:
    """What triggers asked for and what became of it, newest first; also what is off or has no template."""
    with tx() as uow:
        found = store.listing(uow.tenant, query.pop("state"))
        page = fetch_page(uow.conn, found, store.REQUEST_ORDER, descending=True, **query)
    return page.answer(_shown)


@requests.route("/requests/", roles=STAFF_ROLES, methods=["POST"])
@requests.arguments(NewRequest)
@requests.response(202, AskedSchema)
def ask(body: dict[str, Any]) -> dict[str, UUID]:
    """Ask for what a trigger says; its policy decides what comes of it (409 trigger_is_system,
    trigger_is_disabled).
    """
    with tx() as uow:
        return {"id": usecases.ask(uow, body["trigger"], body)}


@requests.route("/requests/<uuid:request_id>/estimate/", roles=STAFF_ROLES)
@requests.response(200, EstimatedSchema)
def preview(request_id: UUID) -> dict[str, Any]:
    """What confirming it would come to, as for a bulk send (409 request_decided)."""
    ports = deps(Ports)
    with tx() as uow:
        return usecases.preview(uow, ports.fingerprints, request_id, ports.clock.now())


@requests.route("/requests/<uuid:request_id>/confirm/", roles=STAFF_ROLES, methods=["POST"])
@requests.response(200, RequestSchema)
def confirm(request_id: UUID) -> dict[str, Any]:
    """Send it, once, as a batch of the same id (409 request_decided, insufficient_balance; 400 as for a bulk
    send).
    """
    ports = deps(Ports)
    with tx() as uow:
        return _shown(usecases.confirm(uow, ports.fingerprints, request_id, caller(), ports.clock.now()))


@requests.route("/requests/<uuid:request_id>/dismiss/", roles=STAFF_ROLES, methods=["POST"])
@requests.response(200, RequestSchema)
def dismiss(request_id: UUID) -> dict[str, Any]:
    """Send nothing of it (409 request_decided)."""
    with tx() as uow:
        return _shown(usecases.dismiss(uow, request_id, caller(), deps(Ports).clock.now()))


def _shown(row: Row[Any]) -> dict[str, Any]:
    trigger = TRIGGERS.get(row.trigger)
    title = trigger.title if trigger else row.trigger
    return {**row._mapping, "title": title, "reason": explain(row.code)}
