"""The dead letters of one service. All functions run as the schema's system role (Database.system)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, text

State = Literal["open", "replayed", "discarded"]
KEEP = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that ended in the dead-letter queue.

    `key` is the event's id, or a digest of a body that is no event; of that `tenant_id` may be "". `place` is
    where the handler failed. `attempts` counts deliveries before it died.
    """

    id: UUID
    key: str
    tenant_id: str
    event_id: UUID | None
    type: str
    handler: str
    reason: str
    place: str
    correlation_id: str | None
    published_at: datetime | None
    source_queue: str
    attempts: int
    seen_at: datetime
    body: str

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.type, self.handler, self.reason, self.place)


def fingerprint(type: str, handler: str, reason: str, place: str) -> str:
    """Which letters died of the same cause: 12 hex digits. A line number moves with every build: left out."""
    file, _, function = place.partition(" ")
    cause = "\n".join((type, handler, reason, file.partition(":")[0], function))
    return hashlib.sha256(cause.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Failure:
    """What a letter died of, and where in the code."""

    type: str
    handler: str
    reason: str
    place: str

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.type, self.handler, self.reason, self.place)


_KEEP_ROWS = text("""
    INSERT INTO dead_letter (id, key, tenant_id, event_id, type, handler, reason, place, fingerprint,
        correlation_id, published_at, source_queue, attempts, first_seen, last_seen, body)
    SELECT id, key, tenant_id, event_id, type, handler, reason, place, fingerprint, correlation_id,
        published_at, source_queue, attempts, seen_at, seen_at, body
    FROM unnest(CAST(:id AS uuid[]), CAST(:key AS text[]), CAST(:tenant_id AS text[]),
        CAST(:event_id AS uuid[]), CAST(:type AS text[]), CAST(:handler AS text[]), CAST(:reason AS text[]),
        CAST(:place AS text[]), CAST(:fingerprint AS text[]), CAST(:correlation_id AS text[]),
        CAST(:published_at AS timestamptz[]), CAST(:source_queue AS text[]), CAST(:attempts AS integer[]),
        CAST(:seen_at AS timestamptz[]), CAST(:body AS text[]))
        AS given (id, key, tenant_id, event_id, type, handler, reason, place, fingerprint, correlation_id,
            published_at, source_queue, attempts, seen_at, body)
    ON CONFLICT (key) DO UPDATE SET seen = dead_letter.seen + 1, last_seen = excluded.last_seen,
        attempts = dead_letter.attempts + excluded.attempts, handler = excluded.handler,
        reason = excluded.reason, place = excluded.place, fingerprint = excluded.fingerprint,
        state = 'open', settled_at = NULL
    WHERE dead_letter.last_seen < excluded.last_seen AND NOT (dead_letter.state = 'replayed'
        AND EXISTS (SELECT FROM inbox i WHERE i.event_id = dead_letter.event_id))
""")


def keep(conn: Connection, letters: Iterable[Letter]) -> None:
    """Store them; one that is known is counted, and keeps its body, which may have been edited or redacted.

    The same sighting twice (a crash between storing and deleting the message) counts once. One that was given
    up, or that is to be handled anew (archive.forget), is open again.
    """
    newest = {letter.key: letter for letter in sorted(letters, key=lambda letter: letter.seen_at)}
    given = list(newest.values())
    columns = [field.name for field in fields(Letter)]
    values = {name: [getattr(letter, name) for letter in given] for name in columns}
    conn.execute(_KEEP_ROWS, {**values, "fingerprint": [letter.fingerprint for letter in given]})


@dataclass(frozen=True, slots=True)
class Filter:
    """Which letters; what is None does not matter. `since` and `until` bound `last_seen`."""

    type: str | None = None
    tenant_id: str | None = None
    fingerprint: str | None = None
    correlation_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    ids: Sequence[UUID] | None = None

    def sql(self) -> str:
        """A condition over dead_letter, with the names of `values()`."""
        return " AND ".join(_CONDITIONS[name] for name in self.values()) or "true"

    def values(self) -> dict[str, Any]:
        """What is given."""
        given = {name: value for name, value in asdict(self).items() if value is not None}
        return {name: list(value) if name == "ids" else value for name, value in given.items()}


_CONDITIONS: Mapping[str, str] = {
    "type": "type = :type",
    "tenant_id": "tenant_id = :tenant_id",
    "fingerprint": "fingerprint = :fingerprint",
    "correlation_id": "correlation_id = :correlation_id",
    "since": "last_seen >= :since",
    "until": "last_seen < :until",
    "ids": "id = ANY(CAST(:ids AS uuid[]))",
}


@dataclass(frozen=True, slots=True)
class Group:
    """Letters of one cause. `forecast` is what a dry run of this build said of a sample, if it ran."""

    fingerprint: str
    type: str
    handler: str
    reason: str
    place: str
    count: int
    tenants: int
    first_seen: datetime
    last_seen: datetime
    forecast: str | None


_GROUPS = """
    SELECT fingerprint, min(type), min(handler), min(reason), min(place), count(*),
        count(DISTINCT tenant_id), min(first_seen), max(last_seen),
        (SELECT v.forecast FROM dead_letter_verdict v
            WHERE v.fingerprint = dead_letter.fingerprint AND v.build = :build)
    FROM dead_letter WHERE state = 'open' AND {condition}
    GROUP BY fingerprint ORDER BY count(*) DESC, fingerprint
"""


def groups(conn: Connection, chosen: Filter, build: str) -> list[Group]:
    """Open letters by cause, the largest group first."""
    query = text(_GROUPS.format(condition=chosen.sql()))
    return [Group(*row) for row in conn.execute(query, {"build": build, **chosen.values()})]


def open_by_type(conn: Connection) -> dict[str, int]:
    found = conn.execute(text("SELECT type, count(*) FROM dead_letter WHERE state = 'open' GROUP BY type"))
    return dict(row._tuple() for row in found)


_DISCARD = """
    UPDATE dead_letter SET state = 'discarded', settled_at = now() WHERE id IN (
        SELECT id FROM dead_letter WHERE state = 'open' AND {condition} FOR UPDATE SKIP LOCKED)
    RETURNING id
"""


def discard(conn: Connection, chosen: Filter) -> list[UUID]:
    """Give up on the open ones; a running replay leaves them out. One that it is just applying is left."""
    query = text(_DISCARD.format(condition=chosen.sql()))
    return list(conn.execute(query, chosen.values()).scalars())


_EDIT = text("""
    UPDATE dead_letter SET body = :body, edited_from = coalesce(edited_from, body)
    WHERE id = :id AND state = 'open'
""")


def edit(conn: Connection, letter_id: UUID, body: str) -> bool:
    """Another body, the first one kept beside it; False when the letter is not open."""
    return conn.execute(_EDIT, {"id": letter_id, "body": body}).rowcount == 1


_PRUNE = text("""
    DELETE FROM dead_letter WHERE state <> 'open' AND settled_at < now() - CAST(:keep AS interval)
""")


def prune(conn: Connection, keep: timedelta = KEEP) -> int:
    """Forget settled letters after `keep`; open ones wait for a person."""
    return conn.execute(_PRUNE, {"keep": keep}).rowcount
