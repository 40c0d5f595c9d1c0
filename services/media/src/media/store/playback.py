"""Playback sessions, their events, and progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import insert

from media.domain.access import SessionState
from media.store.tables import playback_event, playback_session, video_access, video_progress

_S, _P, _E = playback_session.c, video_progress.c, playback_event.c
_ACTIVE = SessionState.ACTIVE.value

_HOLD_STUDENT = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")

_TAKE_OVER = sa.text("""
    UPDATE playback_session SET state = 'ENDED', ended_at = now()
    WHERE tenant_id = :tenant AND student_id = :student AND video_id = :video AND device_id = :device
        AND state = 'ACTIVE'
""")
_WATCH = sa.text("""
    UPDATE video_progress SET position_ms = :position_ms, max_watched_ms = :max_watched_ms,
        watched_ms = :watched_ms, progress = greatest(progress, :progress),
        completed_at = CASE WHEN :done THEN coalesce(completed_at, now()) ELSE completed_at END,
        proctored_completed_at = CASE WHEN :done AND :proctored THEN coalesce(proctored_completed_at, now())
            ELSE proctored_completed_at END,
        updated_at = greatest(updated_at, :at)
    WHERE tenant_id = :tenant AND video_id = :video AND enrollment_id = :enrollment
    RETURNING progress, completed_at
""")
_NOTE_SKIP = sa.text("""
    INSERT INTO playback_event (tenant_id, session_id, client_id, video_id, enrollment_id, student_id,
        type, violated, reason, position_ms, occurred_at)
    SELECT s.tenant_id, s.id,
        least(0, coalesce((SELECT min(client_id) FROM playback_event e
            WHERE e.tenant_id = s.tenant_id AND e.session_id = s.id), 0)) - 1,
        s.video_id, s.enrollment_id, s.student_id, :type, true, 'server', :position_ms, now()
    FROM playback_session s WHERE s.tenant_id = :tenant AND s.id = :session
""")

_MOVED = sa.text("""
    SELECT DISTINCT e.enrollment_id, e.student_id
    FROM unnest(CAST(:enrollments AS uuid[]), CAST(:students AS uuid[])) AS g (enrollment_id, student_id)
    JOIN enrollment_ref e ON e.tenant_id = :tenant AND e.enrollment_id = g.enrollment_id
    WHERE e.student_id <> g.student_id
""")
_RESEAT = tuple(
    sa.text(f"""
    UPDATE {table.name} t SET student_id = e.student_id FROM enrollment_ref e
    WHERE e.tenant_id = :tenant AND e.enrollment_id = ANY(CAST(:enrollments AS uuid[]))
        AND t.tenant_id = :tenant AND t.enrollment_id = e.enrollment_id
        AND t.student_id = ANY(CAST(:students AS uuid[])) AND t.student_id <> e.student_id
    """)  # noqa: S608 - names of our own tables
    for table in (playback_event, playback_session, video_progress, video_access)
)


def open_progress(
    conn: Connection, tenant: str, video_id: UUID, enrollment_id: UUID, student_id: UUID
) -> None:
    """There is a progress row, and its clock starts now: time before a start was not spent watching."""
    row = insert(video_progress).values(
        tenant_id=tenant, video_id=video_id, enrollment_id=enrollment_id, student_id=student_id
    )
    conn.execute(
        row.on_conflict_do_update(
            index_elements=list(video_progress.primary_key), set_={"updated_at": sa.func.clock_timestamp()}
        )
    )


def hold_student(conn: Connection, tenant: str, student_id: UUID) -> None:
    """One start at a time, so that limits hold."""
    conn.execute(_HOLD_STUDENT, {"name": f"playback\n{tenant}\n{student_id}"})


def take_over(conn: Connection, tenant: str, student_id: UUID, video_id: UUID, device_id: str) -> None:
    """A page that was loaded again replaces its own session."""
    given = {"tenant": tenant, "student": student_id, "video": video_id, "device": device_id}
    conn.execute(_TAKE_OVER, given)


def use_of(conn: Connection, tenant: str, student_id: UUID, device_id: str) -> Row[Any]:
    """(sessions, other_devices): what the student has open now."""
    chosen: list[sa.ColumnElement[Any]] = [
        sa.func.count().label("sessions"),
        sa.func.count(_S.device_id.distinct()).filter(_S.device_id != device_id).label("other_devices"),
    ]
    query = sa.select(*chosen).where(
        _S.tenant_id == tenant,
        _S.student_id == student_id,
        _S.state == _ACTIVE,
        _S.expires_at > sa.func.now(),
    )
    return conn.execute(query).one()


def add_session(conn: Connection, tenant: str, ttl: timedelta, **values: Any) -> UUID:
    """Values: video_id, enrollment_id, student_id, device_id, mode, policy_version."""
    made = insert(playback_session).values(tenant_id=tenant, expires_at=sa.func.now() + ttl, **values)
    found: UUID = conn.execute(made.returning(_S.id)).scalar_one()
    return found


def count(
    conn: Connection, tenant: str, session: UUID, ttl: timedelta, *, events: int = 0, violations: int = 0
) -> Row[Any] | None:
    """A live session lives on, and has so many events more: (event_count, violation_count).

    None for one that has ended or run out.
    """
    statement = (
        sa.update(playback_session)
        .where(_S.tenant_id == tenant, _S.id == session, _S.state == _ACTIVE, _S.expires_at > sa.func.now())
        .values(
            heartbeat_at=sa.func.now(),
            expires_at=sa.func.greatest(_S.expires_at, sa.func.now() + ttl),
            event_count=_S.event_count + events,
            violation_count=_S.violation_count + violations,
        )
        .returning(_S.event_count, _S.violation_count)
    )
    return conn.execute(statement).one_or_none()


def end(conn: Connection, tenant: str, session: UUID, state: SessionState) -> None:
    """An ACTIVE session becomes `state`; one that has ended stays as it is."""
    conn.execute(
        sa.update(playback_session)
        .where(_S.tenant_id == tenant, _S.id == session, _S.state == _ACTIVE)
        .values(state=state.value, ended_at=sa.func.now())
    )


def revoke(conn: Connection, tenant: str, video_id: UUID, enrollment_id: UUID) -> None:
    """End what a student has open of a video."""
    conn.execute(
        sa.update(playback_session)
        .where(
            _S.tenant_id == tenant,
            _S.enrollment_id == enrollment_id,
            _S.video_id == video_id,
            _S.state == _ACTIVE,
        )
        .values(state=SessionState.REVOKED.value, ended_at=sa.func.now())
    )


def watch(conn: Connection, values: Mapping[str, Any]) -> Row[Any]:
    """Store what was credited: (progress, completed_at). The caller holds the row."""
    return conn.execute(_WATCH, values).one()


def note_skip(conn: Connection, tenant: str, session: UUID, kind: str, position_ms: int) -> None:
    """An event of the server's own, numbered downwards from -1. The caller holds the progress row."""
    given = {"tenant": tenant, "session": session, "type": kind, "position_ms": position_ms}
    conn.execute(_NOTE_SKIP, given)


def add_events(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Store events; `violated` of each that was not known by its client_id."""
    made = insert(playback_event).values([dict(row) for row in rows]).on_conflict_do_nothing()
    return list(conn.execute(made.returning(_E.violated)).scalars())


def moved(
    conn: Connection, tenant: str, enrollment_ids: Sequence[str], student_ids: Sequence[str]
) -> Sequence[Row[Any]]:
    """(enrollment_id, student_id as known) of those that are another student's now: of merged records."""
    given = {"tenant": tenant, "enrollments": list(enrollment_ids), "students": list(student_ids)}
    return conn.execute(_MOVED, given).all()


def reseat(conn: Connection, tenant: str, before: Sequence[Row[Any]]) -> None:
    """What was watched follows the enrollment to its student, or a purge would not find it."""
    given = {
        "tenant": tenant,
        "enrollments": [row.enrollment_id for row in before],
        "students": [row.student_id for row in before],
    }
    for statement in _RESEAT:
        conn.execute(statement, given)


def expire(conn: Connection) -> int:
    """Of all academies: sessions that no player keeps alive any more."""
    late = (
        sa.update(playback_session)
        .where(_S.state == _ACTIVE, _S.expires_at <= sa.func.now())
        .values(state=SessionState.EXPIRED.value, ended_at=sa.func.now())
    )
    return conn.execute(late).rowcount


def prune(conn: Connection, before: datetime) -> None:
    """Of all academies: events, and ended sessions without any, from before a time. Progress stays."""
    conn.execute(sa.delete(playback_event).where(_E.received_at < before))
    has_events = sa.exists().where(_E.tenant_id == _S.tenant_id, _E.session_id == _S.id)
    conn.execute(sa.delete(playback_session).where(_S.state != _ACTIVE, _S.ended_at < before, ~has_events))
