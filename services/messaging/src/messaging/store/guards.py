"""What the guards need to know: the tenant's switches and caps, and what stands against a recipient."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import insert

from messaging.domain.consent import Kind, Standing
from messaging.store.consents import stands
from messaging.store.tables import (
    consent,
    denylist,
    opt_out,
    sent_count,
    tenant_setting,
    trigger_setting,
)


@dataclass(frozen=True, slots=True)
class Against:
    """By fingerprint: who is denied, what is refused (ad or all), how consents stand."""

    denied: frozenset[str] = frozenset()
    opted_out: dict[str, str] = field(default_factory=dict)
    consents: dict[str, dict[Kind, Standing]] = field(default_factory=dict)


def settings(conn: Connection, tenant: str, *, share: bool = False) -> Row[Any]:
    """The tenant's row, made with its defaults when it is missing.

    `share` keeps whoever would switch the hold on waiting until this transaction ends: what it let begin is
    on the wire, and nothing begins after the switch.
    """
    conn.execute(insert(tenant_setting).values(tenant_id=tenant).on_conflict_do_nothing())
    query = sa.select(tenant_setting).where(tenant_setting.c.tenant_id == tenant)
    return conn.execute(query.with_for_update(read=True) if share else query).one()


def against(conn: Connection, tenant: str, fingerprints: Collection[str]) -> Against:
    """What stands against these recipients, in three statements for any number."""

    def of(table: sa.Table) -> sa.ColumnElement[bool]:
        given = sa.literal(list(fingerprints), sa.ARRAY(sa.Text))
        return (table.c.tenant_id == tenant) & (table.c.fingerprint == sa.any_(given))

    denied = conn.execute(sa.select(denylist.c.fingerprint).where(of(denylist))).scalars()
    refused = conn.execute(sa.select(opt_out.c.fingerprint, opt_out.c.scope).where(of(opt_out)))
    consents: dict[str, dict[Kind, Standing]] = {}
    for row in conn.execute(sa.select(consent).where(of(consent))):
        consents.setdefault(row.fingerprint, {})[Kind(row.kind)] = stands(row)
    return Against(frozenset(denied), {row.fingerprint: row.scope for row in refused}, consents)


def switches(conn: Connection, tenant: str) -> dict[str, bool]:
    """Trigger → the academy's own switch."""
    query = sa.select(trigger_setting.c.trigger, trigger_setting.c.enabled)
    found = conn.execute(query.where(trigger_setting.c.tenant_id == tenant))
    return {row.trigger: row.enabled for row in found}


def sent(conn: Connection, tenant: str, day: datetime, hour: datetime) -> tuple[int, int]:
    """How many were sent since the day began and since the hour began."""
    count, at = sent_count.c.count, sent_count.c.hour
    query = sa.select(
        sa.func.coalesce(sa.func.sum(count), 0),
        sa.func.coalesce(sa.func.sum(count).filter(at >= hour), 0),
    ).where(sent_count.c.tenant_id == tenant, at >= day)
    of_day, of_hour = conn.execute(query).one()
    return int(of_day), int(of_hour)


def count_sent(conn: Connection, tenant: str, hour: datetime, number: int) -> None:
    statement = insert(sent_count).values(tenant_id=tenant, hour=hour, count=number)
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "hour"], set_={"count": sent_count.c.count + number}
        )
    )
