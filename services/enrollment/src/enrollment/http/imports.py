"""Excel import under /api/v1/enrollments: upload a roster, follow the job, read what became of every row."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from servicekit.auth import STAFF_ROLES
from servicekit.pagination import fetch_page
from servicekit.problem import Problem
from servicekit.upload import received_file
from servicekit.web import Blueprint, deps, identity, tx

from enrollment.domain.imports import MAX_UPLOAD_BYTES, JobState, JobStatus, Outcome, Step, progress
from enrollment.ports import UploadPorts
from enrollment.schemas.imports import (
    AcceptedSchema,
    ImportForm,
    JobSchema,
    RowsQuery,
    RowsSchema,
    UploadSchema,
)
from enrollment.store import imports as store
from enrollment.usecases.uploads import Accepted, RosterUpload, accept_upload

imports = Blueprint("imports", __name__, url_prefix="/api/v1/enrollments", description="엑셀 수강 등록")


@imports.route("/lecture_enroll_from_excel/", roles=STAFF_ROLES, methods=["POST"], max_bytes=MAX_UPLOAD_BYTES)
@imports.doc(requestBody={"content": {"multipart/form-data": {"schema": UploadSchema}}})  # type: ignore[untyped-decorator]
@imports.arguments(ImportForm, location="form", content_type="multipart/form-data")
@imports.response(202, AcceptedSchema)
def upload_roster(form: dict[str, Any]) -> Accepted:
    """Accept an Excel roster for a lecture. The same file for the same target is one job, unless forced."""
    file = received_file("file", MAX_UPLOAD_BYTES)
    upload = RosterUpload(
        path=file.path,
        sha256=file.sha256,
        file_name=file.filename,
        requested_by=identity().subject,
        **form,
    )
    return accept_upload(tx, deps(UploadPorts), upload)


@imports.route("/excel_job_status/<uuid:job_id>/", roles=STAFF_ROLES)
@imports.response(200, JobSchema)
def show_job(job_id: UUID) -> dict[str, Any]:
    """How far an import is, and how it ended."""
    with tx() as uow:
        job = store.job_now(uow.conn, job_id)
    if job is None:
        raise Problem("not_found")
    state = JobState(
        JobStatus(job.status), Step(job.step), job.rows_total, job.rows_done, job.rows_usable, job.parsed_at
    )
    return {
        **job._mapping,
        "job_id": job.id,
        "job_type": "excel_parsing",
        "progress": progress(state, job.asked_at),
    }


@imports.route("/excel_job_rows/<uuid:job_id>/", roles=STAFF_ROLES)
@imports.arguments(RowsQuery, location="query")
@imports.response(200, RowsSchema)
def list_job_rows(query: dict[str, Any], job_id: UUID) -> dict[str, Any]:
    """What became of every row, in the order of the sheet; rows still being worked on are left out."""
    outcome = Outcome(query["outcome"]) if query["outcome"] else None
    with tx() as uow:
        if not store.job_exists(uow.conn, job_id):
            raise Problem("not_found")
        page = fetch_page(
            uow.conn,
            store.settled_rows(job_id, outcome),
            store.SHEET_ORDER,
            cursor=query.get("cursor"),
            page_size=query["page_size"],
        )
    return page.answer(lambda row: row)
