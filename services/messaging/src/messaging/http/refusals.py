"""Routes of denied numbers and of refusals under /api/v1/messaging."""

from __future__ import annotations

from typing import Any

from servicekit.auth import STAFF_ROLES
from servicekit.pagination import PageSchema, fetch_page
from servicekit.web import Blueprint, caller, deps, tx

from messaging.ports import Ports
from messaging.schemas.inputs import Reason
from messaging.schemas.refusals import (
    DenialSchema,
    DenialsSchema,
    NewDenial,
    NewOptOut,
    OptOutSchema,
    OptOutsQuery,
    OptOutsSchema,
)
from messaging.store import refusals as store
from messaging.usecases import refusals as usecases

refusals = Blueprint("refusals", __name__, url_prefix="/api/v1/messaging", description="수신 거부")


@refusals.route("/denylist/", roles=STAFF_ROLES)
@refusals.arguments(PageSchema, location="query")
@refusals.response(200, DenialsSchema)
def list_denied(query: dict[str, Any]) -> dict[str, Any]:
    """Numbers that nothing may reach, newest first."""
    with tx() as uow:
        page = fetch_page(uow.conn, store.denied(uow.tenant), store.DENIED_ORDER, descending=True, **query)
    return page.answer(lambda row: row)


@refusals.route("/denylist/", roles=STAFF_ROLES, methods=["POST"])
@refusals.arguments(NewDenial)
@refusals.response(201, DenialSchema)
def deny(body: dict[str, Any]) -> Any:
    """Let nothing reach this number, not even what is queued (409 denied_already)."""
    with tx() as uow:
        return usecases.deny(uow, deps(Ports).fingerprints, body["phone"], body["reason"], caller())


@refusals.route("/denylist/<fingerprint>/remove/", roles=STAFF_ROLES, methods=["POST"])
@refusals.arguments(Reason)
@refusals.response(204)
def allow(body: dict[str, Any], fingerprint: str) -> None:
    """Let messages reach the number again."""
    with tx() as uow:
        usecases.allow(uow, fingerprint, body["reason"], caller())


@refusals.route("/opt-outs/", roles=STAFF_ROLES)
@refusals.arguments(OptOutsQuery, location="query")
@refusals.response(200, OptOutsSchema)
def list_opt_outs(query: dict[str, Any]) -> dict[str, Any]:
    """Numbers that refused advertising or everything, newest first."""
    with tx() as uow:
        found = store.opted_out(uow.tenant, query.pop("scope"))
        page = fetch_page(uow.conn, found, store.OPT_OUT_ORDER, descending=True, **query)
    return page.answer(lambda row: row)


@refusals.route("/opt-outs/", roles=STAFF_ROLES, methods=["POST"])
@refusals.arguments(NewOptOut)
@refusals.response(201, OptOutSchema)
def opt_out(body: dict[str, Any]) -> Any:
    """Note a refusal; a wider one replaces a narrower one (409 opted_out_already)."""
    with tx() as uow:
        prints = deps(Ports).fingerprints
        return usecases.opt_out_of(uow, prints, body["phone"], body["scope"], body["reason"], caller())


@refusals.route("/opt-outs/<fingerprint>/remove/", roles=STAFF_ROLES, methods=["POST"])
@refusals.arguments(Reason)
@refusals.response(204)
def opt_in(body: dict[str, Any], fingerprint: str) -> None:
    """Note that its owner wants messages again; one of the 080 service comes back at night unless it was
    withdrawn there too.
    """
    with tx() as uow:
        usecases.opt_in(uow, fingerprint, body["reason"], caller())
