"""Routes of records under /api/v1/students."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from flask import Response, stream_with_context
from servicekit.auth import STAFF_ROLES
from servicekit.upload import received_file
from servicekit.web import Blueprint, deps, tx

from students.domain.records import MAX_PHOTO_BYTES
from students.http.caller import actor
from students.ports import Ports
from students.schemas.bulk import BulkResultSchema, BulkSchema
from students.schemas.students import (
    ChangesSchema,
    CreateSchema,
    PhotoSchema,
    StudentDetailSchema,
    StudentFilters,
    StudentListSchema,
    StudentQuery,
)
from students.usecases import bulk, changing, exports, photos, records, showing

MAX_BULK_BYTES = 4 << 20

students = Blueprint("students", __name__, url_prefix="/api/v1/students", description="학생")


@students.route("/", roles=STAFF_ROLES)
@students.arguments(StudentQuery, location="query")
@students.response(200, StudentListSchema)
def list_students(query: dict[str, Any]) -> dict[str, Any]:
    """Active students in 가나다 order, or with `deleted` the trash, newest first, without merged records;
    `search` finds a part of name, login id, phone or school, every character for itself.
    """
    with tx() as uow:
        return showing.list_page(uow, query)


@students.route("/", roles=STAFF_ROLES, methods=["POST"])
@students.arguments(CreateSchema)
@students.response(201, StudentDetailSchema)
def create_student(body: dict[str, Any]) -> dict[str, Any]:
    """Create a student with accounts and parent (409 duplicate_student with `existing_student`,
    deleted_student_exists with `deleted_student`, login_id_taken; 422 unknown_tags).
    """
    initial_hash = deps(Ports).hasher.hash(body.pop("initial_password"))
    with tx() as uow:
        student = records.NewStudent(row=1, **body)
        student_id = records.create_one(uow, actor(), student, initial_hash)
        return showing.show(uow, student_id, deps(Ports))


@students.route("/bulk_create/", roles=STAFF_ROLES, methods=["POST"], max_bytes=MAX_BULK_BYTES)
@students.arguments(BulkSchema)
@students.response(201, BulkResultSchema)
def bulk_create(body: dict[str, Any]) -> dict[str, Any]:
    """Create up to 500 students; each row has its own outcome, and a bad one does not stop the others."""
    initial_hash = deps(Ports).hasher.hash(body["initial_password"])
    with tx() as uow:
        return bulk.bulk_create(uow, actor(), body["students"], initial_hash)


@students.route("/export/", roles=STAFF_ROLES)
@students.arguments(StudentFilters, location="query")
@students.response(200)
def export_students(filters: dict[str, Any]) -> Response:
    """The filtered list, complete, as streaming CSV."""
    with tx() as uow:
        exports.begin_export(uow, actor(), filters)
    name = exports.file_name(datetime.now(UTC))
    disposition = f"attachment; filename=\"students.csv\"; filename*=UTF-8''{quote(name, safe='')}"
    return Response(
        stream_with_context(exports.csv_lines(tx, filters)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": disposition},
    )


@students.route("/<uuid:student_id>/", roles=STAFF_ROLES)
@students.response(200, StudentDetailSchema)
def show_student(student_id: UUID) -> dict[str, Any]:
    """One student in full, deleted or not: account, parent, siblings, tags, photo, hold."""
    with tx() as uow:
        return showing.show(uow, student_id, deps(Ports))


@students.route("/<uuid:student_id>/", roles=STAFF_ROLES, methods=["PATCH"])
@students.arguments(ChangesSchema)
@students.response(200, StudentDetailSchema)
def change_student(values: dict[str, Any], student_id: UUID) -> dict[str, Any]:
    """Change the given fields; with `version` only if nobody else did meanwhile (409 version_conflict,
    duplicate_student, login_id_taken, student_deleted; 422 unknown_tags).
    """
    with tx() as uow:
        changing.update(uow, actor(), student_id, values)
        return showing.show(uow, student_id, deps(Ports))


@students.route("/<uuid:student_id>/photo/", roles=STAFF_ROLES, methods=["PUT"], max_bytes=MAX_PHOTO_BYTES)
@students.doc(requestBody={"content": {"multipart/form-data": {"schema": PhotoSchema}}})
@students.response(200, StudentDetailSchema)
def put_photo(student_id: UUID) -> dict[str, Any]:
    """Store a photo: JPEG, PNG or WebP up to 2 MiB in the form field `file` (415 unsupported_photo)."""
    file = received_file("file", MAX_PHOTO_BYTES)
    ports = deps(Ports)
    with tx() as uow:
        photos.put_photo(uow, actor(), ports.objects, student_id, file.path)
        return showing.show(uow, student_id, ports)


@students.route("/<uuid:student_id>/photo/", roles=STAFF_ROLES, methods=["DELETE"])
@students.response(204)
def delete_photo(student_id: UUID) -> None:
    """Remove the photo; without one nothing happens."""
    with tx() as uow:
        photos.remove_photo(uow, actor(), deps(Ports).objects, student_id)
