"""Routes of erasures and of the audit trail under /api/v1/students."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from servicekit.auth import MANAGERS
from servicekit.pagination import PageSchema, fetch_page
from servicekit.problem import Problem
from servicekit.web import Blueprint, deps, tx

from students.ports import Ports
from students.schemas.erasures import (
    AuditListSchema,
    AuditQuery,
    CertificateSchema,
    ErasureListSchema,
)
from students.store import audit as trail
from students.store import erasures as store
from students.usecases import erasures as usecases

erasures = Blueprint("erasures", __name__, url_prefix="/api/v1/students", description="학생")


@erasures.route("/erasures/", roles=MANAGERS)
@erasures.arguments(PageSchema, location="query")
@erasures.response(200, ErasureListSchema)
def list_erasures(query: dict[str, Any]) -> dict[str, Any]:
    """Purged people by pseudonym, newest first, with the services that have not answered yet."""
    with tx() as uow:
        page = fetch_page(uow.conn, store.listing(uow.tenant), store.LIST_ORDER, descending=True, **query)
    return page.answer(usecases.listed)


@erasures.route("/erasures/<uuid:student_id>/", roles=MANAGERS)
@erasures.response(200, CertificateSchema)
def show_certificate(student_id: UUID) -> dict[str, Any]:
    """The erasure certificate of one person: every service's receipt with counts, when it came, a digest."""
    with tx() as uow:
        found = usecases.certificate(uow, student_id)
    if found is None:
        raise Problem("not_found")
    return found


@erasures.route("/audit/", roles=MANAGERS)
@erasures.arguments(AuditQuery, location="query")
@erasures.response(200, AuditListSchema)
def show_audit(query: dict[str, Any]) -> dict[str, Any]:
    """The audit trail, newest first; a person's survives the purge, under the pseudonym."""
    with tx() as uow:
        pseudonym, student_id = query.pop("pseudonym"), query.pop("student_id")
        if student_id is not None:
            pseudonym = deps(Ports).pseudonyms.of(uow.tenant, student_id)
        found = trail.trail(uow.tenant, pseudonym=pseudonym, action=query.pop("action"))
        page = fetch_page(uow.conn, found, trail.TRAIL_ORDER, descending=True, **query)
    return page.answer(lambda row: row)
