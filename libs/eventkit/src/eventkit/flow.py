"""What one service knows of a flow: the events of a job or request that it sent, handled, or could not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

MOST = 5000


@dataclass(frozen=True, slots=True)
class Sent:
    """`sent_at` None: still in the outbox; `error` says why the last attempt failed or it was parked."""

    id: UUID
    type: str
    subject: str
    destination: str
    caused_by: str | None
    created_at: datetime
    sent_at: datetime | None
    attempts: int
    error: str | None


@dataclass(frozen=True, slots=True)
class Handled:
    """`receives`: the delivery at which it succeeded; `duplicates`: how often it came after that."""

    id: UUID
    type: str
    handler: str
    handled_at: datetime
    receives: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class Died:
    id: UUID | None
    type: str
    reason: str
    place: str
    state: str
    attempts: int
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """One service's part, oldest first; `complete` is False when there were more than MOST of a kind."""

    sent: Sequence[Sent]
    handled: Sequence[Handled]
    died: Sequence[Died]
    complete: bool


_CORRELATIONS = text("""
    SELECT DISTINCT correlation_id FROM outbox WHERE subject = :reference OR correlation_id = :reference
    LIMIT 100
""")
_SENT = text("""
    SELECT id, type, subject, destination, causation_id, created_at, sent_at, attempts, last_error
    FROM outbox WHERE correlation_id = ANY(CAST(:flows AS text[])) ORDER BY seq LIMIT :most
""")
_HANDLED = text("""
    SELECT event_id, type, handler, handled_at, receives, duplicates FROM inbox
    WHERE correlation_id = ANY(CAST(:flows AS text[])) ORDER BY handled_at, event_id LIMIT :most
""")
_DIED = text("""
    SELECT event_id, type, reason, place, state, attempts, last_seen FROM dead_letter
    WHERE correlation_id = ANY(CAST(:flows AS text[])) ORDER BY last_seen, id LIMIT :most
""")


def correlations(conn: Connection, reference: str) -> list[str]:
    """The flows in which events of this subject (a job, a lecture, …) were sent, or the flow itself."""
    return list(conn.execute(_CORRELATIONS, {"reference": reference}).scalars())


def part(conn: Connection, flows: Sequence[str]) -> Part:
    """Runs as the schema's system role."""
    given = {"flows": list(flows), "most": MOST + 1}
    sent = [Sent(*row) for row in conn.execute(_SENT, given)]
    handled = [Handled(*row) for row in conn.execute(_HANDLED, given)]
    died = [Died(*row) for row in conn.execute(_DIED, given)]
    complete = max(len(sent), len(handled), len(died)) <= MOST
    return Part(sent[:MOST], handled[:MOST], died[:MOST], complete)
