"""Routes of usage and cost under /api/v1/storage."""

from __future__ import annotations

from typing import Any

from eventkit.clock import SYSTEM_CLOCK
from servicekit.auth import MANAGERS, OPERATIONS
from servicekit.web import Blueprint, system, tx

from storage_janitor.schemas.findings import DaysQuery
from storage_janitor.schemas.usage import OwnUsageSchema, UsageSchema
from storage_janitor.usecases.accounts import own_report, report

usage = Blueprint("usage", __name__, url_prefix="/api/v1/storage", description="사용량")


@usage.route("/usage/", roles=OPERATIONS)
@usage.arguments(DaysQuery, location="query")
@usage.response(200, UsageSchema)
def show_usage(query: dict[str, Any]) -> dict[str, Any]:
    """What is stored and what it costs: by bucket, class and academy, day by day, with a forecast."""
    with system() as conn:
        return report(conn, SYSTEM_CLOCK.now(), query["days"])


@usage.route("/usage/mine/", roles=MANAGERS)
@usage.arguments(DaysQuery, location="query")
@usage.response(200, OwnUsageSchema)
def show_own_usage(query: dict[str, Any]) -> dict[str, Any]:
    """What the caller's academy stores, by class and day by day."""
    with tx() as uow:
        return own_report(uow.conn, uow.tenant, SYSTEM_CLOCK.now(), query["days"])
