"""Routes of the ledger of messages under /api/v1/messaging."""

from __future__ import annotations

from typing import Any

from servicekit.auth import STAFF_ROLES
from servicekit.pagination import PageSchema, fetch_page
from servicekit.web import Blueprint, tx

from messaging.schemas.log import AmbiguousSchema, LogQuery, LogSchema
from messaging.store import log as store
from messaging.usecases import log as usecases

log = Blueprint("log", __name__, url_prefix="/api/v1/messaging", description="발송 기록")


@log.route("/log/", roles=STAFF_ROLES)
@log.arguments(LogQuery, location="query")
@log.response(200, LogSchema)
def list_log(query: dict[str, Any]) -> dict[str, Any]:
    """Messages, newest first, of a `state`, a `batch`, and a time."""
    with tx() as uow:
        page = fetch_page(
            uow.conn,
            store.listing(uow.tenant, query),
            store.LOG_ORDER,
            cursor=query.get("cursor"),
            page_size=query["page_size"],
            descending=True,
        )
        found = usecases.described(uow, page.rows)
    return page.answer(lambda row: usecases.with_price(found[row.id]))


@log.route("/ambiguous/", roles=STAFF_ROLES)
@log.arguments(PageSchema, location="query")
@log.response(200, AmbiguousSchema)
def list_ambiguous(query: dict[str, Any]) -> dict[str, Any]:
    """Messages whose fate nobody knows yet, newest first. The provider is asked; nothing resends them."""
    with tx() as uow:
        page = fetch_page(
            uow.conn,
            store.ambiguous(uow.tenant),
            store.AMBIGUOUS_ORDER,
            cursor=query.get("cursor"),
            page_size=query["page_size"],
            descending=True,
        )
        found = usecases.described(uow, page.rows)
    return page.answer(lambda row: found[row.id])
