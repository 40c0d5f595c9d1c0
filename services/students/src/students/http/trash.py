"""Deletion, restore, permanent deletion and legal holds under /api/v1/students."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from servicekit.auth import MANAGERS, STAFF_ROLES
from servicekit.problem import Problem
from servicekit.web import Blueprint, deps, identity, tx

from students.domain.purge import Reason
from students.http.caller import actor
from students.ports import Ports
from students.schemas.students import StudentDetailSchema
from students.schemas.trash import (
    ChosenSchema,
    DeletedSchema,
    NewHoldSchema,
    PurgedSchema,
    ResolutionsSchema,
    ResolvedSchema,
    RestoredSchema,
)
from students.usecases import trash as usecases
from students.usecases.conflicts import resolve_conflicts
from students.usecases.purge import purge, record_refusals
from students.usecases.showing import show

trash = Blueprint("trash", __name__, url_prefix="/api/v1/students", description="삭제된 학생")


@trash.route("/<uuid:student_id>/", roles=STAFF_ROLES, methods=["DELETE"])
@trash.response(204)
def delete_student(student_id: UUID) -> None:
    """Put a student in the trash; 30 days later it is gone for good (409 already_deleted)."""
    with tx() as uow:
        usecases.delete_student(uow, actor(), student_id)


@trash.route("/bulk_delete/", roles=STAFF_ROLES, methods=["POST"])
@trash.arguments(ChosenSchema)
@trash.response(200, DeletedSchema)
def bulk_delete(given: dict[str, Any]) -> dict[str, Any]:
    """Put up to 500 students in the trash: the number of `deleted`, and a code for each of the `skipped`."""
    with tx() as uow:
        deleted, skipped = usecases.delete_students(uow, actor(), given["ids"])
    return {"deleted": deleted, "skipped": skipped}


@trash.route("/bulk_restore/", roles=STAFF_ROLES, methods=["POST"])
@trash.arguments(ChosenSchema)
@trash.response(200, RestoredSchema)
def bulk_restore(given: dict[str, Any]) -> dict[str, Any]:
    """Bring up to 500 students back as they were: the number of `restored`, and for each of the `skipped` a
    code and who is in the way. Nobody is enrolled, no message is sent, passwords stay.
    """
    with tx() as uow:
        rows, skipped = usecases.restore_students(uow, actor(), given["ids"])
    return {"restored": len(rows), "skipped": skipped}


@trash.route("/bulk_resolve_conflicts/", roles=STAFF_ROLES, methods=["POST"])
@trash.arguments(ResolutionsSchema)
@trash.response(200, ResolvedSchema)
def bulk_resolve_conflicts(given: dict[str, Any]) -> dict[str, Any]:
    """For up to 500 rows that met a deleted student: bring that one back, or (owner, admin) remove it for
    good and create anew; one outcome per row.
    """
    if any(one.action == "delete" for one in given["resolutions"]) and not identity().roles & MANAGERS:
        raise Problem("forbidden")
    initial_hash = deps(Ports).hasher.hash(given["initial_password"])
    with tx() as uow:
        results = resolve_conflicts(uow, actor(), given["resolutions"], initial_hash)
    counts = Counter(one.outcome for one in results)
    failed = [one for one in results if one.outcome == "failed"]
    return {
        "created": counts["created"],
        "restored": counts["restored"],
        "failed": failed,
        "results": results,
    }


@trash.route("/bulk_permanent_delete/", roles=MANAGERS, methods=["POST"])
@trash.arguments(ChosenSchema)
@trash.response(200, PurgedSchema)
def bulk_permanent_delete(given: dict[str, Any]) -> dict[str, Any]:
    """Remove up to 500 students of the trash for good, here and in every other service: the number of
    `deleted`, `erasure_ids`, and a code for each of the `skipped` (not_found, not_deleted, legal_hold,
    cross_tenant_reference).
    """
    with tx() as uow:
        done = purge(uow, actor(), given["ids"], Reason.REQUESTED)
        record_refusals(uow, actor(), done.refused, Reason.REQUESTED)
    return {"deleted": len(done.purged), "erasure_ids": done.erasure_ids, "skipped": done.refused}


@trash.route("/<uuid:student_id>/hold/", roles=MANAGERS, methods=["POST"])
@trash.arguments(NewHoldSchema)
@trash.response(200, StudentDetailSchema)
def hold_student(given: dict[str, Any], student_id: UUID) -> dict[str, Any]:
    """A legal hold with `reason` and `until` keeps a student, deleted or not, from being removed for good; it
    replaces the one that may be there.
    """
    with tx() as uow:
        usecases.hold_student(uow, actor(), student_id, reason=given["reason"], until=given["until"])
        return show(uow, student_id, deps(Ports))


@trash.route("/<uuid:student_id>/hold/", roles=MANAGERS, methods=["DELETE"])
@trash.response(204)
def release_student(student_id: UUID) -> None:
    """Lift a legal hold (404 where there is none)."""
    with tx() as uow:
        usecases.release_student(uow, actor(), student_id)
