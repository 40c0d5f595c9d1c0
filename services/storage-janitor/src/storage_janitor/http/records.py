"""Routes of the ledger, of holds and of erasures under /api/v1/storage."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from eventkit.clock import SYSTEM_CLOCK
from servicekit.auth import OPERATIONS, OPERATORS
from servicekit.operations import audit
from servicekit.pagination import fetch_page
from servicekit.problem import Problem
from servicekit.web import Blueprint, caller, deps, system

from storage_janitor.domain.plans import PlanKind
from storage_janitor.ports import Ports
from storage_janitor.schemas.policies import RequestSchema
from storage_janitor.schemas.records import (
    ErasureSchema,
    HoldEndSchema,
    HoldListSchema,
    HoldSchema,
    HoldsQuery,
    LedgerQuery,
    LedgerSchema,
    NewHoldSchema,
    PlacedHoldSchema,
    ReceiptSchema,
    VerifiedSchema,
)
from storage_janitor.store import holds, ledger, plans
from storage_janitor.usecases.erasure_plans import receipt
from storage_janitor.usecases.holding import NotFutureError, place
from storage_janitor.usecases.working import ask

records = Blueprint("records", __name__, url_prefix="/api/v1/storage", description="삭제 대장")


@records.route("/ledger/", roles=OPERATIONS)
@records.arguments(LedgerQuery, location="query")
@records.response(200, LedgerSchema)
def list_ledger(query: dict[str, Any]) -> dict[str, Any]:
    """Every object that was deleted, newest first: when, by which rule, why, and who let it go."""
    plan_id = query.pop("plan_id")
    found = ledger.listing(
        cause=f"plan:{plan_id}" if plan_id else None,
        tenant=query.pop("tenant_id"),
        bucket=query.pop("bucket"),
        prefix=query.pop("prefix"),
    )
    with system() as conn:
        page = fetch_page(conn, found, ledger.ORDER, descending=True, **query)
    return page.answer(lambda row: row._mapping)


@records.route("/ledger/verify/", roles=OPERATIONS)
@records.response(200, VerifiedSchema)
def verify_ledger() -> dict[str, Any]:
    """Follow the hash chain from the first entry to the last."""
    with system() as conn:
        found = ledger.verified(conn)
    return {"entries": found.entries, "head": found.head.hash, "broken_at": found.broken_at}


@records.route("/holds/", roles=OPERATORS, methods=["POST"])
@records.arguments(NewHoldSchema)
@records.response(201, PlacedHoldSchema)
def place_hold(given: dict[str, Any]) -> dict[str, Any]:
    """Keep the objects of a student, a video, a prefix or an academy, whatever the policy says."""
    ports = deps(Ports)
    with system() as conn:
        try:
            row, in_flight = place(conn, ports.policy, given, caller(), SYSTEM_CLOCK.now())
        except NotFutureError:
            message = "앞으로의 시각이어야 합니다."
            raise Problem("invalid_request", errors={"expires_at": [message]}) from None
        audit.record(conn, caller(), "hold_placed", row.id, kind=row.kind)
    return {**row._mapping, "in_flight": in_flight}


@records.route("/holds/", roles=OPERATIONS)
@records.arguments(HoldsQuery, location="query")
@records.response(200, HoldListSchema)
def list_holds(query: dict[str, Any]) -> dict[str, Any]:
    """Holds, newest first."""
    found = holds.listing(active=query.pop("state") == "active", now=SYSTEM_CLOCK.now())
    with system() as conn:
        page = fetch_page(conn, found, holds.ORDER, descending=True, **query)
    return page.answer(lambda row: row._mapping)


@records.route("/holds/<uuid:hold_id>/end/", roles=OPERATORS, methods=["POST"])
@records.arguments(HoldEndSchema)
@records.response(200, HoldSchema)
def end_hold(given: dict[str, Any], hold_id: UUID) -> Any:
    """The policy counts again; 409 hold_ended for one that is over."""
    with system() as conn:
        if holds.find(conn, hold_id) is None:
            raise Problem("not_found")
        row = holds.end(conn, hold_id, caller(), given["reason"], SYSTEM_CLOCK.now())
        if row is None:
            raise Problem("hold_ended", "이미 끝난 보존입니다.", status=409)
        audit.record(conn, caller(), "hold_ended", hold_id)
    return row


@records.route("/erasures/", roles=OPERATORS, methods=["POST"])
@records.arguments(ErasureSchema)
@records.response(202, RequestSchema)
def start_erasure(given: dict[str, Any]) -> Any:
    """Plan the deletion of every object of an academy, or of a student, in all buckets."""
    student = given["student_id"]
    parameters = {"tenant_id": given["tenant_id"], "student_id": str(student) if student else None}
    with system() as conn:
        audit.record(conn, caller(), "erasure_asked", given["tenant_id"], student=parameters["student_id"])
        return ask(conn, "erasure", parameters, caller())


@records.route("/erasures/<uuid:plan_id>/", roles=OPERATIONS)
@records.response(200, ReceiptSchema)
def show_receipt(plan_id: UUID) -> dict[str, Any]:
    """The receipt of an erasure: what left which bucket, where the ledger has it, what is left."""
    with system() as conn:
        plan = plans.find(conn, plan_id)
        if plan is None or plan.kind != PlanKind.ERASURE:
            raise Problem("not_found")
        return receipt(conn, plan)
