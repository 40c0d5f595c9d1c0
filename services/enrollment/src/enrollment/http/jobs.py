"""What is done with imports after their upload: the history, plans, decisions, undo, and live progress."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from servicekit.auth import STAFF_ROLES
from servicekit.pagination import fetch_page
from servicekit.problem import Problem
from servicekit.web import Blueprint, deps, identity, tx

from enrollment.ports import ApiPorts
from enrollment.schemas.imports import AcceptedSchema, Decisions, JobSchema, JobsQuery, JobsSchema
from enrollment.store import plans as store
from enrollment.usecases.cancelling import cancel_import
from enrollment.usecases.plans import accept_plan
from enrollment.usecases.reviews import review
from enrollment.usecases.showing import show
from enrollment.usecases.undo import request_undo
from enrollment.usecases.uploads import Accepted

jobs = Blueprint("jobs", __name__, url_prefix="/api/v1/enrollments", description="가져오기 이력")


@jobs.route("/excel_jobs/", roles=STAFF_ROLES)
@jobs.arguments(JobsQuery, location="query")
@jobs.response(200, JobsSchema)
def list_jobs(query: dict[str, Any]) -> dict[str, Any]:
    """Imports, newest first: who, when, which file, how they ended."""
    with tx() as uow:
        page = fetch_page(
            uow.conn,
            store.history(uow.tenant, lecture_id=query["lecture"], dry_run=query["dry_run"]),
            store.NEWEST,
            cursor=query.get("cursor"),
            page_size=query["page_size"],
            descending=True,
        )
    return page.answer(lambda row: row)


@jobs.route("/excel_jobs/<uuid:job_id>/apply/", roles=STAFF_ROLES, methods=["POST"])
@jobs.response(202, AcceptedSchema)
def apply_plan(job_id: UUID) -> Accepted:
    """Carry a preview (dry_run) out as it was shown: 409 plan_changed says what is different by now."""
    with tx() as uow:
        return accept_plan(uow, job_id, identity().subject)


@jobs.route("/excel_jobs/<uuid:job_id>/review/", roles=STAFF_ROLES, methods=["POST"])
@jobs.arguments(Decisions)
@jobs.response(202, JobSchema)
def review_rows(body: dict[str, Any], job_id: UUID) -> dict[str, Any]:
    """Decide rows that need review, all or none; the import goes on with them."""
    with tx() as uow:
        review(uow, job_id, body["decisions"])
        return _shown(show(uow, job_id))


@jobs.route("/excel_jobs/<uuid:job_id>/cancel/", roles=STAFF_ROLES, methods=["POST"])
@jobs.response(202, JobSchema)
def cancel_job(job_id: UUID) -> dict[str, Any]:
    """Stop a running import at its next chunk; what was done stays and can be undone (409 import_ended)."""
    with tx() as uow:
        cancel_import(uow, job_id, identity().subject)
        return _shown(show(uow, job_id))


@jobs.route("/excel_jobs/<uuid:job_id>/undo/", roles=STAFF_ROLES, methods=["POST"])
@jobs.response(202, JobSchema)
def undo_job(job_id: UUID) -> dict[str, Any]:
    """Take an import back where nobody has changed what it did; again for the rows that were kept."""
    with tx() as uow:
        request_undo(uow, job_id, identity().subject)
        return _shown(show(uow, job_id))


@jobs.route("/excel_job_events/<uuid:job_id>/", roles=STAFF_ROLES)
@jobs.response(200, content_type="text/event-stream")
def stream_job(job_id: UUID) -> Response:
    """Server-sent events: the body of excel_job_status whenever it changes, for 20 s at most (then again).

    503 too_many_streams when enough are open: poll instead.
    """
    with tx() as uow:
        _shown(show(uow, job_id))
        tenant = uow.tenant
    return deps(ApiPorts).streams.answer(tenant, lambda uow: show(uow, job_id), JobSchema())


def _shown(job: dict[str, Any] | None) -> dict[str, Any]:
    if job is None:
        raise Problem("not_found")
    return job
