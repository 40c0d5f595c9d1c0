"""Routes of what sweeps find, and of the buckets' own rules, under /api/v1/storage."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from eventkit.clock import SEOUL, SYSTEM_CLOCK
from servicekit.auth import OPERATIONS
from servicekit.pagination import PageSchema, fetch_page
from servicekit.web import Blueprint, system

from storage_janitor.schemas.findings import (
    DaysQuery,
    DriftListSchema,
    FindingListSchema,
    FindingsQuery,
    QuarantineListSchema,
    TrendSchema,
)
from storage_janitor.store import sweeps

findings = Blueprint("findings", __name__, url_prefix="/api/v1/storage", description="저장소 점검")


@findings.route("/orphans/", roles=OPERATIONS)
@findings.arguments(FindingsQuery, location="query")
@findings.response(200, FindingListSchema)
def list_orphans(query: dict[str, Any]) -> dict[str, Any]:
    """Objects that nothing refers to, and rows whose object is missing, as the last sweeps found them."""
    found = sweeps.finding_listing(query.pop("kind"), query.pop("bucket"))
    with system() as conn:
        page = fetch_page(conn, found, sweeps.FINDING_ORDER, **query)
    return page.answer(lambda row: row._mapping)


@findings.route("/orphans/trend/", roles=OPERATIONS)
@findings.arguments(DaysQuery, location="query")
@findings.response(200, TrendSchema)
def show_trend(query: dict[str, Any]) -> dict[str, Any]:
    """Orphans and missing objects of each day."""
    since = SYSTEM_CLOCK.now().astimezone(SEOUL).date() - timedelta(days=query["days"])
    with system() as conn:
        return {"results": [row._mapping for row in sweeps.trend(conn, since)]}


@findings.route("/quarantine/", roles=OPERATIONS)
@findings.arguments(PageSchema, location="query")
@findings.response(200, QuarantineListSchema)
def list_quarantine(query: dict[str, Any]) -> dict[str, Any]:
    """Keys of unknown shapes: reported, never deleted."""
    with system() as conn:
        page = fetch_page(conn, sweeps.quarantine_listing(), sweeps.QUARANTINE_ORDER, **query)
    return page.answer(lambda row: row._mapping)


@findings.route("/lifecycle/", roles=OPERATIONS)
@findings.response(200, DriftListSchema)
def show_lifecycle() -> dict[str, Any]:
    """The buckets' own rules, as the last check found them beside what the policy wants."""
    with system() as conn:
        return {"results": [row._mapping for row in sweeps.drifts(conn)]}
