"""Exports: the jobs, the revision of what they are of, and their rows as a server-side cursor gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection, Row, Select, text
from sqlalchemy.dialects.postgresql import insert

from enrollment.domain.erasure import NAMELESS_FILE
from enrollment.domain.exports import ExportKind, ExportStatus
from enrollment.store.tables import export_job

Job = Row[Any]
Cells = tuple[Any, ...]

_CLOCK = sa.func.clock_timestamp()
_LIVE = (ExportStatus.PENDING, ExportStatus.RUNNING, ExportStatus.DONE)
_OPEN = (ExportStatus.PENDING, ExportStatus.RUNNING)
BATCH = 2000
# Newest first: read with descending=True.
NEWEST = (export_job.c.id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewExport:
    id: UUID
    kind: ExportKind
    target_id: UUID
    revision: str
    file_name: str
    requested_by: str
    correlation_id: str


# --- jobs -----------------------------------------------------------------------------------------


def add(conn: Connection, tenant: str, export: NewExport) -> Job | None:
    """The new job, or None while there is one of the same content; one past its life makes room first."""
    c = export_job.c
    same = (c.tenant_id == tenant, c.kind == export.kind, c.target_id == export.target_id)
    conn.execute(
        sa.update(export_job)
        .where(*same, c.status == ExportStatus.DONE, c.expires_at <= _CLOCK)
        .values(status=ExportStatus.EXPIRED)
    )
    values = {name: getattr(export, name) for name in NewExport.__slots__}
    made = insert(export_job).values(tenant_id=tenant, **values).on_conflict_do_nothing()
    return conn.execute(made.returning(export_job, _CLOCK.label("asked_at"))).first()


def same(conn: Connection, tenant: str, kind: ExportKind, target_id: UUID, revision: str) -> Job | None:
    """The job of this content that is live."""
    c = export_job.c
    return conn.execute(
        _with_time(tenant).where(
            c.kind == kind, c.target_id == target_id, c.revision == revision, c.status.in_(_LIVE)
        )
    ).first()


def find(conn: Connection, tenant: str, export_id: UUID) -> Job | None:
    """The job and `asked_at`, the database's time."""
    return conn.execute(_with_time(tenant).where(export_job.c.id == export_id)).first()


def listing(tenant: str, *, kind: str | None, target_id: UUID | None) -> Select[Any]:
    """Exports of these; order and paging are the caller's (NEWEST)."""
    query = _with_time(tenant)
    if kind is not None:
        query = query.where(export_job.c.kind == kind)
    return query if target_id is None else query.where(export_job.c.target_id == target_id)


def _with_time(tenant: str) -> Select[Any]:
    return sa.select(export_job, _CLOCK.label("asked_at")).where(export_job.c.tenant_id == tenant)


def begin(conn: Connection, export_id: UUID) -> Job | None:
    """RUNNING; None when it has ended."""
    return conn.execute(
        sa.update(export_job)
        .where(export_job.c.id == export_id, export_job.c.status.in_(_OPEN))
        .values(status=ExportStatus.RUNNING, moved_at=_CLOCK)
        .returning(export_job)
    ).first()


def report(conn: Connection, export_id: UUID, *, rows_done: int, rows_total: int) -> None:
    c = export_job.c
    conn.execute(
        sa.update(export_job)
        .where(c.id == export_id, c.status == ExportStatus.RUNNING)
        .values(rows_done=rows_done, rows_total=rows_total, moved_at=_CLOCK)
    )


def finish(
    conn: Connection, export_id: UUID, *, object_key: str, rows: int, size: int, lifetime: timedelta
) -> Job | None:
    """DONE; None when it has ended meanwhile, which makes the object a leftover."""
    return conn.execute(
        sa.update(export_job)
        .where(export_job.c.id == export_id, export_job.c.status == ExportStatus.RUNNING)
        .values(
            status=ExportStatus.DONE,
            object_key=object_key,
            rows_done=rows,
            rows_total=rows,
            bytes=size,
            ended_at=_CLOCK,
            expires_at=_CLOCK + lifetime,
        )
        .returning(export_job)
    ).first()


def fail(conn: Connection, export_id: UUID, code: str) -> None:
    conn.execute(
        sa.update(export_job)
        .where(export_job.c.id == export_id, export_job.c.status.in_(_OPEN))
        .values(status=ExportStatus.FAILED, error_code=code, ended_at=_CLOCK)
    )


def fail_abandoned(conn: Connection, after: timedelta, code: str) -> None:
    """Of all tenants: those that nobody has moved for so long."""
    conn.execute(
        sa.update(export_job)
        .where(export_job.c.status.in_(_OPEN), export_job.c.moved_at < _CLOCK - after)
        .values(status=ExportStatus.FAILED, error_code=code, ended_at=_CLOCK)
    )


def lapsed(conn: Connection, limit: int) -> list[tuple[UUID, str]]:
    """(id, object_key), of all tenants: whose life is over and whose object may still be there."""
    c = export_job.c
    query = sa.select(c.id, c.object_key).where(c.object_key.is_not(None), c.expires_at <= _CLOCK)
    return [(one, key) for one, key in conn.execute(query.order_by(c.expires_at).limit(limit))]


def live_workbook(conn: Connection, tenant: str, job_id: UUID) -> Job | None:
    """The sender's sheet with the results of this import, while it is there."""
    c = export_job.c
    query = _with_time(tenant).where(
        c.kind == ExportKind.RESULT_WORKBOOK,
        c.target_id == job_id,
        c.status == ExportStatus.DONE,
        c.expires_at > _CLOCK,
    )
    return conn.execute(query.order_by(c.id.desc()).limit(1)).first()


def forget_objects(conn: Connection, export_ids: Sequence[UUID]) -> None:
    """Their objects are gone."""
    conn.execute(
        sa.update(export_job)
        .where(export_job.c.id.in_(export_ids))
        .values(status=ExportStatus.EXPIRED, object_key=None)
    )


def withdraw_all(conn: Connection, tenant: str) -> list[str]:
    """No export of the academy is live any more; answers the keys of their objects."""
    c = export_job.c
    of_tenant = (c.tenant_id == tenant, c.status.in_(_LIVE))
    with_object = sa.select(c.object_key).where(*of_tenant, c.object_key.is_not(None)).with_for_update()
    keys = list(conn.execute(with_object).scalars())
    conn.execute(sa.update(export_job).where(*of_tenant).values(status=ExportStatus.EXPIRED, object_key=None))
    # a file may be called after somebody
    conn.execute(sa.update(export_job).where(c.tenant_id == tenant).values(file_name=NAMELESS_FILE))
    return keys


# --- content --------------------------------------------------------------------------------------

# Versions only rise, so a change moves a sum and a deletion a count.
_LECTURE_REVISION = text("""
    SELECT concat_ws('.', l.updated_at, e.n, e.sum, r.sum, s.n, s.sum, m.n, m.sum) FROM lecture l
    CROSS JOIN LATERAL (SELECT count(*) AS n, sum(version) AS sum FROM enrollment
        WHERE tenant_id = :tenant AND lecture_id = l.id) e
    CROSS JOIN LATERAL (SELECT sum(r.version + CAST(r.deleted AS int)) AS sum
        FROM enrollment x JOIN student_ref r ON r.tenant_id = :tenant AND r.student_id = x.student_id
        WHERE x.tenant_id = :tenant AND x.lecture_id = l.id) r
    CROSS JOIN LATERAL (SELECT count(*) AS n, sum(version) AS sum FROM session
        WHERE tenant_id = :tenant AND lecture_id = l.id) s
    CROSS JOIN LATERAL (SELECT count(*) AS n, sum(m.version) AS sum
        FROM session x JOIN session_enrollment m ON m.tenant_id = :tenant AND m.session_id = x.id
        WHERE x.tenant_id = :tenant AND x.lecture_id = l.id) m
    WHERE l.tenant_id = :tenant AND l.id = :lecture
""")


def lecture_revision(conn: Connection, tenant: str, lecture_id: UUID) -> str | None:
    """Changes whenever something does that an export of the lecture shows; None for no lecture."""
    return conn.execute(_LECTURE_REVISION, {"tenant": tenant, "lecture": lecture_id}).scalar()


# 가나다 order is code point order; the id makes it one order.
_ATTENDANCE = """
    SELECT r.name, r.student_phone, r.parent_phone, m.marks
    FROM enrollment e
    JOIN student_ref r ON r.tenant_id = %(tenant)s AND r.student_id = e.student_id AND NOT r.deleted
    LEFT JOIN LATERAL (
        SELECT json_object_agg(a.session_id, a.status) AS marks FROM attendance a
        WHERE a.tenant_id = %(tenant)s AND a.enrollment_id = e.id) m ON true
    WHERE e.tenant_id = %(tenant)s AND e.lecture_id = %(lecture)s
    ORDER BY r.name COLLATE "C", e.id
"""
_ROSTER = """
    SELECT r.name, r.student_phone, r.parent_phone, r.school, r.grade,
        CAST(%(labels)s AS jsonb) ->> e.status,
        to_char(e.enrolled_at AT TIME ZONE 'Asia/Seoul', 'YYYY-MM-DD')
    FROM enrollment e
    JOIN student_ref r ON r.tenant_id = %(tenant)s AND r.student_id = e.student_id AND NOT r.deleted
    WHERE e.tenant_id = %(tenant)s AND e.lecture_id = %(lecture)s
    ORDER BY r.name COLLATE "C", e.id
"""
_RESULTS = """
    SELECT "row", name, parent_phone, outcome, student_outcome, code, reason FROM import_row
    WHERE job_id = %(job)s AND outcome IS NOT NULL ORDER BY "row"
"""


def attendance_rows(conn: Connection, tenant: str, lecture_id: UUID) -> Iterator[Cells]:
    """name, student_phone, parent_phone, marks {session id: status} of each student."""
    return _streamed(conn, _ATTENDANCE, {"tenant": tenant, "lecture": lecture_id})


def roster_rows(
    conn: Connection, tenant: str, lecture_id: UUID, labels: Mapping[str, str]
) -> Iterator[Cells]:
    """As ROSTER_SHEET has its columns; `labels`: status → its word."""
    given = {"tenant": tenant, "lecture": lecture_id, "labels": orjson.dumps(labels).decode()}
    return _streamed(conn, _ROSTER, given)


def count_enrolled(conn: Connection, tenant: str, lecture_id: UUID) -> int:
    """About how many rows an export of the lecture has."""
    query = text("SELECT count(*) FROM enrollment WHERE tenant_id = :tenant AND lecture_id = :lecture")
    return int(conn.execute(query, {"tenant": tenant, "lecture": lecture_id}).scalar_one())


def result_rows(conn: Connection, job_id: UUID) -> Iterator[Cells]:
    """row, name, parent_phone, outcome, student_outcome, code, reason in the order of the sheet."""
    return _streamed(conn, _RESULTS, {"job": job_id})


def _streamed(conn: Connection, query: LiteralString, given: Mapping[str, Any]) -> Iterator[Cells]:
    # the driver's own cursor: rows as SQLAlchemy has them took a third of an export's time
    driver: Any = conn.connection.driver_connection
    with driver.cursor(name="export") as cursor:
        cursor.execute(query, given)
        while batch := cursor.fetchmany(BATCH):
            yield from batch
