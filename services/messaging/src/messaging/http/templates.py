"""Routes of templates under /api/v1/messaging."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from servicekit.auth import STAFF_ROLES
from servicekit.pagination import fetch_page
from servicekit.web import Blueprint, deps, tx
from sqlalchemy import Row

from messaging.ports import Ports
from messaging.schemas.templates import (
    NewTemplate,
    PreviewQuery,
    PreviewSchema,
    TemplateChanges,
    TemplateSchema,
    TemplatesQuery,
    TemplatesSchema,
)
from messaging.store import templates as store
from messaging.usecases import templates as usecases

templates = Blueprint("templates", __name__, url_prefix="/api/v1/messaging/templates", description="템플릿")


@templates.route("/", roles=STAFF_ROLES)
@templates.arguments(TemplatesQuery, location="query")
@templates.response(200, TemplatesSchema)
def list_templates(query: dict[str, Any]) -> dict[str, Any]:
    """Templates by name."""
    with tx() as uow:
        page = fetch_page(
            uow.conn,
            store.listing(uow.tenant, query["category"]),
            store.TEMPLATE_ORDER,
            cursor=query.get("cursor"),
            page_size=query["page_size"],
        )
    return page.answer(lambda row: row)


@templates.route("/", roles=STAFF_ROLES, methods=["POST"])
@templates.arguments(NewTemplate)
@templates.response(201, TemplateSchema)
def create_template(values: dict[str, Any]) -> Row[Any]:
    """Create a template; its name is unique in the academy (400 unbalanced_variable, too_long;
    409 template_exists).
    """
    with tx() as uow:
        return usecases.create(uow, values)


@templates.route("/<uuid:template_id>/", roles=STAFF_ROLES)
@templates.response(200, TemplateSchema)
def show_template(template_id: UUID) -> Row[Any]:
    """One template."""
    with tx() as uow:
        return usecases.found(uow, template_id)


@templates.route("/<uuid:template_id>/", roles=STAFF_ROLES, methods=["PATCH"])
@templates.arguments(TemplateChanges)
@templates.response(200, TemplateSchema)
def change_template(values: dict[str, Any], template_id: UUID) -> Row[Any]:
    """Change the given fields; another text, name or purpose has to be reviewed anew (409 template_exists,
    in_review).
    """
    with tx() as uow:
        return usecases.change(uow, template_id, values)


@templates.route("/<uuid:template_id>/", roles=STAFF_ROLES, methods=["DELETE"])
@templates.response(204)
def delete_template(template_id: UUID) -> None:
    """Delete a template; what is queued keeps its text (409 template_in_use by a trigger)."""
    with tx() as uow:
        usecases.remove(uow, template_id, deps(Ports).clock.now())


@templates.route("/preview/", roles=STAFF_ROLES, methods=["POST"])
@templates.arguments(PreviewQuery)
@templates.response(200, PreviewSchema)
def preview_template(given: dict[str, Any]) -> dict[str, Any]:
    """A text as it would leave, by the real substitution: bytes, kind, variables without a value, characters
    that no phone shows (400 unbalanced_variable, unknown_students, ad_not_ready).
    """
    with tx() as uow:
        return usecases.preview(uow, given)


@templates.route("/<uuid:template_id>/submit-review/", roles=STAFF_ROLES, methods=["POST"])
@templates.response(200, TemplateSchema)
def submit_review(template_id: UUID) -> Row[Any]:
    """Hand a template in for review by Kakao (400 no_channel without PFID, unbalanced_variable,
    alimtalk_is_information, too_long, template_refused; 409 in_review, approved_already).
    """
    ports = deps(Ports)
    with tx() as uow:
        return usecases.submit(uow, ports.provider, template_id, ports.clock.now())
