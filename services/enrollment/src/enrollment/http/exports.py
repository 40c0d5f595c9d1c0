"""Exports under /api/v1/enrollments/exports: ask, follow, download within 24 hours."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote
from uuid import UUID

from flask import Response
from servicekit.auth import STAFF_ROLES
from servicekit.pagination import fetch_page
from servicekit.problem import Problem
from servicekit.web import Blueprint, deps, identity, tx

from enrollment.domain.exports import (
    FAILURES,
    LINK_LIFETIME,
    TEMPLATE_NAME,
    TEMPLATE_ROWS,
    TEMPLATE_SHEET,
    ExportKind,
    ExportStatus,
    percent,
)
from enrollment.ports import ApiPorts
from enrollment.schemas.exports import ExportSchema, ExportsQuery, ExportsSchema, NewExport
from enrollment.store import exports as store
from enrollment.usecases.exports import XLSX, request_export

exports = Blueprint("exports", __name__, url_prefix="/api/v1/enrollments/exports", description="내보내기")

templates = Blueprint("templates", __name__, url_prefix="/api/v1/enrollments", description="양식")


@exports.route("/", roles=STAFF_ROLES, methods=["POST"])
@exports.arguments(NewExport)
@exports.response(202, ExportSchema)
def create_export(body: dict[str, Any]) -> dict[str, Any]:
    """Ask for a workbook. While its content is the same it is one job; after a change it is a new file."""
    with tx() as uow:
        job = request_export(uow, ExportKind(body["kind"]), body["target_id"], identity().subject)
    return _shown(job)


@exports.route("/", roles=STAFF_ROLES)
@exports.arguments(ExportsQuery, location="query")
@exports.response(200, ExportsSchema)
def list_exports(query: dict[str, Any]) -> dict[str, Any]:
    """Exports, newest first."""
    with tx() as uow:
        page = fetch_page(
            uow.conn,
            store.listing(uow.tenant, kind=query["kind"], target_id=query["target"]),
            store.NEWEST,
            cursor=query.get("cursor"),
            page_size=query["page_size"],
            descending=True,
        )
    return page.answer(_shown)


@exports.route("/<uuid:export_id>/", roles=STAFF_ROLES)
@exports.response(200, ExportSchema)
def show_export(export_id: UUID) -> dict[str, Any]:
    """How far an export is; when it is DONE, a link that is good for 10 minutes."""
    with tx() as uow:
        job = store.find(uow.conn, uow.tenant, export_id)
    if job is None:
        raise Problem("not_found")
    return _shown(job)


@templates.route("/excel_template/", roles=STAFF_ROLES)
@templates.response(200, content_type=XLSX)
def download_template() -> Response:
    """The empty sheet to fill in; its two example rows are skipped should they stay."""
    with TemporaryDirectory(prefix="template-") as folder:
        path = Path(folder) / "template.xlsx"
        deps(ApiPorts).write_sheet(path, TEMPLATE_SHEET, TEMPLATE_ROWS)
        content = path.read_bytes()
    disposition = f"attachment; filename=\"template.xlsx\"; filename*=UTF-8''{quote(TEMPLATE_NAME, safe='')}"
    return Response(content, content_type=XLSX, headers={"Content-Disposition": disposition})


def _shown(job: store.Job) -> dict[str, Any]:
    status = ExportStatus(job.status)
    if status is ExportStatus.DONE and job.expires_at <= job.asked_at:
        status = ExportStatus.EXPIRED
    return {
        **job._mapping,
        "status": status,
        "progress": {
            "percent": percent(status, job.rows_done, job.rows_total),
            "rows_done": job.rows_done,
            "rows_total": job.rows_total,
        },
        "download_url": _link(job) if status is ExportStatus.DONE else None,
        "error_message": FAILURES[job.error_code] if job.error_code else None,
    }


def _link(job: store.Job) -> str:
    good_for = min(LINK_LIFETIME, job.expires_at - job.asked_at)
    return deps(ApiPorts).objects.presign_get(job.object_key, good_for, job.file_name)
