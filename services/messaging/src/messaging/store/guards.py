"""What the guards need to know: the tenant's switches and caps, and what stands against a recipient."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import insert

from messaging.domain.consent import Kind, Standing
from messaging.store.consents import standings, stands
from messaging.store.tables import (
    sent_count,
    tenant_setting,
    trigger_setting,
)


@dataclass(frozen=True)
class Against:
    """By fingerprint: who is denied, what is refused (ad or all), how consents stand; `noted`: any of it."""

    denied: frozenset[str]
    opted_out: Mapping[str, str]
    consents: Mapping[str, Mapping[Kind, Standing]]

    @cached_property
    def noted(self) -> frozenset[str]:
        return self.denied | self.opted_out.keys() | self.consents.keys()


def settings(conn: Connection, tenant: str, *, share: bool = False) -> Row[Any]:
    """The tenant's row, made with its defaults when it is missing.

    `share` keeps whoever would switch the hold on waiting until this transaction ends: what it let begin is
    on the wire, and nothing begins after the switch.
    """
    query = sa.select(tenant_setting).where(tenant_setting.c.tenant_id == tenant)
    query = query.with_for_update(read=True) if share else query
    found = conn.execute(query).first()
    if found is None:
        conn.execute(insert(tenant_setting).values(tenant_id=tenant).on_conflict_do_nothing())
        found = conn.execute(query).one()
    return found


_AGAINST = sa.text("""
    WITH given AS (SELECT unnest(CAST(:prints AS text[])) COLLATE "C" AS fingerprint)
    SELECT fingerprint, 'denied' AS refused FROM denylist JOIN given USING (fingerprint)
    WHERE tenant_id = :tenant
    UNION ALL
    SELECT fingerprint, scope FROM opt_out JOIN given USING (fingerprint) WHERE tenant_id = :tenant
""")


def against(conn: Connection, tenant: str, fingerprints: Collection[str], ads: Collection[str]) -> Against:
    """What stands against these recipients, in at most two statements; consents only of `ads`, who are to get
    advertising."""
    rows = conn.execute(_AGAINST, {"tenant": tenant, "prints": list(fingerprints)}).all()
    denied = frozenset(row.fingerprint for row in rows if row.refused == "denied")
    refused = {row.fingerprint: row.refused for row in rows if row.refused != "denied"}
    stand: dict[str, dict[Kind, Standing]] = {}
    if ads:
        for row in conn.execute(standings(tenant, list(ads))):
            stand.setdefault(row.fingerprint, {})[Kind(row.kind)] = stands(row)
    return Against(denied, refused, stand)


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


def sent_by_all(conn: Connection, day: datetime) -> int:
    """How many all tenants have sent since the day began. `conn` is a system one."""
    query = sa.select(sa.func.coalesce(sa.func.sum(sent_count.c.count), 0)).where(sent_count.c.hour >= day)
    return int(conn.execute(query).scalar_one())


def lock_counts(conn: Connection, tenant: str, hour: datetime, *, everybody: bool) -> None:
    """One sender of a tenant (`everybody`: of all) counts at a time, until its transaction ends."""
    if everybody:
        conn.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('messaging.sent_count'))"))
    count_sent(conn, tenant, hour, 0)


def count_sent(conn: Connection, tenant: str, hour: datetime, number: int) -> None:
    statement = insert(sent_count).values(tenant_id=tenant, hour=hour, count=number)
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "hour"], set_={"count": sent_count.c.count + number}
        )
    )
