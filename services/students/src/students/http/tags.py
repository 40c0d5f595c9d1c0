"""Routes of tags under /api/v1/students."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from servicekit.auth import STAFF_ROLES
from servicekit.pagination import fetch_page
from servicekit.web import Blueprint, tx

from students.http.caller import actor
from students.schemas.students import TagSchema
from students.schemas.tags import NewTag, StudentTagsSchema, TagChanges, TagOfStudent, TagsQuery, TagsSchema
from students.store import tags as store
from students.usecases import tags as usecases

tags = Blueprint("tags", __name__, url_prefix="/api/v1/students", description="학생")


@tags.route("/tags/", roles=STAFF_ROLES)
@tags.arguments(TagsQuery, location="query")
@tags.response(200, TagsSchema)
def list_tags(query: dict[str, Any]) -> dict[str, Any]:
    """The academy's tags by name."""
    with tx() as uow:
        page = fetch_page(
            uow.conn,
            store.listing(uow.tenant),
            store.TAG_ORDER,
            cursor=query.get("cursor"),
            page_size=query["page_size"],
        )
    return page.answer(lambda row: row)


@tags.route("/tags/", roles=STAFF_ROLES, methods=["POST"])
@tags.arguments(NewTag)
@tags.response(201, TagSchema)
def create_tag(values: dict[str, Any]) -> Any:
    """Create a tag; its name is unique in the academy (409 tag_exists)."""
    with tx() as uow:
        return usecases.create_tag(uow, actor(), values)


@tags.route("/tags/<uuid:tag_id>/", roles=STAFF_ROLES, methods=["PATCH"])
@tags.arguments(TagChanges)
@tags.response(200, TagSchema)
def change_tag(values: dict[str, Any], tag_id: UUID) -> Any:
    """Change name or color of a tag (409 tag_exists)."""
    with tx() as uow:
        return usecases.change_tag(uow, actor(), tag_id, values)


@tags.route("/tags/<uuid:tag_id>/", roles=STAFF_ROLES, methods=["DELETE"])
@tags.response(204)
def delete_tag(tag_id: UUID) -> None:
    """Delete a tag; whoever had it has it no more."""
    with tx() as uow:
        usecases.remove_tag(uow, actor(), tag_id)


@tags.route("/<uuid:student_id>/add_tag/", roles=STAFF_ROLES, methods=["POST"])
@tags.arguments(TagOfStudent)
@tags.response(200, StudentTagsSchema)
def add_tag(body: dict[str, Any], student_id: UUID) -> dict[str, Any]:
    """Give a student a tag, one of at most 20 (409 too_many_tags); answers all tags of the student."""
    with tx() as uow:
        return {"tags": usecases.give_tag(uow, actor(), student_id, body["tag_id"])}


@tags.route("/<uuid:student_id>/remove_tag/", roles=STAFF_ROLES, methods=["POST"])
@tags.arguments(TagOfStudent)
@tags.response(200, StudentTagsSchema)
def remove_tag(body: dict[str, Any], student_id: UUID) -> dict[str, Any]:
    """Take a tag from a student, who need not have it; answers the tags that are left."""
    with tx() as uow:
        return {"tags": usecases.take_tag(uow, actor(), student_id, body["tag_id"])}
