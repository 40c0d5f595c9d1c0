"""Replays: a frozen selection of dead letters, what a dry run said of each, and what became of each.

States: rehearsing → rehearsed → applying → done | stopped; applying ⇄ paused; stopped → applying; any of
these but done → cancelled. All functions run as the schema's system role.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import Connection, text

from eventkit.deadletters.letters import Failure, Filter
from eventkit.deadletters.rehearsal import Forecast
from eventkit.ids import new_id
from eventkit.lease import LeaseBusyError

State = Literal["rehearsing", "rehearsed", "applying", "paused", "stopped", "done", "cancelled"]
Outcome = Literal["done", "duplicate", "failed", "settled"]
MOST = 100_000
FREE = 1000
"""A replay that would apply more than this needs an approver, who is not its author."""
KEEP = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Replay:
    """`step` counts rounds of the ramp; `filter` as it was asked."""

    id: UUID
    filter: Mapping[str, Any]
    total: int
    state: State
    step: int
    stop_reason: str | None
    created_by: str
    created_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Item:
    """One letter of a replay as the worker needs it."""

    position: int
    letter_id: UUID
    body: str
    type: str
    handler: str
    fingerprint: str
    letter_state: str


_COLUMNS = (
    "id, filter, total, state, step, stop_reason, created_by, created_at, approved_by, approved_at, ended_at"
)
_FREEZE = """
    INSERT INTO replay_item (replay_id, position, dead_letter_id)
    SELECT :replay_id, row_number() OVER (ORDER BY published_at NULLS LAST, id), id
    FROM (SELECT id, published_at FROM dead_letter WHERE state = 'open' AND {condition}
        ORDER BY published_at NULLS LAST, id LIMIT :most) AS chosen
"""
_CREATE = text("""
    INSERT INTO replay (id, filter, total, state, created_by)
    VALUES (:id, :filter, 0, 'rehearsing', :actor)
""")
_COUNT = text("""
    UPDATE replay SET total = given.total,
        state = CASE WHEN given.total > 0 THEN state ELSE 'done' END,
        ended_at = CASE WHEN given.total = 0 THEN now() END
    FROM (SELECT count(*) AS total FROM replay_item WHERE replay_id = :id) AS given
    WHERE id = :id
""")


def create(conn: Connection, chosen: Filter, actor: str) -> UUID:
    """Freeze the open letters that match, oldest events first, at most MOST; a dry run of them begins."""
    replay_id = new_id()
    asked = orjson.dumps(chosen.values(), default=str).decode()
    conn.execute(_CREATE, {"id": replay_id, "filter": asked, "actor": actor})
    freeze = text(_FREEZE.format(condition=chosen.sql()))
    conn.execute(freeze, {"replay_id": replay_id, "most": MOST, **chosen.values()})
    conn.execute(_COUNT, {"id": replay_id})
    return replay_id


def find(conn: Connection, replay_id: UUID, *, lock: bool = False) -> Replay | None:
    query = f"SELECT {_COLUMNS} FROM replay WHERE id = :id{' FOR UPDATE' if lock else ''}"  # noqa: S608 - constants
    row = conn.execute(text(query), {"id": replay_id}).one_or_none()
    return Replay(*row) if row else None


_NEXT = text(f"""
    SELECT {_COLUMNS} FROM replay WHERE state IN ('rehearsing', 'applying') ORDER BY created_at LIMIT 1
""")  # noqa: S608 - constants


def at_work(conn: Connection) -> Replay | None:
    """The oldest one that the worker has something to do for."""
    row = conn.execute(_NEXT).one_or_none()
    return Replay(*row) if row else None


_MOVE = text("""
    UPDATE replay SET state = :state, stop_reason = :reason,
        step = CASE WHEN state = 'stopped' THEN 0 ELSE step END,
        ended_at = CASE WHEN :state IN ('done', 'cancelled') THEN now() END
    WHERE id = :id AND state = ANY(CAST(:before AS text[]))
""")


def move(
    conn: Connection, replay_id: UUID, before: tuple[State, ...], state: State, reason: str | None = None
) -> bool:
    """Whether it was in one of the states `before`. After a stop the ramp begins anew."""
    given = {"id": replay_id, "before": list(before), "state": state, "reason": reason}
    return conn.execute(_MOVE, given).rowcount == 1


def approve(conn: Connection, replay_id: UUID, actor: str) -> None:
    conn.execute(
        text("UPDATE replay SET approved_by = :actor, approved_at = now() WHERE id = :id"),
        {"id": replay_id, "actor": actor},
    )


_ITEMS = """
    SELECT i.position, i.dead_letter_id, d.body, d.type, d.handler, d.fingerprint, d.state
    FROM replay_item i JOIN dead_letter d ON d.id = i.dead_letter_id
    WHERE i.replay_id = :id AND {condition} ORDER BY i.position LIMIT :limit
"""
_UNTRIED = text(_ITEMS.format(condition="i.forecast IS NULL"))
_UNAPPLIED = text(
    _ITEMS.format(condition="i.outcome IS NULL AND i.forecast IN ('would_change', 'already_applied')")
)


def untried(conn: Connection, replay_id: UUID, limit: int) -> list[Item]:
    return [Item(*row) for row in conn.execute(_UNTRIED, {"id": replay_id, "limit": limit})]


def unapplied(conn: Connection, replay_id: UUID, limit: int) -> list[Item]:
    """The next ones that the dry run said could be applied."""
    return [Item(*row) for row in conn.execute(_UNAPPLIED, {"id": replay_id, "limit": limit})]


_FORECAST = text("""
    UPDATE replay_item SET forecast = :word, changes = :changes, reason = :reason
    WHERE replay_id = :id AND position = :position
""")


def note_forecast(conn: Connection, replay_id: UUID, position: int, forecast: Forecast) -> None:
    conn.execute(
        _FORECAST,
        {
            "id": replay_id,
            "position": position,
            "word": forecast.word,
            "changes": orjson.dumps(dict(forecast.changes)).decode(),
            "reason": forecast.reason or None,
        },
    )


_AS_READ = "SELECT 1 FROM dead_letter WHERE id = :letter AND state = 'open' AND body = :body"
_TAKE = text(f"{_AS_READ} FOR UPDATE SKIP LOCKED")
_UNCHANGED = text(_AS_READ)
# what is written once stays: a worker that lost its lock may be late
_OUTCOME = text("""
    UPDATE replay_item SET outcome = :outcome, reason = :reason, settled_at = now()
    WHERE replay_id = :id AND position = :position AND outcome IS NULL
""")
_REPLAYED = text("""
    UPDATE dead_letter SET state = 'replayed', settled_at = now() WHERE id = :letter AND state = 'open'
""")
_DIED_AGAIN = text("""
    UPDATE dead_letter SET type = :type, handler = :handler, reason = :reason, place = :place,
        fingerprint = :fingerprint, attempts = attempts + 1, last_seen = :now
    WHERE id = :letter AND state = 'open'
""")


def take(conn: Connection, item: Item) -> bool:
    """Whether the letter is still as it was read; nobody changes it until this transaction ends.

    Raises LeaseBusyError while another worker is at it, which lost the service's lock and does not know yet.
    """
    given = {"letter": item.letter_id, "body": item.body}
    if conn.execute(_TAKE, given).one_or_none():
        return True
    if conn.execute(_UNCHANGED, given).one_or_none():
        raise LeaseBusyError("dead letter")
    return False


def note_outcome(conn: Connection, replay_id: UUID, item: Item, outcome: Outcome) -> None:
    """In the transaction of the effect itself, so that neither is without the other."""
    given = {"id": replay_id, "position": item.position, "outcome": outcome, "reason": None}
    conn.execute(_OUTCOME, given)
    if outcome != "settled":
        conn.execute(_REPLAYED, {"letter": item.letter_id})


def note_failure(conn: Connection, replay_id: UUID, item: Item, failure: Failure, now: datetime) -> None:
    """It died again: the letter says of what from now on."""
    given = {"id": replay_id, "position": item.position, "outcome": "failed", "reason": failure.reason}
    conn.execute(_OUTCOME, given)
    cause = {**asdict(failure), "fingerprint": failure.fingerprint}
    conn.execute(_DIED_AGAIN, {"letter": item.letter_id, "now": now, **cause})


def end_step(conn: Connection, replay_id: UUID) -> None:
    conn.execute(text("UPDATE replay SET step = step + 1 WHERE id = :id"), {"id": replay_id})


_FAILED_OF = text("""
    SELECT count(*) FROM replay_item i JOIN dead_letter d ON d.id = i.dead_letter_id
    WHERE i.replay_id = :id AND i.outcome = 'failed' AND d.fingerprint = :fingerprint
""")


def failed_of(conn: Connection, replay_id: UUID, fingerprint: str) -> int:
    """How many of this replay died of that cause."""
    return int(conn.execute(_FAILED_OF, {"id": replay_id, "fingerprint": fingerprint}).scalar_one())


_SUMMARY = text("""
    SELECT replay_id, coalesce(forecast, 'untried'), coalesce(outcome, 'waiting'), count(*)
    FROM replay_item WHERE replay_id = ANY(CAST(:ids AS uuid[])) GROUP BY 1, 2, 3
""")
Summary = Mapping[str, Mapping[str, int]]
"""Forecast or "untried" → outcome or "waiting" → how many items."""


def summaries(conn: Connection, replay_ids: Sequence[UUID]) -> Mapping[UUID, Summary]:
    found: dict[UUID, dict[str, dict[str, int]]] = {replay_id: {} for replay_id in replay_ids}
    for replay_id, forecast, outcome, count in conn.execute(_SUMMARY, {"ids": list(replay_ids)}):
        found[replay_id].setdefault(forecast, {})[outcome] = count
    return found


# --- is a cause mended by this build? -------------------------------------------------------------

# asked every few seconds: bodies are read of groups that wait for a verdict only
_UNJUDGED = text("""
    SELECT g.fingerprint, oldest.body
    FROM (SELECT DISTINCT fingerprint FROM dead_letter WHERE state = 'open') AS g
    CROSS JOIN LATERAL (SELECT body FROM dead_letter d
        WHERE d.state = 'open' AND d.fingerprint = g.fingerprint ORDER BY first_seen LIMIT 1) AS oldest
    WHERE NOT EXISTS (SELECT FROM dead_letter_verdict v
        WHERE v.fingerprint = g.fingerprint AND v.build = :build)
    ORDER BY g.fingerprint LIMIT :limit
""")
_JUDGED = text("""
    INSERT INTO dead_letter_verdict (fingerprint, build, forecast, checked_at)
    VALUES (:fingerprint, :build, :forecast, now()) ON CONFLICT DO NOTHING
""")


def unjudged(conn: Connection, build: str, limit: int) -> list[tuple[str, str]]:
    """(fingerprint, a letter's body) of groups that no dry run of this build has looked at."""
    found = conn.execute(_UNJUDGED, {"build": build, "limit": limit})
    return [(row.fingerprint, row.body) for row in found]


def judge(conn: Connection, fingerprint: str, build: str, word: str) -> None:
    conn.execute(_JUDGED, {"fingerprint": fingerprint, "build": build, "forecast": word})


_PRUNE = text("DELETE FROM replay WHERE ended_at < now() - CAST(:keep AS interval)")
_PRUNE_VERDICTS = text("DELETE FROM dead_letter_verdict WHERE checked_at < now() - CAST(:keep AS interval)")


def prune(conn: Connection, keep: timedelta = KEEP) -> int:
    conn.execute(_PRUNE_VERDICTS, {"keep": keep})
    return conn.execute(_PRUNE, {"keep": keep}).rowcount
