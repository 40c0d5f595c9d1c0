"""Routes of credits: an academy sees its own, and an approver of whoever runs the system charges them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from servicekit.auth import APPROVERS, STAFF_ROLES
from servicekit.operations import audit
from servicekit.pagination import PageSchema, fetch_page
from servicekit.web import Blueprint, caller, system, tx

from messaging.schemas.credits import ChargedSchema, ChargeSchema, CreditsSchema, NewPrices, PricesSchema
from messaging.store import credits as store
from messaging.store import guards
from messaging.usecases import credits as usecases
from messaging.usecases import settings

credits = Blueprint("credits", __name__, url_prefix="/api/v1/messaging", description="충전 잔액")
charging = Blueprint("charging", __name__, description="충전")


@credits.route("/credits/", roles=STAFF_ROLES)
@credits.arguments(PageSchema, location="query")
@credits.response(200, CreditsSchema)
def show_credits(query: dict[str, Any]) -> dict[str, Any]:
    """Balance, what queued messages have reserved, what was spent, and every movement, newest first."""
    with tx() as uow:
        balances = store.balances(uow.conn, uow.tenant)
        least = guards.settings(uow.conn, uow.tenant).low_balance
        page = fetch_page(uow.conn, store.entries(uow.tenant), store.ENTRY_ORDER, descending=True, **query)
    return {**balances, "low": balances["available"] < least, **page.answer(lambda row: row)}


@charging.route("/credits/charge/", roles=APPROVERS, methods=["POST"])
@charging.arguments(ChargeSchema)
@charging.response(200, ChargedSchema)
def charge(body: dict[str, Any]) -> Any:
    """Credit a payment to an academy, once for its reference (404 unknown_academy, 409 reference_used)."""
    tenant, amount, reference = body["tenant_id"], body["amount"], body["reference"]
    with system() as conn:
        settings.known(conn, tenant)
        balances, new = usecases.charge(conn, tenant, Decimal(amount), reference, caller())
        if new:
            audit.record(conn, caller(), "credits_charged", tenant, amount=amount, reference=reference)
    return balances


@charging.route("/prices/", roles=APPROVERS, methods=["PUT"])
@charging.arguments(NewPrices)
@charging.response(200, PricesSchema)
def set_prices(body: dict[str, Any]) -> Any:
    """Set what an academy pays per message; what is queued keeps its price (404 unknown_academy)."""
    tenant = body.pop("tenant_id")
    with system() as conn:
        row = settings.set_prices(conn, tenant, body, caller())
        audit.record(conn, caller(), "prices_set", tenant, **body)
    return row
