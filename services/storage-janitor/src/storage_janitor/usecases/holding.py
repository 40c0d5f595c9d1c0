"""Placing a hold: from then on nothing of it is deleted that was not being deleted already."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from servicekit.periodic import hasten
from sqlalchemy import Connection

from storage_janitor.domain.policies import Policy
from storage_janitor.store import holds, ledger
from storage_janitor.usecases.bucket_rules import CHECK_BUCKETS


class NotFutureError(Exception):
    """A hold that would be over already."""


def place(
    conn: Connection, policy: Policy, given: Mapping[str, Any], by: str, now: datetime
) -> tuple[Any, int]:
    """The hold's row, and how many of its objects it came too late for. Raises NotFutureError.

    The buckets' own rules know no holds: whether one of them is to be taken away is found out at once.
    """
    if given["expires_at"] <= now:
        raise NotFutureError
    ledger.lock_attempts(conn)
    value = given["value"] or given["tenant_id"]
    row = holds.add(conn, {**given, "value": value, "created_by": by})
    hasten(conn, CHECK_BUCKETS)
    return row, _in_flight(conn, policy, row.id, now)


def _in_flight(conn: Connection, policy: Policy, hold_id: UUID, now: datetime) -> int:
    found, count = holds.in_force(conn, now), 0
    for attempt in ledger.open_attempts(conn):
        for one in ledger.doomed_of(attempt):
            matched = policy.match(attempt.bucket, one.key)
            on = found.of(attempt.bucket, one.key, matched[1] if matched else {})
            count += any(hold.id == hold_id for hold in on)
    return count
