"""An academy's settings, the numbers it sends from, and the hold that keeps everything back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from eventkit.uow import UnitOfWork
from servicekit.problem import Problem
from sqlalchemy import Connection, Row

from messaging.domain.credits import Account
from messaging.ports import Provider, ProviderRefusedError, ProviderUnavailableError
from messaging.store import credits, guards, trail
from messaging.store import settings as store


def info(uow: UnitOfWork) -> dict[str, Any]:
    """The settings with the balance."""
    row = guards.settings(uow.conn, uow.tenant)
    available = credits.balances(uow.conn, uow.tenant)[Account.AVAILABLE]
    return {**row._mapping, "credit_balance": available}


def change(uow: UnitOfWork, values: Mapping[str, Any], by: str) -> dict[str, Any]:
    """Set these columns. Raises Problem 409 sender_not_verified."""
    before = guards.settings(uow.conn, uow.tenant)
    changed = {name: value for name, value in values.items() if value != getattr(before, name)}
    sender = changed.get("sender")
    if sender is not None and not store.is_verified(uow.conn, uow.tenant, sender):
        detail = "발신번호를 먼저 확인해 주세요. 발송사에 등록된 번호만 쓸 수 있습니다."
        raise Problem("sender_not_verified", detail, status=409)
    if changed:
        store.update(uow.conn, uow.tenant, changed)
        _record(uow.conn, uow.tenant, by, "info_changed", changed)
    return info(uow)


def set_prices(conn: Connection, tenant: str, prices: Mapping[str, Decimal], by: str) -> Row[Any]:
    """What this academy pays per message from now on; what is queued keeps its price. Raises Problem 404."""
    known(conn, tenant)
    guards.settings(conn, tenant)
    row = store.update(conn, tenant, prices)
    _record(conn, tenant, by, "prices_changed", prices)
    return row


def known(conn: Connection, tenant: str) -> None:
    """Raises Problem 404 unknown_academy for one that has neither students nor settings here."""
    if not store.is_known(conn, tenant):
        raise Problem("unknown_academy", "이 서비스가 모르는 학원입니다.", status=404)


def ask_provider(provider: Provider, phone: str) -> None:
    """Raises Problem 409 sender_not_registered, 503 provider_unavailable."""
    try:
        registered = phone in provider.senders()
    except (ProviderUnavailableError, ProviderRefusedError) as error:
        detail = "발송사에 확인하지 못했습니다. 잠시 후 다시 시도해 주세요."
        raise Problem("provider_unavailable", detail, status=503, headers={"Retry-After": "5"}) from error
    if not registered:
        detail = "발송사에 등록되지 않은 발신번호입니다. 발송사에서 먼저 등록해 주세요."
        raise Problem("sender_not_registered", detail, status=409)


def verified(uow: UnitOfWork, phone: str, by: str, now: datetime) -> dict[str, Any]:
    """Remember that the provider knows the number as one that may be sent from."""
    store.verify(uow.conn, uow.tenant, phone, by, now)
    return {"phone": phone, "verified_at": now}


def channel(uow: UnitOfWork) -> dict[str, Any]:
    """Whether Alimtalk may leave: over a channel of the academy's own, there is no shared one."""
    pfid = guards.settings(uow.conn, uow.tenant).kakao_pfid
    approved = store.approved_templates(uow.conn, uow.tenant)
    if not pfid:
        message = "카카오톡 채널(PFID)이 설정되어 있지 않아 알림톡을 보낼 수 없습니다."
    elif not approved:
        message = "승인된 알림톡 템플릿이 없습니다. 템플릿 심사를 신청해 주세요."
    else:
        message = "알림톡을 보낼 수 있습니다."
    return {
        "shared": False,
        "ready": bool(pfid and approved),
        "kakao_pfid": pfid,
        "approved_templates": approved,
        "message": message,
    }


def switch_hold(uow: UnitOfWork, *, on: bool, reason: str | None, by: str, now: datetime) -> Row[Any]:
    """The kill switch. Waits for the senders that are about to call; after this commit none begins."""
    guards.settings(uow.conn, uow.tenant)
    values = {"hold": on, "hold_reason": reason, "held_by": by, "held_at": now}
    row = store.update(uow.conn, uow.tenant, values)
    trail.record(uow.conn, uow.tenant, by, "held" if on else "released", "hold", reason=reason)
    return row


def _record(conn: Connection, tenant: str, by: str, action: str, changed: Mapping[str, Any]) -> None:
    details = {name: str(one) if isinstance(one, Decimal) else one for name, one in changed.items()}
    trail.record(conn, tenant, by, action, "info", details=details)
