"""Merges of students, and what each did to enrollments. Every function takes all merges at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row, RowMapping

from enrollment.domain.merges import Enrollment, Merge, Move
from enrollment.store.enrollments import ids
from enrollment.store.tables import merge_move, student_ref

_ADD = sa.text("""
    INSERT INTO student_merge (tenant_id, id, winner_id, loser_id, undone)
    SELECT :tenant, m.id, m.winner_id, m.loser_id, :undone
    FROM unnest(CAST(:ids AS uuid[]), CAST(:winners AS uuid[]), CAST(:losers AS uuid[]))
        AS m (id, winner_id, loser_id)
    ORDER BY m.id
    ON CONFLICT (tenant_id, id) DO NOTHING
    RETURNING id, winner_id, loser_id
""")

_UNDO = sa.text("""
    UPDATE student_merge SET undone = true
    WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS uuid[])) AND NOT undone
    RETURNING id, winner_id, loser_id
""")

_LIVE = sa.text("""
    SELECT id, winner_id, loser_id FROM student_merge
    WHERE tenant_id = :tenant AND NOT undone
        AND (winner_id = ANY(CAST(:students AS uuid[])) OR loser_id = ANY(CAST(:students AS uuid[])))
    ORDER BY id
""")

_HOLD = sa.text("""
    SELECT e.id, e.lecture_id, e.student_id, e.status, e.enrolled_at FROM enrollment e
    WHERE e.tenant_id = :tenant
        AND (e.student_id = ANY(CAST(:students AS uuid[])) OR e.id = ANY(CAST(:ids AS uuid[])))
    ORDER BY e.student_id, e.id
    FOR UPDATE
""")

_WRITE = sa.text("""
    UPDATE enrollment e SET student_id = g.student_id, status = g.status, enrolled_at = g.enrolled_at,
        version = nextval('change_seq'), updated_at = now()
    FROM unnest(CAST(:ids AS uuid[]), CAST(:students AS uuid[]), CAST(:statuses AS text[]),
        CAST(:enrolled_at AS timestamptz[])) AS g (id, student_id, status, enrolled_at)
    WHERE e.tenant_id = :tenant AND e.id = g.id
    RETURNING e.id, e.lecture_id, e.student_id, e.status, e.version
""")

_RESEAT = sa.text("""
    UPDATE session_enrollment s SET version = nextval('change_seq')
    FROM enrollment e
    WHERE s.tenant_id = :tenant AND s.enrollment_id = ANY(CAST(:ids AS uuid[]))
        AND e.tenant_id = :tenant AND e.id = s.enrollment_id
    RETURNING s.session_id, s.enrollment_id, e.lecture_id, e.student_id, s.version,
        coalesce((SELECT a.status FROM attendance a WHERE a.tenant_id = s.tenant_id
            AND a.enrollment_id = s.enrollment_id AND a.session_id = s.session_id), 'UNSET') AS attendance
""")

_REMEMBER = sa.text("""
    INSERT INTO merge_move (tenant_id, merge_id, enrollment_id, kind, status, enrolled_at)
    SELECT :tenant, m.merge_id, m.enrollment_id, m.kind, m.status, m.enrolled_at
    FROM unnest(CAST(:merges AS uuid[]), CAST(:ids AS uuid[]), CAST(:kinds AS text[]),
        CAST(:statuses AS text[]), CAST(:enrolled_at AS timestamptz[]))
        AS m (merge_id, enrollment_id, kind, status, enrolled_at)
""")


def add(conn: Connection, tenant: str, merges: Sequence[Merge], *, undone: bool) -> list[Merge]:
    """Know these merges; answers those that were not known, neither as merged nor as undone."""
    given = {
        "ids": [merge.id for merge in merges],
        "winners": [merge.winner_id for merge in merges],
        "losers": [merge.loser_id for merge in merges],
    }
    return _merges(conn.execute(_ADD, {"tenant": tenant, "undone": undone, **given}).all())


def undo(conn: Connection, tenant: str, merge_ids: Collection[UUID]) -> list[Merge]:
    """Mark merges as undone; answers those that were not.

    A statement of its own after `add`, so that it sees a merge that another transaction just added.
    """
    return _merges(conn.execute(_UNDO, {"tenant": tenant, "ids": list(merge_ids)}).all())


def live(conn: Connection, tenant: str, student_ids: Collection[UUID]) -> list[Merge]:
    """The merges of these students that are not undone, in the order of their ids."""
    return _merges(conn.execute(_LIVE, {"tenant": tenant, "students": list(student_ids)}).all())


def hold_students(conn: Connection, tenant: str, student_ids: Collection[UUID]) -> None:
    """Nobody enrols these students until the transaction ends."""
    query = (
        sa.select(student_ref.c.student_id)
        .where(student_ref.c.tenant_id == tenant, student_ref.c.student_id == sa.any_(ids(student_ids)))
        .order_by(student_ref.c.student_id)
    )
    conn.execute(query.with_for_update())


def hold_enrollments(
    conn: Connection, tenant: str, *, students: Collection[UUID], also: Collection[UUID] = ()
) -> list[Enrollment]:
    """All enrollments of the students, and `also` those with these ids, locked."""
    given = {"tenant": tenant, "students": list(students), "ids": list(also)}
    return [Enrollment(*row) for row in conn.execute(_HOLD, given)]


def write(conn: Connection, tenant: str, changed: Sequence[Enrollment]) -> Sequence[Row[Any]]:
    """Store enrollments as they now are; answers id, lecture_id, student_id, status, version."""
    given = {
        "ids": [one.id for one in changed],
        "students": [one.student_id for one in changed],
        "statuses": [one.status for one in changed],
        "enrolled_at": [one.enrolled_at for one in changed],
    }
    return conn.execute(_WRITE, {"tenant": tenant, **given}).all()


def reseat(conn: Connection, tenant: str, enrollment_ids: Collection[UUID]) -> Sequence[RowMapping]:
    """Their session enrollments have another student now; answers them for announce_session_enrollments."""
    given = {"tenant": tenant, "ids": list(enrollment_ids)}
    return conn.execute(_RESEAT, given).mappings().all()


def remember(conn: Connection, tenant: str, moves: Sequence[Move]) -> None:
    """Store what merges did."""
    given = {
        "merges": [move.merge_id for move in moves],
        "ids": [move.enrollment_id for move in moves],
        "kinds": [move.kind for move in moves],
        "statuses": [move.status for move in moves],
        "enrolled_at": [move.enrolled_at for move in moves],
    }
    conn.execute(_REMEMBER, {"tenant": tenant, **given})


def moves_of(conn: Connection, tenant: str, merge_ids: Collection[UUID]) -> list[Move]:
    """What these merges did."""
    query = sa.select(
        merge_move.c.merge_id,
        merge_move.c.enrollment_id,
        merge_move.c.kind,
        merge_move.c.status,
        merge_move.c.enrolled_at,
    ).where(merge_move.c.tenant_id == tenant, merge_move.c.merge_id == sa.any_(ids(merge_ids)))
    return [Move(*row) for row in conn.execute(query)]


def forget(conn: Connection, tenant: str, moves: Sequence[Move]) -> None:
    """Remove what was taken back."""
    pairs = sa.select(
        sa.func.unnest(ids([move.merge_id for move in moves])),
        sa.func.unnest(ids([move.enrollment_id for move in moves])),
    )
    key = sa.tuple_(merge_move.c.merge_id, merge_move.c.enrollment_id)
    conn.execute(sa.delete(merge_move).where(merge_move.c.tenant_id == tenant, key.in_(pairs)))


def _merges(rows: Sequence[Row[Any]]) -> list[Merge]:
    found = (Merge(row.id, row.winner_id, row.loser_id) for row in rows)
    return sorted(found, key=lambda merge: merge.id)
