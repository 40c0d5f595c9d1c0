"""The ledger of messages: a state changes by one of these statements alone, and only where it may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import JSONB

from messaging.domain.messages import FINAL, NO_REPORT, Status, before
from messaging.store.columns import add
from messaging.store.tables import message, message_body, message_subject

_M = message.c


@dataclass(frozen=True, slots=True)
class Move:
    """What a message becomes. `at` is when it is due (QUEUED) or to be asked for (ACCEPTED, AMBIGUOUS).

    `attempt`: only if it is still that attempt's.
    """

    id: UUID
    code: str | None = None
    at: datetime | None = None
    attempt: int | None = None
    provider_id: str | None = None
    group: str | None = None
    replaced: bool = False
    refused: bool = False


_MOVE = sa.text("""
    UPDATE message m SET status = :status, code = g.code, lease_until = NULL,
        due_at = CASE WHEN :status = 'QUEUED' THEN coalesce(g.at, m.due_at) ELSE m.due_at END,
        ask_at = CASE WHEN :status IN ('ACCEPTED', 'AMBIGUOUS') THEN least(m.ask_at, g.at) END,
        asked = CASE WHEN :status = 'QUEUED' THEN 0 ELSE m.asked END,
        provider_id = coalesce(g.provider_id, m.provider_id),
        provider_group = coalesce(g.grp, m.provider_group),
        replaced = m.replaced OR g.replaced, refused = m.refused + CAST(g.refused AS integer),
        ended_at = CASE WHEN :final THEN CAST(:now AS timestamptz) END
    FROM unnest(CAST(:ids AS uuid[]), CAST(:codes AS text[]), CAST(:ats AS timestamptz[]),
        CAST(:attempts AS integer[]), CAST(:provider_ids AS text[]), CAST(:groups AS text[]),
        CAST(:replaced AS boolean[]), CAST(:refused AS boolean[]))
        AS g (id, code, at, attempt, provider_id, grp, replaced, refused)
    WHERE m.tenant_id = :tenant AND m.id = g.id AND m.status = ANY(CAST(:before AS text[]))
        AND (g.attempt IS NULL OR m.attempt = g.attempt)
    RETURNING m.id, m.request_id
""")


Moved = Mapping[UUID, UUID | None]
"""Message → the request that asked for it."""


def move(conn: Connection, tenant: str, status: Status, moves: Sequence[Move], now: datetime) -> Moved:
    """Which of them moved; one whose state does not allow it, or that another attempt has, stays as it is."""
    if not moves:
        return {}
    given = {
        "tenant": tenant,
        "status": status.value,
        "final": status in FINAL,
        "now": now,
        "before": [state.value for state in before(status)],
        "ids": [one.id for one in moves],
        "codes": [one.code for one in moves],
        "ats": [one.at for one in moves],
        "attempts": [one.attempt for one in moves],
        "provider_ids": [one.provider_id for one in moves],
        "groups": [one.group for one in moves],
        "replaced": [one.replaced for one in moves],
        "refused": [one.refused for one in moves],
    }
    return {row.id: row.request_id for row in conn.execute(_MOVE, given)}


def insert(
    conn: Connection,
    messages: Sequence[Mapping[str, Any]],
    bodies: Mapping[UUID, Mapping[str, Any]],
    subjects: Mapping[UUID, Sequence[UUID]],
) -> set[UUID]:
    """The ids of those whose business key was free: the others have been asked for already."""
    new = {row.id for row in add(conn, message, messages, ["id"])}
    tenants = {row["id"]: row["tenant_id"] for row in messages}
    about = [
        {"tenant_id": tenants[one], "message_id": one, "student_id": student}
        for one in new
        for student in subjects.get(one, ())
    ]
    add(conn, message_body, [bodies[one] for one in new if one in bodies])
    add(conn, message_subject, about)
    return new


_CLAIM = sa.text("""
    WITH mine AS (
        SELECT id FROM message
        WHERE tenant_id = :tenant AND status = 'QUEUED' AND due_at <= :now
        ORDER BY due_at, id LIMIT :most FOR UPDATE SKIP LOCKED),
    taken AS (
        UPDATE message m SET status = 'CLAIMED', lease_until = :lease
        FROM mine WHERE m.tenant_id = :tenant AND m.id = mine.id
        RETURNING m.id, m.event, m.category, m.fingerprint, m.batch_id, m.not_after, m.due_at)
    SELECT * FROM taken ORDER BY due_at, id
""")


def claim(conn: Connection, tenant: str, now: datetime, lease: datetime, most: int) -> Sequence[Row[Any]]:
    """Take messages that are due, the oldest first; nobody else takes them before `lease`. A row is as the
    guards want it."""
    return conn.execute(_CLAIM, {"tenant": tenant, "now": now, "lease": lease, "most": most}).all()


_HELD = sa.text("""
    SELECT id FROM message
    WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS uuid[])) AND status = 'CLAIMED'
        AND lease_until = :lease
    ORDER BY due_at, id FOR UPDATE
""")


def held(conn: Connection, tenant: str, ids: Sequence[UUID], lease: datetime) -> set[UUID]:
    """Those still held under this very lease, locked until the transaction ends."""
    return set(conn.execute(_HELD, {"tenant": tenant, "ids": list(ids), "lease": lease}).scalars())


# whoever cancels a batch locks its messages in the same order
_BEGIN = sa.text("""
    WITH mine AS (
        SELECT id FROM message
        WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS uuid[])) AND status = 'CLAIMED'
            AND lease_until = :lease
        ORDER BY due_at, id FOR UPDATE)
    UPDATE message m SET status = 'SENDING', code = NULL, attempt = attempt + 1, attempted_at = :now,
        ask_at = NULL, asked = 0, lease_until = :until
    FROM mine, message_body b
    WHERE m.tenant_id = :tenant AND m.id = mine.id AND b.tenant_id = :tenant AND b.message_id = mine.id
    RETURNING m.id, m.attempt, m.kind, b.phone, b.text, b.subject, b.alimtalk
""").columns(alimtalk=JSONB)


def begin(
    conn: Connection, tenant: str, ids: Sequence[UUID], lease: datetime, now: datetime, until: datetime
) -> Sequence[Row[Any]]:
    """The intent: those still held under `lease` with the number of the attempt that now begins, and their
    bodies. Committed before the call."""
    given = {"tenant": tenant, "ids": list(ids), "lease": lease, "now": now, "until": until}
    return conn.execute(_BEGIN, given).all()


def refusals(conn: Connection, tenant: str, ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many attempts of each were surely not sent."""
    query = sa.select(_M.id, _M.refused).where(
        _M.tenant_id == tenant, _M.id == sa.any_(sa.literal(list(ids), sa.ARRAY(sa.Uuid)))
    )
    return {row.id: row.refused for row in conn.execute(query)}


_RETURN = sa.text("""
    UPDATE message SET status = 'QUEUED', lease_until = NULL
    WHERE status = 'CLAIMED' AND lease_until <= :now
""")
_LOSE = sa.text("""
    UPDATE message SET status = 'AMBIGUOUS', code = 'worker_died', lease_until = NULL,
        ask_at = CAST(:now AS timestamptz)
    WHERE status = 'SENDING' AND lease_until <= :now
    RETURNING id
""")
_EXPIRED = sa.text("""
    SELECT tenant_id, id FROM message WHERE status = 'QUEUED' AND not_after <= :now
    ORDER BY not_after LIMIT 1000 FOR UPDATE SKIP LOCKED
""")


def abandoned(conn: Connection, now: datetime) -> int:
    """What a dead worker had: back in the queue if it was only claimed, else AMBIGUOUS (how many)."""
    conn.execute(_RETURN, {"now": now})
    return len(conn.execute(_LOSE, {"now": now}).all())


def expired(conn: Connection, now: datetime) -> Sequence[Row[Any]]:
    """(tenant_id, id) of what waits past its end, held or not; locked."""
    return conn.execute(_EXPIRED, {"now": now}).all()


_TAKE = sa.text("""
    UPDATE message SET ask_at = :again, asked = asked + 1
    WHERE (tenant_id, id) IN (
        SELECT tenant_id, id FROM message
        WHERE status = :status AND status IN ('AMBIGUOUS', 'ACCEPTED') AND ask_at <= :now
        ORDER BY ask_at LIMIT :most FOR UPDATE SKIP LOCKED)
    RETURNING tenant_id, id, attempt, attempted_at, asked, provider_id
""")


def take(conn: Connection, status: Status, now: datetime, again: datetime, most: int) -> Sequence[Row[Any]]:
    """Messages of any tenant whose fate is to be asked for; nobody else asks before `again`."""
    given = {"status": status.value, "now": now, "again": again, "most": most}
    return conn.execute(_TAKE, given).all()


_ASK = sa.text("""
    UPDATE message m SET ask_at = g.at
    FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:ats AS timestamptz[]))
        AS g (tenant, id, at)
    WHERE m.tenant_id = g.tenant AND m.id = g.id AND m.status = :status
""")


def ask_at(conn: Connection, status: Status, rows: Sequence[Row[Any]], times: Sequence[datetime]) -> None:
    """When to ask for each of these rows of `take` again."""
    given = {
        "status": status.value,
        "tenants": [row.tenant_id for row in rows],
        "ids": [row.id for row in rows],
        "ats": list(times),
    }
    conn.execute(_ASK, given)


_UNREPORTED = sa.text("""
    UPDATE message SET code = :code, ask_at = NULL
    WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS uuid[])) AND status = 'ACCEPTED'
    RETURNING id, request_id
""")


def unreported(conn: Connection, tenant: str, ids: Sequence[UUID]) -> Moved:
    """Those still accepted are asked for no more."""
    given = {"tenant": tenant, "ids": list(ids), "code": NO_REPORT}
    return {row.id: row.request_id for row in conn.execute(_UNREPORTED, given)}


_HINT = sa.text("""
    UPDATE message SET ask_at = :now
    WHERE provider_id = ANY(CAST(:provider_ids AS text[])) AND status IN ('SENDING', 'AMBIGUOUS', 'ACCEPTED')
""")
_HINT_OWN = sa.text("""
    UPDATE message SET ask_at = :now
    WHERE status = 'SENDING' AND id = ANY(CAST(:ids AS uuid[]))
        OR status = 'AMBIGUOUS' AND id = ANY(CAST(:ids AS uuid[]))
""")


def hint(conn: Connection, provider_ids: Sequence[str], ids: Sequence[UUID], now: datetime) -> None:
    """Somebody says that there is news of these: ask the provider, whom alone we believe. `ids` are ours, of
    messages of which we do not know the provider's."""
    conn.execute(_HINT, {"provider_ids": list(provider_ids), "now": now})
    conn.execute(_HINT_OWN, {"ids": list(ids), "now": now})


# each part by its own partial index: an IN of both states would read the whole ledger
_WAITING = sa.text("""
    SELECT queued, queued_since, ambiguous, ambiguous_since
    FROM (SELECT count(*) AS queued,
            min(m.due_at) FILTER (WHERE NOT coalesce(s.hold, false) AND coalesce(s.is_active, true))
                AS queued_since
        FROM message m LEFT JOIN tenant_setting s ON s.tenant_id = m.tenant_id
        WHERE m.status = 'QUEUED' AND m.due_at <= :now) q,
        (SELECT count(*) AS ambiguous, min(attempted_at) AS ambiguous_since
        FROM message WHERE status = 'AMBIGUOUS') a
""")


def waiting(conn: Connection, now: datetime) -> Row[Any]:
    """(queued, ambiguous, queued_since, ambiguous_since): how many are due and whose fate is unknown, and
    since when the oldest. Who holds their messages back keeps nobody waiting."""
    return conn.execute(_WAITING, {"now": now}).one()
