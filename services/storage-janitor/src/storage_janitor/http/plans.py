"""Routes of sweeps and plans under /api/v1/storage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from eventkit.clock import SYSTEM_CLOCK
from servicekit.auth import APPROVERS, OPERATIONS, OPERATORS
from servicekit.operations import audit
from servicekit.pagination import PageSchema, fetch_page
from servicekit.periodic import hasten
from servicekit.problem import Problem
from servicekit.web import Blueprint, caller, system
from sqlalchemy import Connection

from storage_janitor.schemas.plans import (
    ApprovalSchema,
    ItemListSchema,
    PlanListSchema,
    PlanSchema,
    PlansQuery,
    SampleSchema,
    SweepListSchema,
    SweepRequestSchema,
    SweepsQuery,
)
from storage_janitor.schemas.policies import RequestSchema
from storage_janitor.store import plans as store
from storage_janitor.store import sweeps
from storage_janitor.usecases import planning
from storage_janitor.usecases.applying import APPLY_PLANS
from storage_janitor.usecases.planning import PlanRefusedError
from storage_janitor.usecases.working import ask

plans = Blueprint("plans", __name__, url_prefix="/api/v1/storage", description="삭제 계획")

_SAMPLE = 20
# code → (status, Korean detail)
_REFUSALS = {
    "plan_state": (409, "지금 상태의 계획으로는 할 수 없습니다."),
    "digest_mismatch": (409, "확인한 계획과 다릅니다. 계획을 다시 열어 확인해 주세요."),
    "own_approval": (403, "자신이 만든 계획은 승인할 수 없습니다."),
    "approval_required": (409, "먼저 승인을 받아야 합니다."),
}


@plans.route("/sweeps/", roles=OPERATORS, methods=["POST"])
@plans.arguments(SweepRequestSchema)
@plans.response(202, RequestSchema)
def start_sweep(given: dict[str, Any]) -> Any:
    """Read a bucket now, and plan what is due."""
    with system() as conn:
        return ask(conn, "sweep", given, caller())


@plans.route("/sweeps/", roles=OPERATIONS)
@plans.arguments(SweepsQuery, location="query")
@plans.response(200, SweepListSchema)
def list_sweeps(query: dict[str, Any]) -> dict[str, Any]:
    """Sweeps, newest first: what each bucket had in it."""
    with system() as conn:
        found = sweeps.listing(query.pop("bucket"))
        page = fetch_page(conn, found, sweeps.ORDER, descending=True, **query)
    return page.answer(lambda row: row._mapping)


@plans.route("/plans/", roles=OPERATIONS)
@plans.arguments(PlansQuery, location="query")
@plans.response(200, PlanListSchema)
def list_plans(query: dict[str, Any]) -> dict[str, Any]:
    """Plans, newest first."""
    with system() as conn:
        found = store.listing(state=query.pop("state"), kind=query.pop("kind"))
        page = fetch_page(conn, found, store.ORDER, descending=True, **query)
    return page.answer(lambda row: row._mapping)


@plans.route("/plans/<uuid:plan_id>/", roles=OPERATIONS)
@plans.response(200, PlanSchema)
def show_plan(plan_id: UUID) -> Any:
    """A plan: what goes, why, what it saves, which fuses it blows, and what has become of it."""
    with system() as conn:
        return _found(store.find(conn, plan_id))


@plans.route("/plans/<uuid:plan_id>/items/", roles=OPERATIONS)
@plans.arguments(PageSchema, location="query")
@plans.response(200, ItemListSchema)
def list_items(query: dict[str, Any], plan_id: UUID) -> dict[str, Any]:
    """Every object of a plan, in order."""
    with system() as conn:
        _found(store.find(conn, plan_id))
        page = fetch_page(conn, store.item_listing(plan_id), store.ITEM_ORDER, **query)
    return page.answer(lambda row: row._mapping)


@plans.route("/plans/<uuid:plan_id>/sample/", roles=OPERATIONS)
@plans.response(200, SampleSchema)
def show_sample(plan_id: UUID) -> dict[str, Any]:
    """Twenty objects of a plan, evenly apart, to be looked at before it is approved."""
    with system() as conn:
        rows = store.sample(conn, _found(store.find(conn, plan_id)), _SAMPLE)
    return {"results": [row._mapping for row in rows]}


@plans.route("/plans/<uuid:plan_id>/approve/", roles=APPROVERS, methods=["POST"])
@plans.arguments(ApprovalSchema)
@plans.response(200, PlanSchema)
def approve_plan(given: dict[str, Any], plan_id: UUID) -> Any:
    """Let a plan be applied, by its digest; 409 digest_mismatch or plan_state, 403 own_approval."""

    def approve(conn: Connection) -> store.Plan | None:
        return planning.approve(conn, plan_id, given["digest"], caller(), SYSTEM_CLOCK.now())

    return _moved(plan_id, "plan_approved", approve, digest=given["digest"])


@plans.route("/plans/<uuid:plan_id>/reject/", roles=OPERATORS, methods=["POST"])
@plans.response(200, PlanSchema)
def reject_plan(plan_id: UUID) -> Any:
    """It is not applied; one under way stops after its batch."""
    return _moved(plan_id, "plan_rejected", lambda conn: planning.reject(conn, plan_id))


@plans.route("/plans/<uuid:plan_id>/apply/", roles=OPERATORS, methods=["POST"])
@plans.response(200, PlanSchema)
def apply_plan(plan_id: UUID) -> Any:
    """Apply an approved plan now instead of after its grace, or go on with a stopped one."""
    return _moved(plan_id, "plan_applied", lambda conn: planning.resume(conn, plan_id, SYSTEM_CLOCK.now()))


def _moved(
    plan_id: UUID, action: str, move: Callable[[Connection], store.Plan | None], **detail: str
) -> store.Plan:
    with system() as conn:
        try:
            row = _found(move(conn))
        except PlanRefusedError as error:
            status, text = _REFUSALS[error.code]
            raise Problem(error.code, text, status=status) from None
        audit.record(conn, caller(), action, plan_id, **detail)
        hasten(conn, APPLY_PLANS)
    return row


def _found(row: store.Plan | None) -> store.Plan:
    if row is None:
        raise Problem("not_found")
    return row
