"""A job belongs to one worker at a time; the attempt number refuses the writes of one that came late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, text

from eventkit.clock import SYSTEM_CLOCK, Clock
from eventkit.errors import TransientError


class LeaseBusyError(TransientError):
    """Somebody else holds the lease; `after` is when it ends."""


class LeaseLostError(TransientError):
    """The lease went to another attempt: nothing of this one may be written."""


@dataclass(frozen=True, slots=True)
class Fence:
    """Proof of a claim: carry it to every transaction of the job."""

    name: str
    attempt: int


_CLAIM = text("""
    INSERT INTO lease (name, owner, attempt, until) VALUES (:name, :owner, 1, :until)
    ON CONFLICT (name) DO UPDATE
        SET owner = excluded.owner, attempt = lease.attempt + 1, until = excluded.until
        WHERE lease.until <= :now
    RETURNING attempt
""")


def claim(conn: Connection, name: str, owner: str, ttl: timedelta, clock: Clock = SYSTEM_CLOCK) -> Fence:
    """Commit this in a transaction of its own. Raises LeaseBusyError, also for the same owner."""
    now = clock.now()
    attempt = conn.execute(
        _CLAIM, {"name": name, "owner": owner, "until": now + ttl, "now": now}
    ).scalar_one_or_none()
    if attempt is None:
        until = conn.execute(text("SELECT until FROM lease WHERE name = :name"), {"name": name}).scalar()
        raise LeaseBusyError(name, after=max((until or now) - now, timedelta(seconds=1)))
    return Fence(name, attempt)


def extend(conn: Connection, fence: Fence, ttl: timedelta, clock: Clock = SYSTEM_CLOCK) -> None:
    """Raises LeaseLostError."""
    _update(conn, fence, "SET until = :until", until=clock.now() + ttl)


def check(conn: Connection, fence: Fence) -> None:
    """Lock the row until the end of the transaction, so that nobody takes over before it commits.

    An expired lease that nobody took is still good. Raises LeaseLostError.
    """
    held = conn.execute(
        text("SELECT 1 FROM lease WHERE name = :name AND attempt = :attempt FOR UPDATE"),
        {"name": fence.name, "attempt": fence.attempt},
    ).first()
    if held is None:
        raise LeaseLostError(fence.name)


def release(conn: Connection, fence: Fence) -> None:
    """The next claim succeeds at once; the row stays so that attempts keep growing. Raises LeaseLostError."""
    _update(conn, fence, "SET until = '-infinity'")


def _update(conn: Connection, fence: Fence, change: str, **values: object) -> None:
    done = conn.execute(
        text(f"UPDATE lease {change} WHERE name = :name AND attempt = :attempt"),
        {"name": fence.name, "attempt": fence.attempt, **values},
    )
    if done.rowcount != 1:
        raise LeaseLostError(fence.name)
