"""Routes of bulk sends, and of ending them before they begin, under /api/v1/messaging."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from servicekit.auth import STAFF_ROLES
from servicekit.pagination import PageSchema, fetch_page
from servicekit.web import Blueprint, caller, deps, tx

from messaging.ports import Ports
from messaging.schemas.batches import (
    BatchesSchema,
    BatchSchema,
    CancelledMessageSchema,
    CancelledSchema,
)
from messaging.store import batches as store
from messaging.usecases import batches as usecases

batches = Blueprint("batches", __name__, url_prefix="/api/v1/messaging", description="대량 발송")


@batches.route("/batches/", roles=STAFF_ROLES)
@batches.arguments(PageSchema, location="query")
@batches.response(200, BatchesSchema)
def list_batches(query: dict[str, Any]) -> dict[str, Any]:
    """Bulk sends, newest first, with their messages by state."""
    with tx() as uow:
        page = fetch_page(
            uow.conn,
            store.listing(uow.tenant),
            store.BATCH_ORDER,
            cursor=query.get("cursor"),
            page_size=query["page_size"],
            descending=True,
        )
        found = usecases.described(uow, page.rows)
    return page.answer(lambda row: found[row.id])


@batches.route("/scheduled/", roles=STAFF_ROLES)
@batches.arguments(PageSchema, location="query")
@batches.response(200, BatchesSchema)
def list_scheduled(query: dict[str, Any]) -> dict[str, Any]:
    """Bulk sends with messages that wait: for their hour, for the morning, for a cap or a hold."""
    with tx() as uow:
        page = fetch_page(
            uow.conn,
            store.waiting(uow.tenant),
            store.SCHEDULED_ORDER,
            cursor=query.get("cursor"),
            page_size=query["page_size"],
        )
        found = usecases.described(uow, page.rows)
    return page.answer(lambda row: found[row.id])


@batches.route("/batches/<uuid:batch_id>/", roles=STAFF_ROLES)
@batches.response(200, BatchSchema)
def show_batch(batch_id: UUID) -> dict[str, Any]:
    """One bulk send: its messages by state and reason, what they may cost and what they did."""
    with tx() as uow:
        return usecases.show(uow, batch_id)


@batches.route("/batches/<uuid:batch_id>/cancel/", roles=STAFF_ROLES, methods=["POST"])
@batches.response(200, CancelledSchema)
def cancel_batch(batch_id: UUID) -> dict[str, int]:
    """End what has not begun, and give its credits back; says how many went before."""
    with tx() as uow:
        return usecases.cancel(uow, batch_id, caller(), deps(Ports).clock.now())


@batches.route("/messages/<uuid:message_id>/cancel/", roles=STAFF_ROLES, methods=["POST"])
@batches.response(200, CancelledMessageSchema)
def cancel_message(message_id: UUID) -> dict[str, Any]:
    """End one message that has not begun (409 not_cancellable with its `state`)."""
    with tx() as uow:
        return usecases.cancel_message(uow, message_id, deps(Ports).clock.now())
