"""Routes under /api/v1/students."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from servicekit.auth import STAFF_ROLES
from servicekit.pagination import fetch_page
from servicekit.problem import Problem
from servicekit.web import Blueprint, tx

from students.schemas import StudentDetailSchema, StudentListSchema, StudentQuery
from students.store import students as store

students = Blueprint("students", __name__, url_prefix="/api/v1/students", description="학생")


@students.route("/", roles=STAFF_ROLES)
@students.arguments(StudentQuery, location="query")
@students.response(200, StudentListSchema)
def list_students(query: dict[str, Any]) -> Any:
    """Students in 가나다 order; `search` finds parts of name, login id, phone numbers and school."""
    with tx() as uow:
        page = fetch_page(
            uow.conn,
            store.listing(uow.tenant, deleted=query["deleted"], search=query["search"]),
            store.LIST_ORDER,
            cursor=query.get("cursor"),
            page_size=query["page_size"],
        )
    return page.answer(lambda row: row)


@students.route("/<uuid:student_id>/", roles=STAFF_ROLES)
@students.response(200, StudentDetailSchema)
def show_student(student_id: UUID) -> Any:
    """One student, also a deleted one, with account and parent."""
    with tx() as uow:
        found = uow.conn.execute(store.detail(uow.tenant, student_id)).one_or_none()
    if found is None:
        raise Problem("not_found")
    return found
