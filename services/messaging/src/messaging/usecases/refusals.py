"""Numbers that nothing may reach, and those that refused; each change with its reason in the trail."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from eventkit.uow import UnitOfWork
from servicekit.problem import Problem
from sqlalchemy import Row

from messaging.domain.recipients import Fingerprints, mask
from messaging.store import refusals as store
from messaging.store import trail
from messaging.store.tables import denylist, opt_out


def deny(uow: UnitOfWork, prints: Fingerprints, phone: str, reason: str, by: str) -> Row[Any]:
    """Nothing reaches this number any more. Raises Problem 409 denied_already."""
    fingerprint = prints.of(uow.tenant, phone)
    values = {"fingerprint": fingerprint, "recipient": mask(phone), "reason": reason, "created_by": by}
    row = store.deny(uow.conn, uow.tenant, values)
    if row is None:
        raise Problem("denied_already", "이미 발송 금지된 번호입니다.", status=409)
    trail.record(uow.conn, uow.tenant, by, "denied", fingerprint, reason=reason)
    return row


def allow(uow: UnitOfWork, fingerprint: str, reason: str, by: str) -> None:
    """Raises Problem 404."""
    _remove(uow, denylist, fingerprint)
    trail.record(uow.conn, uow.tenant, by, "allowed", fingerprint, reason=reason)


def opt_out_of(
    uow: UnitOfWork, prints: Fingerprints, phone: str, scope: str, reason: str, by: str
) -> Row[Any]:
    """This number refuses advertising ("ad") or everything ("all"). Raises Problem 409 opted_out_already."""
    fingerprint = prints.of(uow.tenant, phone)
    values = {"fingerprint": fingerprint, "recipient": mask(phone), "scope": scope, "source": "staff"}
    row = store.refuse(uow.conn, uow.tenant, values)
    if row is None:
        raise Problem("opted_out_already", "이미 수신을 거부한 번호입니다.", status=409)
    trail.record(uow.conn, uow.tenant, by, "opted_out", fingerprint, reason=reason, details={"scope": scope})
    return row


def opt_in(uow: UnitOfWork, fingerprint: str, reason: str, by: str) -> None:
    """As its owner asked. One of the 080 service comes back at night unless it is withdrawn there too.

    Raises Problem 404.
    """
    row = _remove(uow, opt_out, fingerprint)
    details = {"scope": row.scope, "source": row.source}
    trail.record(uow.conn, uow.tenant, by, "opted_in", fingerprint, reason=reason, details=details)


def _remove(uow: UnitOfWork, table: sa.Table, fingerprint: str) -> Row[Any]:
    row = store.remove(uow.conn, table, uow.tenant, fingerprint)
    if row is None:
        raise Problem("not_found")
    return row
