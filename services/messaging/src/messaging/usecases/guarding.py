"""Asks the guards about many messages of a tenant at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from messaging.domain import consent, quiet
from messaging.domain.guards import Allow, Decision, Facts, Tenant, decide
from messaging.domain.messages import Category
from messaging.domain.triggers import TRIGGERS, Policy, is_on
from messaging.store import guards as store

MANUAL = "manual"
"""The event of a message that a person wrote."""
_NO_CAP = 1 << 30


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
    able = Tenant(False, True, row.sender is not None, _NO_CAP, _NO_CAP)
    facts = _facts(conn, tenant, [one for one, _ in messages], [due for _, due in messages])
    return [decide(due, able, one) for (_, due), one in zip(messages, facts, strict=True)]


def at_leaving(
    conn: Connection, tenant: str, messages: Sequence[Guarded], now: datetime, *, share: bool
) -> list[Decision]:
    """As if all that may leave leaves: the caps count down on the way. `share`: see the store."""
    row = store.settings(conn, tenant, share=share)
    of_day, of_hour = store.sent(conn, tenant, quiet.day_began(now), quiet.hour_began(now))
    able = Tenant(
        row.hold, row.is_active, row.sender is not None, row.daily_cap - of_day, row.hourly_cap - of_hour
    )
    decisions = []
    for facts in _facts(conn, tenant, messages, [now] * len(messages)):
        decision = decide(now, able, facts)
        if isinstance(decision, Allow):
            able = replace(able, day_left=able.day_left - 1, hour_left=able.hour_left - 1)
        decisions.append(decision)
    return decisions


def _facts(
    conn: Connection, tenant: str, messages: Sequence[Guarded], times: Sequence[datetime]
) -> list[Facts]:
    against = store.against(conn, tenant, {one.fingerprint for one in messages})
    switches = store.switches(conn, tenant)
    return [_of(one, at, against, switches) for one, at in zip(messages, times, strict=True)]


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
