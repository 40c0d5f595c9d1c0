"""Asks the guards about many messages of a tenant at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, Row

from messaging.domain import consent, quiet
from messaging.domain.guards import Allow, Decision, Facts, Tenant, decide, over_cap
from messaging.domain.messages import Category
from messaging.domain.triggers import TRIGGERS, Policy, is_on
from messaging.store import guards as store

MANUAL = "manual"
"""The event of a message that a person wrote."""
NO_CAP = 1 << 30


class Guarded(Protocol):
    """What the guards look at; a row of the ledger has it."""

    @property
    def event(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def batch_id(self) -> object: ...
    @property
    def not_after(self) -> datetime | None: ...


def at_queueing(
    conn: Connection, tenant: str, messages: Sequence[tuple[Guarded, datetime]]
) -> list[Decision]:
    """For each (message, when it is due). Hold and caps count when it leaves, not when it is queued."""
    row = store.settings(conn, tenant)
    able = Tenant(False, True, row.sender is not None, NO_CAP, NO_CAP, NO_CAP)
    return _decided(conn, tenant, able, [one for one, _ in messages], [due for _, due in messages])


def at_leaving(
    conn: Connection, tenant: str, able: Tenant, messages: Sequence[Guarded], now: datetime
) -> list[Decision]:
    """As if all that may leave leaves: the caps count down on the way."""
    taken = 0
    decisions: list[Decision] = []
    for decision in _decided(conn, tenant, able, messages, [now] * len(messages)):
        if isinstance(decision, Allow):
            over = over_cap(now, able, taken)
            decisions.append(over or decision)
            taken += over is None
        else:
            decisions.append(decision)
    return decisions


def able(conn: Connection, row: Row[Any], limit: int, now: datetime, *, lock: bool) -> Tenant:
    """What a tenant (its settings) may do now; `limit` is that of all together on a day, 0: none.

    `lock`: nobody else counts until the transaction ends, so that two senders stay within the caps together.
    """
    day, hour = quiet.day_began(now), quiet.hour_began(now)
    if lock:
        store.lock_counts(conn, row.tenant_id, hour, everybody=limit > 0)
    of_day, of_hour = store.sent(conn, row.tenant_id, day, hour)
    left = limit - store.sent_by_all(conn, day) if limit else NO_CAP
    caps = row.daily_cap - of_day, row.hourly_cap - of_hour, left
    return Tenant(row.hold, row.is_active, row.sender is not None, *caps)


def _decided(
    conn: Connection, tenant: str, able: Tenant, messages: Sequence[Guarded], times: Sequence[datetime]
) -> list[Decision]:
    """Messages that are alike, to numbers that nothing is noted of, share one decision."""
    prints = {one.fingerprint for one in messages}
    ads = {one.fingerprint for one in messages if one.category == Category.AD}
    against, switches = store.against(conn, tenant, prints, ads), store.switches(conn, tenant)
    known: dict[object, Decision] = {}
    decisions = []
    for one, at in zip(messages, times, strict=True):
        noted = one.fingerprint if one.fingerprint in against.noted else None
        alike = (noted, one.event, one.category, one.batch_id is None, one.not_after, at)
        if alike not in known:
            known[alike] = decide(at, able, _of(one, at, against, switches))
        decisions.append(known[alike])
    return decisions


def _of(one: Guarded, at: datetime, against: store.Against, switches: dict[str, bool]) -> Facts:
    category = Category(one.category)
    refused = against.opted_out.get(one.fingerprint)
    stands = against.consents.get(one.fingerprint, {})
    return Facts(
        category,
        one.not_after,
        _trigger_on(one, switches),
        one.fingerprint in against.denied,
        refused == "all" or (refused == "ad" and category is Category.AD),
        consent.allowance(stands.get(consent.Kind.AD), stands.get(consent.Kind.NIGHT), at),
    )


def _trigger_on(one: Guarded, switches: dict[str, bool]) -> bool:
    """A person who saw the preview decided about a batch; a disabled trigger is so for persons too."""
    if one.event == MANUAL:
        return True
    trigger = TRIGGERS.get(one.event)
    if trigger is None or trigger.policy is Policy.DISABLED:
        return False
    return one.batch_id is not None or is_on(trigger, switches.get(one.event))
