"""Routes of consent to advertising under /api/v1/messaging."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from servicekit.auth import STAFF_ROLES
from servicekit.pagination import Page, PageSchema, fetch_page
from servicekit.problem import Problem
from servicekit.web import Blueprint, caller, deps, tx
from sqlalchemy import Row

from messaging.domain.consent import Action, Kind
from messaging.ports import Ports
from messaging.schemas.consents import (
    BulkConsent,
    ConsentsQuery,
    ConsentsSchema,
    DueQuery,
    EntriesSchema,
    NewConsent,
    RecordedSchema,
)
from messaging.store import consents as store
from messaging.usecases import consents as usecases
from messaging.usecases.consents import Recorded, Statement

RENEWALS_AHEAD = timedelta(days=30)

consents = Blueprint("consents", __name__, url_prefix="/api/v1/messaging", description="광고 수신 동의")


@consents.route("/consent/", roles=STAFF_ROLES)
@consents.arguments(ConsentsQuery, location="query")
@consents.response(200, ConsentsSchema)
def list_consents(query: dict[str, Any]) -> dict[str, Any]:
    """How consents stand, of the academy or of one student's numbers."""
    student_id = query.pop("student_id")
    with tx() as uow:
        prints = None
        if student_id is not None:
            prints = usecases.fingerprints_of(uow, deps(Ports).fingerprints, student_id)
        page = fetch_page(uow.conn, store.standings(uow.tenant, prints), store.STANDING_ORDER, **query)
    return _shown(page)


@consents.route("/consent/", roles=STAFF_ROLES, methods=["POST"])
@consents.arguments(NewConsent)
@consents.response(200, RecordedSchema)
def record_consent(body: dict[str, Any]) -> Recorded:
    """Record what the owner of a number said: given, withdrawn, confirmed, or was notified."""
    phone = body.pop("phone")
    with tx() as uow:
        return usecases.record(uow, deps(Ports).fingerprints, [phone], _statement(body), caller())


@consents.route("/consent/bulk/", roles=STAFF_ROLES, methods=["POST"])
@consents.arguments(BulkConsent)
@consents.response(200, RecordedSchema)
def record_consents(body: dict[str, Any]) -> Recorded:
    """Record the same of up to 500 students' parents, or of the students; a shared number once."""
    student_ids, to = body.pop("student_ids"), body.pop("to")
    with tx() as uow:
        prints = deps(Ports).fingerprints
        return usecases.record_of_students(uow, prints, student_ids, to, _statement(body), caller())


@consents.route("/consent/due/", roles=STAFF_ROLES)
@consents.arguments(DueQuery, location="query")
@consents.response(200, ConsentsSchema)
def list_due(query: dict[str, Any]) -> dict[str, Any]:
    """Who has to be told of a change within 14 days (notice), or asked again within 30 days as two years
    end (renewal), the most urgent first.
    """
    with tx() as uow:
        if query.pop("what") == "notice":
            found, order = store.notices(uow.tenant), store.NOTICE_ORDER
        else:
            until = deps(Ports).clock.now() + RENEWALS_AHEAD
            found, order = store.renewals(uow.tenant, until), store.RENEWAL_ORDER
        page = fetch_page(uow.conn, found, order, **query)
    return _shown(page)


@consents.route("/consent/<fingerprint>/", roles=STAFF_ROLES)
@consents.arguments(PageSchema, location="query")
@consents.response(200, EntriesSchema)
def list_entries(query: dict[str, Any], fingerprint: str) -> dict[str, Any]:
    """All that one recipient ever said, newest first."""
    with tx() as uow:
        found = store.entries(uow.tenant, fingerprint)
        page = fetch_page(uow.conn, found, store.ENTRY_ORDER, descending=True, **query)
    return page.answer(lambda row: row)


def _statement(body: dict[str, Any]) -> Statement:
    """Raises Problem 422 for what is yet to be said."""
    now = deps(Ports).clock.now()
    at = body["at"] or now
    if at > now:
        raise Problem("invalid_request", errors={"at": ["아직 오지 않은 시각입니다."]})
    return Statement(Kind(body["kind"]), Action(body["action"]), at, body["via"], body["evidence"])


def _shown(page: Page) -> dict[str, Any]:
    return page.answer(_until_when)


def _until_when(row: Row[Any]) -> dict[str, Any]:
    now = store.stands(row)
    return {**row._mapping, "notice_by": now.notify_by, "renew_by": now.renew_by if now.given else None}
