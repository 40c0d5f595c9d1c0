"""Encode jobs: the table is the queue. Whoever runs one names its attempt and itself in every write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row, text
from sqlalchemy.dialects.postgresql import insert as pg_insert

from media.domain.jobs import ACTIVE, LEASE, STALL_LIMIT, WAITING, JobState, Step, Verdict
from media.store.tables import encode_job

_c = encode_job.c
_ACTIVE = _c.state.in_(ACTIVE)
_NOTIFY = text("SELECT pg_notify('encode_' || current_schema(), '')")


def channel(schema: str) -> str:
    """The NOTIFY channel that wakes the encoders."""
    return f"encode_{schema}"


def insert(conn: Connection, tenant: str, video_id: UUID, correlation_id: str) -> UUID:
    """A new QUEUED job and a NOTIFY, or the id of the active one (unique index encode_job_active_key)."""
    new = pg_insert(encode_job).values(tenant_id=tenant, video_id=video_id, correlation_id=correlation_id)
    unless = new.on_conflict_do_nothing(index_elements=["video_id"], index_where=_ACTIVE)
    made: UUID | None = conn.execute(unless.returning(_c.id)).scalar()
    if made is None:
        found: UUID = conn.execute(sa.select(_c.id).where(*_active_of(tenant, video_id))).scalar_one()
        return found
    conn.execute(_NOTIFY)
    return made


def cancel(conn: Connection, tenant: str, video_id: UUID) -> None:
    """Every active job of the video."""
    values = {"state": JobState.CANCELLED, "ended_at": sa.func.now(), "lease_until": None}
    conn.execute(sa.update(encode_job).where(*_active_of(tenant, video_id)).values(values))


def is_active(conn: Connection, tenant: str, video_id: UUID) -> bool:
    """Whether an encoder has the video or will have it."""
    query = sa.select(sa.exists().where(*_active_of(tenant, video_id)))
    return bool(conn.execute(query).scalar_one())


def _active_of(tenant: str, video_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return _c.tenant_id == tenant, _c.video_id == video_id, _ACTIVE


@dataclass(frozen=True, slots=True)
class Claim:
    """Proof that `worker` runs the `attempt`-th attempt of a job: carry it to every write.

    `failures` are those before this attempt, `checkpoint` is what earlier ones have uploaded.
    """

    job_id: UUID
    attempt: int
    worker: str
    tenant: str
    video_id: UUID
    failures: int
    correlation_id: str
    checkpoint: Mapping[str, Any]


# Fair between academies: the one with the fewest running jobs first. Two claims at the same moment see the
# same numbers and take two jobs of it; the next one makes up for that.
_CLAIM = text("""
    WITH running AS (
        SELECT tenant_id, count(*) AS jobs FROM encode_job WHERE state = 'RUNNING' GROUP BY tenant_id
    ), chosen AS (
        SELECT j.id FROM encode_job j LEFT JOIN running r USING (tenant_id)
        WHERE j.state IN ('QUEUED', 'RETRY_WAIT') AND j.due_at <= :now
        ORDER BY coalesce(r.jobs, 0), j.due_at, j.id
        LIMIT 1 FOR UPDATE OF j SKIP LOCKED
    )
    UPDATE encode_job j SET state = 'RUNNING', attempt = attempt + 1, worker = :worker,
        lease_until = :until, progress_at = :now, started_at = coalesce(started_at, :now), error_code = NULL,
        step = :step, step_percent = 0, percent = 0, remaining_seconds = NULL
    FROM chosen WHERE j.id = chosen.id
    RETURNING j.id, attempt, worker, tenant_id, video_id, failures, correlation_id, checkpoint
""")


def claim(conn: Connection, worker: str, now: datetime) -> Claim | None:
    """The job that is next, RUNNING and leased to `worker`; None when none is due. `conn` is a system one."""
    values = {"worker": worker, "now": now, "until": now + LEASE, "step": Step.PREPARING}
    found = conn.execute(_CLAIM, values).first()
    return Claim(*found) if found else None


def renew(conn: Connection, claim: Claim, until: datetime, moved_at: datetime) -> bool:
    """`moved_at` is when the attempt last got on.

    False when the job is another attempt's by now, or cancelled: nothing of this one counts any more.
    """
    return _write(conn, claim, lease_until=until, progress_at=moved_at)


def report(conn: Connection, claim: Claim, shown: Mapping[str, Any], moved_at: datetime) -> bool:
    """`shown`: step, step_percent, percent, remaining_seconds. `moved_at`: when it last got on. As renew."""
    return _write(conn, claim, **shown, progress_at=moved_at)


def keep(conn: Connection, claim: Claim, name: str, entry: Mapping[str, Any]) -> bool:
    """Add to the checkpoint, for the next attempt. As renew."""
    added = sa.func.jsonb_build_object(name, sa.cast(entry, encode_job.c.checkpoint.type))
    return _write(conn, claim, checkpoint=_c.checkpoint.op("||")(added))


def hold(conn: Connection, claim: Claim) -> bool:
    """Lock the row until the end of the transaction: nobody takes over before it commits. As renew."""
    held = sa.select(_c.id).where(*_fence(claim)).with_for_update()
    return conn.execute(held).first() is not None


def hand_back(conn: Connection, claim: Claim, seconds: float, now: datetime) -> bool:
    """QUEUED again, due at once, and no failure. As renew."""
    done = _write(conn, claim, state=JobState.QUEUED, due_at=now, **_ended_attempt(seconds))
    if done:
        conn.execute(_NOTIFY)
    return done


def settle(conn: Connection, claim: Claim, state: JobState, seconds: float, now: datetime) -> bool:
    """The job has ended: SUCCEEDED or CANCELLED. As renew."""
    finished = {"percent": 100, "step_percent": 100} if state is JobState.SUCCEEDED else {}
    return _write(conn, claim, state=state, ended_at=now, **finished, **_ended_attempt(seconds))


def settle_failed(
    conn: Connection, claim: Claim, verdict: Verdict, code: str, seconds: float, now: datetime
) -> bool:
    """One failure more: ended, or to be tried again after the verdict's wait. As renew."""
    until = {"ended_at": now} if verdict.wait is None else {"due_at": now + verdict.wait}
    failed = {"state": verdict.state, "failures": _c.failures + 1, "error_code": code}
    return _write(conn, claim, **failed, **until, **_ended_attempt(seconds))


def unsweep(conn: Connection, claim: Claim) -> None:
    """The video no longer refers to what its earlier jobs have made: they are to be swept again."""
    others = (_c.tenant_id == claim.tenant, _c.video_id == claim.video_id, _c.id != claim.job_id)
    conn.execute(sa.update(encode_job).where(*others).values(swept_at=None))


# The encoder is gone (its lease has run out), or it hangs so badly that it cannot even stop.
_LOST = sa.and_(
    _c.state == JobState.RUNNING,
    sa.or_(_c.lease_until < sa.bindparam("now"), _c.progress_at < sa.bindparam("stalled")),
)
_CLAIMED = (
    _c.id, _c.attempt, _c.worker, _c.tenant_id, _c.video_id, _c.failures, _c.correlation_id, _c.checkpoint
)  # fmt: skip


def lost(conn: Connection, now: datetime, limit: int) -> list[Claim]:
    """The claims of encoders that are gone or hang, at most `limit`. `conn` is a system one."""
    found = conn.execute(sa.select(*_CLAIMED).where(_LOST).limit(limit), _limits(now))
    return [Claim(*row) for row in found]


def hold_lost(conn: Connection, claim: Claim, now: datetime) -> bool:
    """Lock the row; False when the encoder of this claim has moved meanwhile, or another one has the job."""
    held = sa.select(_c.id).where(*_fence(claim), _LOST).with_for_update()
    return conn.execute(held, _limits(now)).first() is not None


def _limits(now: datetime) -> dict[str, datetime]:
    # its own encoder stops it at the limit, and gets a lease's time to do so
    return {"now": now, "stalled": now - STALL_LIMIT - 2 * LEASE}


_NEEDED = sa.select(
    sa.exists().where(
        sa.or_(
            _c.state == JobState.RUNNING,
            sa.and_(_c.state.in_(WAITING), _c.due_at <= sa.bindparam("now")),
        )
    )
)


def needed(conn: Connection, now: datetime) -> str | None:
    """The word job while one is due or running, whoever runs it; else None. `conn` is a system one."""
    return "job" if conn.execute(_NEEDED, {"now": now}).scalar_one() else None


_WAITING = text("""
    SELECT state, count(*) AS jobs,
        max(extract(epoch FROM :now - due_at)) FILTER (WHERE state <> 'RUNNING') AS waiting
    FROM encode_job WHERE state IN ('QUEUED', 'RUNNING', 'RETRY_WAIT') GROUP BY state
""")


def waiting(conn: Connection, now: datetime) -> list[Row[Any]]:
    """By active state: its jobs, and since how many seconds the oldest is due (negative: it is not yet)."""
    return list(conn.execute(_WAITING, {"now": now}))


def _ended_attempt(seconds: float) -> dict[str, Any]:
    return {"lease_until": None, "encode_seconds": _c.encode_seconds + Decimal(f"{seconds:.3f}")}


def _fence(claim: Claim) -> tuple[sa.ColumnElement[bool], ...]:
    mine = (_c.id == claim.job_id, _c.attempt == claim.attempt, _c.worker == claim.worker)
    return (*mine, _c.state == JobState.RUNNING)


def _write(conn: Connection, claim: Claim, **values: Any) -> bool:
    return conn.execute(sa.update(encode_job).where(*_fence(claim)).values(values)).rowcount == 1
