"""The outbox table: written by the business transaction, read by the relay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from eventkit.envelope import Event


@dataclass(frozen=True, slots=True)
class Row:
    """One event on its way to one service."""

    event: Event
    destination: str
    body: str


@dataclass(frozen=True, slots=True)
class Unsent:
    seq: int
    destination: str
    type: str
    body: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Failure:
    """`retry_at` None parks the row: it can never be sent."""

    seq: int
    error: str
    retry_at: datetime | None


@dataclass(frozen=True, slots=True)
class Backlog:
    unsent: int
    oldest_seconds: float
    parked: int


def channel(schema: str) -> str:
    """The NOTIFY channel that wakes the schema's relay."""
    return f"outbox_{schema}"


# The schema is the connection's own search_path: asking for it saves every caller a parameter.
_WRITE = text("""
    WITH written AS (
        INSERT INTO outbox (id, destination, type, tenant_id, subject, correlation_id, causation_id, body)
        SELECT * FROM unnest(
            CAST(:id AS uuid[]), CAST(:destination AS text[]), CAST(:type AS text[]),
            CAST(:tenant AS text[]), CAST(:subject AS text[]), CAST(:correlation AS text[]),
            CAST(:causation AS text[]), CAST(:body AS text[])))
    SELECT pg_notify('outbox_' || current_schema(), '')
""")


def write(conn: Connection, rows: Sequence[Row]) -> None:
    """All rows and one NOTIFY in one statement."""
    conn.execute(
        _WRITE,
        {
            "id": [row.event.id for row in rows],
            "destination": [row.destination for row in rows],
            "type": [row.event.type for row in rows],
            "tenant": [row.event.tenantid for row in rows],
            "subject": [row.event.subject for row in rows],
            "correlation": [row.event.correlationid for row in rows],
            "causation": [row.event.causationid for row in rows],
            "body": [row.body for row in rows],
        },
    )


_DUE = text("""
    SELECT seq, destination, type, body, attempts FROM outbox
    WHERE sent_at IS NULL AND parked_at IS NULL AND (next_attempt_at IS NULL OR next_attempt_at <= :now)
        AND destination <> ALL(CAST(:paused AS text[]))
    ORDER BY seq LIMIT :limit
""")


def due(conn: Connection, now: datetime, limit: int, paused: Sequence[str] = ()) -> list[Unsent]:
    """In the order written; rows waiting for their next attempt and `paused` destinations are passed over."""
    found = conn.execute(_DUE, {"now": now, "limit": limit, "paused": list(paused)})
    return [Unsent(*row) for row in found]


_SENT = text("""
    UPDATE outbox SET sent_at = now(), attempts = attempts + 1, last_error = NULL
    WHERE seq = ANY(CAST(:seqs AS bigint[]))
""")
_FAILED = text("""
    UPDATE outbox SET attempts = attempts + 1, last_error = f.error, next_attempt_at = f.retry_at,
        parked_at = CASE WHEN f.retry_at IS NULL THEN now() END
    FROM unnest(CAST(:seqs AS bigint[]), CAST(:errors AS text[]), CAST(:retry_at AS timestamptz[]))
        AS f (seq, error, retry_at)
    WHERE outbox.seq = f.seq
""")


def mark_sent(conn: Connection, seqs: Sequence[int]) -> None:
    conn.execute(_SENT, {"seqs": list(seqs)})


def mark_failed(conn: Connection, failures: Sequence[Failure]) -> None:
    conn.execute(
        _FAILED,
        {
            "seqs": [failure.seq for failure in failures],
            "errors": [failure.error for failure in failures],
            "retry_at": [failure.retry_at for failure in failures],
        },
    )


_BACKLOG = text("""
    SELECT (SELECT count(*) FROM outbox WHERE sent_at IS NULL AND parked_at IS NULL),
        coalesce((SELECT extract(epoch FROM now() - created_at) FROM outbox
            WHERE sent_at IS NULL AND parked_at IS NULL ORDER BY seq LIMIT 1), 0),
        (SELECT count(*) FROM outbox WHERE parked_at IS NOT NULL)
""")


def backlog(conn: Connection) -> Backlog:
    unsent, oldest, parked = conn.execute(_BACKLOG).one()
    return Backlog(unsent, float(oldest), parked)


_PRUNE = text("DELETE FROM outbox WHERE sent_at < now() - CAST(:keep AS interval)")
KEEP = timedelta(days=30)


def prune(conn: Connection, keep: timedelta = KEEP) -> int:
    """Forget what was sent longer ago than `keep`; parked rows stay for a human."""
    return conn.execute(_PRUNE, {"keep": keep}).rowcount
