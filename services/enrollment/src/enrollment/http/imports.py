"""Excel import: upload a roster, follow the job, read what became of every row.

Under /api/v1/enrollments students are enrolled in a lecture; under /api/v1/students, which the gateway
sends here for these three routes, they are only registered. The job's routes are the same.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from servicekit.auth import STAFF_ROLES
from servicekit.pagination import fetch_page
from servicekit.problem import Problem
from servicekit.upload import received_file
from servicekit.web import Blueprint, deps, identity, tx

from enrollment.domain.imports import MAX_UPLOAD_BYTES, Outcome
from enrollment.ports import ApiPorts
from enrollment.schemas.imports import (
    AcceptedSchema,
    ImportForm,
    JobSchema,
    RowsQuery,
    RowsSchema,
    StudentImportForm,
    StudentUploadSchema,
    UploadSchema,
)
from enrollment.store import imports as store
from enrollment.usecases.showing import show
from enrollment.usecases.uploads import Accepted, RosterUpload, accept_upload

imports = Blueprint("imports", __name__, url_prefix="/api/v1/enrollments", description="엑셀 수강 등록")
student_imports = Blueprint(
    "student_imports", __name__, url_prefix="/api/v1/students", description="엑셀 학생 등록"
)


@imports.route("/lecture_enroll_from_excel/", roles=STAFF_ROLES, methods=["POST"], max_bytes=MAX_UPLOAD_BYTES)
@imports.doc(requestBody={"content": {"multipart/form-data": {"schema": UploadSchema}}})
@imports.arguments(ImportForm, location="form", content_type="multipart/form-data")
@imports.response(202, AcceptedSchema)
def upload_roster(form: dict[str, Any]) -> Accepted:
    """Accept an Excel roster for a lecture. The same file for the same target is one job, unless `force`."""
    return _accept(form)


@student_imports.route(
    "/bulk_create_from_excel/", roles=STAFF_ROLES, methods=["POST"], max_bytes=MAX_UPLOAD_BYTES
)
@student_imports.doc(requestBody={"content": {"multipart/form-data": {"schema": StudentUploadSchema}}})
@student_imports.arguments(StudentImportForm, location="form", content_type="multipart/form-data")
@student_imports.response(202, AcceptedSchema)
def upload_students(form: dict[str, Any]) -> Accepted:
    """Accept an Excel list of students, enrolling nobody. The same file is one job, unless `force`."""
    return _accept(form)


def _accept(form: dict[str, Any]) -> Accepted:
    file = received_file("file", MAX_UPLOAD_BYTES)
    upload = RosterUpload(
        path=file.path,
        sha256=file.sha256,
        file_name=file.filename,
        requested_by=identity().subject,
        **form,
    )
    return accept_upload(tx, deps(ApiPorts), upload)


@student_imports.route("/excel_job_status/<uuid:job_id>/", roles=STAFF_ROLES)
@imports.route("/excel_job_status/<uuid:job_id>/", roles=STAFF_ROLES)
@imports.response(200, JobSchema)
def show_job(job_id: UUID) -> dict[str, Any]:
    """How far an import is: status, progress, then result or error. Either path answers for any job."""
    with tx() as uow:
        shown = show(uow, job_id)
    if shown is None:
        raise Problem("not_found")
    return shown


@student_imports.route("/excel_job_rows/<uuid:job_id>/", roles=STAFF_ROLES)
@imports.route("/excel_job_rows/<uuid:job_id>/", roles=STAFF_ROLES)
@imports.arguments(RowsQuery, location="query")
@imports.response(200, RowsSchema)
def list_job_rows(query: dict[str, Any], job_id: UUID) -> dict[str, Any]:
    """What became of every row, in the order of the sheet; rows still being worked on are left out. Either
    path answers for any job.
    """
    outcome = Outcome(query["outcome"]) if query["outcome"] else None
    with tx() as uow:
        if not store.job_exists(uow.conn, job_id):
            raise Problem("not_found")
        page = fetch_page(
            uow.conn,
            store.settled_rows(job_id, outcome, query["undo"]),
            store.SHEET_ORDER,
            cursor=query.get("cursor"),
            page_size=query["page_size"],
        )
    return page.answer(lambda row: row)
