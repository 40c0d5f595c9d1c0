"""Cleanup of deleted duplicates under /api/v1/students."""

from __future__ import annotations

from typing import Any

from servicekit.auth import MANAGERS, STAFF_ROLES
from servicekit.web import Blueprint, deps, identity, tx

from students.http.caller import actor
from students.ports import Ports
from students.schemas.duplicates import CleanedSchema, FixSchema, PlanSchema
from students.usecases import duplicates as usecases

duplicates = Blueprint(
    "duplicates", __name__, url_prefix="/api/v1/students", description="삭제된 학생 중복 정리"
)


@duplicates.route("/deleted_duplicates_check/", roles=STAFF_ROLES)
@duplicates.response(200, PlanSchema)
def check_duplicates() -> usecases.Plan:
    """The plan: groups of deleted records of one name and parent phone, which one stays, what goes with the
    others in every service, refused groups, a `digest`.
    """
    with tx() as uow:
        plan = usecases.plan(uow)
    return usecases.ask_others(plan, identity().tenant_id, deps(Ports).ask_holdings)


@duplicates.route("/deleted_duplicates_fix/", roles=MANAGERS, methods=["POST"])
@duplicates.arguments(FixSchema)
@duplicates.response(200, CleanedSchema)
def fix_duplicates(given: dict[str, Any]) -> usecases.Cleaned:
    """Carry out the plan of that `digest` (409 plan_changed): keep who was deleted first, remove the others
    for good.
    """
    with tx() as uow:
        return usecases.fix(uow, actor(), given["digest"])
