"""Figures about who watched what. Every function is one statement, whatever the number of students."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from media.domain.progress import RISK_WEIGHTS
from media.store.tables import (
    enrollment_ref,
    playback_event,
    playback_session,
    video_progress,
)

_E, _S, _P, _R = playback_event.c, playback_session.c, video_progress.c, enrollment_ref.c

# reference A6: the event's weight, twice for a violation, one more where a reason was given
RISK: sa.ColumnElement[Any] = sa.case(RISK_WEIGHTS, value=_E.type, else_=0) * sa.case(
    (_E.violated, 2), else_=1
) + sa.case((_E.reason != "", 1), else_=0)


def watching_totals(conn: Connection, tenant: str, video_id: UUID, lecture_id: UUID) -> Row[Any]:
    """(students, started, completed, proctored_completed, watched_ms, average, decile_0 … decile_9) of a
    lecture's active students; `decile_0`: how many have seen less than 10 %.
    """
    progress = sa.func.coalesce(_P.progress, 0)
    decile = sa.func.least(sa.func.floor(progress * 10), 9)
    joined = enrollment_ref.outerjoin(
        video_progress,
        sa.and_(_P.tenant_id == _R.tenant_id, _P.video_id == video_id, _P.enrollment_id == _R.enrollment_id),
    )
    query: sa.Select[Any] = (
        sa.select(
            sa.func.count().label("students"),
            sa.func.count().filter(_P.watched_ms > 0).label("started"),
            sa.func.count(_P.completed_at).label("completed"),
            sa.func.count(_P.proctored_completed_at).label("proctored_completed"),
            sa.func.coalesce(sa.func.sum(_P.watched_ms), 0).label("watched_ms"),
            sa.func.coalesce(sa.func.avg(progress), 0).label("average"),
            *(sa.func.count().filter(decile == n).label(f"decile_{n}") for n in range(10)),
        )
        .select_from(joined)
        .where(
            _R.tenant_id == tenant,
            _R.lecture_id == lecture_id,
            _R.status == "ACTIVE",
            _R.deleted.is_(False),
        )
    )
    return conn.execute(query).one()


def session_totals(conn: Connection, tenant: str, video_id: UUID, since: timedelta) -> Row[Any]:
    """(sessions, viewers, revoked, expired, events, violations) of classes begun in that time."""
    query: sa.Select[Any] = sa.select(
        sa.func.count().label("sessions"),
        sa.func.count(_S.student_id.distinct()).label("viewers"),
        sa.func.count().filter(_S.state == "REVOKED").label("revoked"),
        sa.func.count().filter(_S.state == "EXPIRED").label("expired"),
        sa.func.coalesce(sa.func.sum(_S.event_count), 0).label("events"),
        sa.func.coalesce(sa.func.sum(_S.violation_count), 0).label("violations"),
    ).where(_S.tenant_id == tenant, _S.video_id == video_id, _S.started_at > sa.func.now() - since)
    return conn.execute(query).one()


def by_policy(conn: Connection, tenant: str, video_id: UUID) -> list[Row[Any]]:
    """(policy_version, first_at, sessions, revoked, events, violations), the newest policy first."""
    query: sa.Select[Any] = (
        sa.select(
            _S.policy_version,
            sa.func.min(_S.started_at).label("first_at"),
            sa.func.count().label("sessions"),
            sa.func.count().filter(_S.state == "REVOKED").label("revoked"),
            sa.func.sum(_S.event_count).label("events"),
            sa.func.sum(_S.violation_count).label("violations"),
        )
        .where(_S.tenant_id == tenant, _S.video_id == video_id)
        .group_by(_S.policy_version)
        .order_by(_S.policy_version.desc())
    )
    return list(conn.execute(query))


def risk(
    conn: Connection, tenant: str, video_id: UUID, limit: int, since: timedelta | None = None
) -> list[Row[Any]]:
    """(student_id, enrollment_id, score, events, violations) of the students with the highest scores."""
    score = sa.func.sum(RISK).label("score")
    recent = [] if since is None else [_E.received_at > sa.func.now() - since]
    query: sa.Select[Any] = (
        sa.select(
            _E.student_id,
            _E.enrollment_id,
            score,
            sa.func.count().label("events"),
            sa.func.count().filter(_E.violated).label("violations"),
        )
        .where(_E.tenant_id == tenant, _E.video_id == video_id, *recent)
        .group_by(_E.student_id, _E.enrollment_id)
        .having(score > 0)
        .order_by(score.desc(), _E.enrollment_id)
        .limit(limit)
    )
    return list(conn.execute(query))


EVENT_ORDER = (_E.received_at, _E.session_id, _E.client_id)


def events(
    tenant: str, video_id: UUID, *, student_id: UUID | None = None, violated: bool | None = None
) -> sa.Select[Any]:
    """A video's events; order and paging are the caller's (EVENT_ORDER)."""
    query: sa.Select[Any] = sa.select(
        _E.session_id, _E.client_id, _E.enrollment_id, _E.student_id, _E.type, _E.violated, _E.reason,
        _E.position_ms, _E.occurred_at, _E.received_at, RISK.label("score"),
    ).where(_E.tenant_id == tenant, _E.video_id == video_id)  # fmt: skip
    if student_id is not None:
        query = query.where(_E.student_id == student_id)
    if violated is not None:
        query = query.where(_E.violated.is_(violated))
    return query
