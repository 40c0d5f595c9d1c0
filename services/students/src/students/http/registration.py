"""Routes of registration under /api/v1/students: one for strangers, the others for staff."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import request
from servicekit.auth import MANAGERS, PUBLIC, STAFF_ROLES
from servicekit.pagination import fetch_page
from servicekit.throttle import client_address
from servicekit.web import Blueprint, deps, tx

from students.domain.registration import RECEIVED, Refusal
from students.http.caller import actor
from students.ports import Ports
from students.schemas.registration import (
    ApproveSchema,
    BulkApprovedSchema,
    BulkApproveSchema,
    BulkRejectedSchema,
    BulkRejectSchema,
    ReceivedSchema,
    RejectSchema,
    RequestItemSchema,
    RequestListSchema,
    RequestQuery,
    RequestSchema,
    SettingsSchema,
)
from students.store import registration as store
from students.usecases import registration as usecases

MAX_BYTES = 16 << 10

registration = Blueprint("registration", __name__, url_prefix="/api/v1/students", description="학생")


@registration.route("/registration_requests/", roles=PUBLIC, methods=["POST"], max_bytes=MAX_BYTES)
@registration.arguments(RequestSchema)
@registration.response(202, ReceivedSchema)
def ask(body: dict[str, Any]) -> dict[str, str]:
    """Ask to become a student of an academy. The answer is always the same `detail`, whoever is known there;
    429 after 5 requests an hour from an address, 30 a minute to an academy.
    """
    academy, password = body["academy"], body["password"]
    with tx(academy) as uow:
        usecases.count_request(uow, client_address(request))
    password_hash = deps(Ports).hasher.hash(password)
    with tx(academy) as uow:
        usecases.ask(uow, deps(Ports).pseudonyms, body, password_hash)
    return {"detail": RECEIVED}


@registration.route("/registration_requests/", roles=STAFF_ROLES)
@registration.arguments(RequestQuery, location="query")
@registration.response(200, RequestListSchema)
def list_requests(query: dict[str, Any]) -> dict[str, Any]:
    """Requests of one `status`, newest first, each with the student that it may be (`match`)."""
    with tx() as uow:
        page = fetch_page(
            uow.conn,
            store.listing(uow.tenant, query["status"]),
            store.REQUEST_ORDER,
            cursor=query.get("cursor"),
            page_size=query["page_size"],
            descending=True,
        )
    return page.answer(lambda row: row)


@registration.route("/registration_requests/<uuid:request_id>/approve/", roles=STAFF_ROLES, methods=["POST"])
@registration.arguments(ApproveSchema)
@registration.response(200, RequestItemSchema)
def approve(body: dict[str, Any], request_id: UUID) -> Any:
    """Make a student of the request, or with `on_deleted` "restore" bring back the deleted one that it is
    (409 already_decided, several_deleted_candidates, and those of creating a student).
    """
    with tx() as uow:
        usecases.approve_request(uow, actor(), request_id, restore=body["on_deleted"] == "restore")
        return store.one(uow.conn, uow.tenant, request_id)


@registration.route("/registration_requests/<uuid:request_id>/reject/", roles=STAFF_ROLES, methods=["POST"])
@registration.arguments(RejectSchema)
@registration.response(200, RequestItemSchema)
def reject(body: dict[str, Any], request_id: UUID) -> Any:
    """Say no to the request; nobody outside is told (409 already_decided)."""
    with tx() as uow:
        usecases.reject_request(uow, actor(), request_id, body["reason"])
        return store.one(uow.conn, uow.tenant, request_id)


@registration.route("/registration_requests/bulk_approve/", roles=STAFF_ROLES, methods=["POST"])
@registration.arguments(BulkApproveSchema)
@registration.response(200, BulkApprovedSchema)
def bulk_approve(body: dict[str, Any]) -> dict[str, Any]:
    """Approve those without a conflict: the number of `approved`, and a code for each that `failed`."""
    with tx() as uow:
        refused = usecases.approve_requests(uow, actor(), body["ids"])
    return {"approved": len(body["ids"]) - len(refused), "failed": _failed(refused)}


@registration.route("/registration_requests/bulk_reject/", roles=STAFF_ROLES, methods=["POST"])
@registration.arguments(BulkRejectSchema)
@registration.response(200, BulkRejectedSchema)
def bulk_reject(body: dict[str, Any]) -> dict[str, Any]:
    """Reject those that are pending: the number of `rejected`, and a code for each that `failed`."""
    with tx() as uow:
        rejected, refused = usecases.reject_requests(uow, actor(), body["ids"], body["reason"])
    return {"rejected": rejected, "failed": _failed(refused)}


@registration.route("/registration_requests/settings/", roles=STAFF_ROLES)
@registration.response(200, SettingsSchema)
def show_settings() -> dict[str, bool]:
    """How the academy takes requests: `auto_approve`."""
    with tx() as uow:
        return {"auto_approve": store.auto_approve(uow.conn, uow.tenant)}


@registration.route("/registration_requests/settings/", roles=MANAGERS, methods=["PATCH"])
@registration.arguments(SettingsSchema)
@registration.response(200, SettingsSchema)
def change_settings(body: dict[str, bool]) -> dict[str, bool]:
    """Change `auto_approve`, for requests that come from now on."""
    with tx() as uow:
        usecases.set_auto_approve(uow, actor(), body["auto_approve"])
    return body


def _failed(refused: Sequence[Refusal]) -> list[dict[str, Any]]:
    return [{"id": one.id, "code": one.code, "detail": usecases.reason_of(one.code)} for one in refused]
