"""Flow, books, queues, periodic tasks, audit."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from eventkit import flow, ledger
from marshmallow import Schema, fields
from sqlalchemy import text

from servicekit.auth import OPERATIONS
from servicekit.fields import StrictSchema, Text
from servicekit.operations import audit
from servicekit.operations.blueprint import operations
from servicekit.operations.schemas import EventIdsSchema, PeriodSchema, PublishedIdsSchema
from servicekit.pagination import PageSchema
from servicekit.problem import Problem
from servicekit.web import system

_LONGEST = timedelta(days=31)


class _FlowsSchema(StrictSchema):
    """Up to 100 flows, comma separated."""

    ids = Text(8000, required=True)


class _RowsSchema(Schema):
    results = fields.List(fields.Dict())
    next = fields.String(allow_none=True)


@operations.route("/flows/<reference>/", roles=OPERATIONS)
@operations.response(200)
def find_flows(reference: str) -> dict[str, Any]:
    """The correlation ids of a job, a request, or whatever events have as their subject."""
    with system() as conn:
        return {"results": flow.correlations(conn, reference)}


@operations.route("/flows/", roles=OPERATIONS)
@operations.arguments(_FlowsSchema, location="query")
@operations.response(200)
def show_flows(query: dict[str, Any]) -> dict[str, Any]:
    """What this service sent, handled and could not handle in these flows."""
    with system() as conn:
        return asdict(flow.part(conn, query["ids"].split(",")[:100]))


@operations.route("/ledger/", roles=OPERATIONS)
@operations.arguments(PeriodSchema, location="query")
@operations.response(200)
def show_ledger(query: dict[str, Any]) -> dict[str, Any]:
    """By the hour in which events were made: what this service published to whom, and what it settled."""
    since, until = period(query)
    with system() as conn:
        published = ledger.published(conn, since, until)
        settled = ledger.settled(conn, since, until)
        queues = conn.execute(text("SELECT * FROM queue_state ORDER BY queue")).mappings()
        return {
            "published": [asdict(row) for row in published],
            "settled": [asdict(row) for row in settled],
            "queues": [dict(row) for row in queues],
        }


@operations.route("/ledger/published_ids/", roles=OPERATIONS)
@operations.arguments(PublishedIdsSchema, location="query")
@operations.response(200)
def list_published_ids(query: dict[str, Any]) -> dict[str, Any]:
    """Which events of an hour whose books do not meet were sent to a destination."""
    since, until = period(query)
    with system() as conn:
        return {"ids": ledger.published_ids(conn, query["destination"], since, until)}


@operations.route("/ledger/unknown/", roles=OPERATIONS, methods=["POST"])
@operations.arguments(EventIdsSchema)
@operations.response(200)
def list_unknown(given: dict[str, Any]) -> dict[str, Any]:
    """Which of these events this service has neither handled nor buried."""
    with system() as conn:
        return {"ids": ledger.unknown_among(conn, given["ids"])}


@operations.route("/tasks/", roles=OPERATIONS)
@operations.response(200, _RowsSchema)
def list_tasks() -> dict[str, Any]:
    """Periodic tasks: when each is due, when it last began and succeeded, and how it failed."""
    with system() as conn:
        found = conn.execute(text("SELECT * FROM periodic_task ORDER BY name")).mappings()
        return {"results": [dict(row) for row in found]}


@operations.route("/audit/", roles=OPERATIONS)
@operations.arguments(PageSchema, location="query")
@operations.response(200, _RowsSchema)
def list_audit(query: dict[str, Any]) -> dict[str, Any]:
    """What operators did, newest first."""
    with system() as conn:
        found = audit.page(conn, cursor=query.get("cursor"), page_size=query["page_size"])
    return found.answer(lambda row: dict(row._mapping))


def period(query: dict[str, Any]) -> tuple[datetime, datetime]:
    """Of a validated PeriodSchema. Raises Problem 422 for an empty one and for more than 31 days."""
    since, until = query["since"], query["until"]
    if not timedelta(0) < until - since <= _LONGEST:
        raise Problem("invalid_request", errors={"until": ["since보다 뒤, 31일 이내여야 합니다."]})
    return since, until
