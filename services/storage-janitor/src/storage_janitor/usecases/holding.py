"""Placing a hold: from then on nothing of it is deleted that was not being deleted already."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from storage_janitor.domain.holds import Hold, HoldKind, Holds
from storage_janitor.domain.policies import Policy
from storage_janitor.store import holds, ledger


class NotFutureError(Exception):
    """A hold that would be over already."""


def place(
    conn: Connection, policy: Policy, given: Mapping[str, Any], by: str, now: datetime
) -> tuple[Any, int]:
    """The hold's row, and how many of its objects it came too late for. Raises NotFutureError."""
    if given["expires_at"] <= now:
        raise NotFutureError
    ledger.lock_attempts(conn)
    value = given["value"] or given["tenant_id"]
    row = holds.add(conn, {**given, "value": value, "created_by": by})
    hold = Hold(row.id, HoldKind(row.kind), row.tenant_id, row.bucket, row.value, row.expires_at)
    return row, _in_flight(conn, policy, Holds([hold]))


def _in_flight(conn: Connection, policy: Policy, found: Holds) -> int:
    count = 0
    for attempt in ledger.open_attempts(conn):
        for one in ledger.doomed_of(attempt):
            matched = policy.match(attempt.bucket, one.key)
            count += bool(found.of(attempt.bucket, one.key, matched[1] if matched else {}))
    return count
