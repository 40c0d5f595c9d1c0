"""The trash by sets: delete, what stands in a restore's way, restore, and legal holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import JSONB, insert

from students.domain.records import PROFILE
from students.store.students import restore
from students.store.tables import legal_hold, student

# no value of the record changes, so that a restore needs nothing but this undone (earlier system, failure 21)
_DELETE = sa.text("""
WITH mine AS (
  SELECT s.id FROM student AS s
  WHERE s.tenant_id = :tenant AND s.id = ANY(CAST(:ids AS uuid[])) ORDER BY s.id FOR UPDATE)
UPDATE student AS s SET deleted_at = now(), version = s.version + 1, updated_at = now()
FROM mine
WHERE s.tenant_id = :tenant AND s.id = mine.id AND s.deleted_at IS NULL
RETURNING s.id, CAST(s.id AS text) AS student_id, s.version, s.name, s.parent_phone, s.student_phone,
          s.school, s.grade
""")

_EXISTING = sa.text("""
SELECT s.id FROM student AS s WHERE s.tenant_id = :tenant AND s.id = ANY(CAST(:ids AS uuid[]))
""")

# `turn`: two of one identity cannot both come back; who was deleted first does
_CANDIDATES = sa.text("""
SELECT s.id, s.name_key, s.parent_phone, s.deleted_at, s.merged_into, a.id AS active_id,
       row_number() OVER w AS turn, first_value(s.id) OVER w AS first_id
FROM student AS s
LEFT JOIN LATERAL (
  SELECT t.id FROM student AS t
  WHERE t.tenant_id = :tenant AND t.name_key = s.name_key AND t.parent_phone = s.parent_phone
    AND t.deleted_at IS NULL
  LIMIT 1) AS a ON true
WHERE s.tenant_id = :tenant AND s.id = ANY(CAST(:ids AS uuid[]))
WINDOW w AS (PARTITION BY s.name_key, s.parent_phone, s.deleted_at IS NULL, s.merged_into IS NULL
             ORDER BY s.deleted_at, s.id)
""")

_TWINS = sa.text("""
SELECT DISTINCT ON (s.id) s.id, t.id AS twin_id
FROM student AS s
JOIN student AS t ON t.tenant_id = :tenant AND t.name_key = s.name_key AND t.parent_phone = s.parent_phone
  AND t.deleted_at IS NOT NULL AND t.merged_into IS NULL AND t.id <> s.id
WHERE s.tenant_id = :tenant AND s.id = ANY(CAST(:ids AS uuid[]))
ORDER BY s.id, t.deleted_at DESC, t.id DESC
""")


def delete(conn: Connection, tenant: str, ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Put the active ones of these students in the trash; those rows, as publish_changed takes them."""
    return conn.execute(_DELETE, {"tenant": tenant, "ids": list(ids)}).all()


def existing(conn: Connection, tenant: str, ids: Sequence[UUID]) -> set[UUID]:
    """Which of the ids are students of the tenant, deleted or not."""
    return set(conn.execute(_EXISTING, {"tenant": tenant, "ids": list(ids)}).scalars())


def candidates(conn: Connection, tenant: str, ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
    """What a restore of the ids would meet, by id; only true under lock_identities."""
    return {row.id: row for row in conn.execute(_CANDIDATES, {"tenant": tenant, "ids": list(ids)})}


def deleted_twins(conn: Connection, tenant: str, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The last deleted of the other records in the trash with the same identity, by id."""
    return {row.id: row.twin_id for row in conn.execute(_TWINS, {"tenant": tenant, "ids": list(ids)})}


def bring_back(conn: Connection, tenant: str, wanted: Sequence[Mapping[str, Any]]) -> None:
    """Restore; each of `wanted` has student_id, and values of PROFILE that replace the stored ones."""
    given = sa.func.jsonb_to_recordset(sa.cast(sa.literal(orjson.dumps(wanted).decode(), sa.Text), JSONB))
    columns = (sa.column("student_id", sa.Uuid), *(sa.column(name, student.c[name].type) for name in PROFILE))
    restore(conn, tenant, given.table_valued(*columns).render_derived(name="wanted", with_types=True))


def lock_student(conn: Connection, tenant: str, student_id: UUID) -> Row[Any] | None:
    """Keep a purge away from this student until the transaction ends; None for nobody's id."""
    query = sa.select(student.c.id).where(student.c.tenant_id == tenant, student.c.id == student_id)
    return conn.execute(query.with_for_update()).one_or_none()


def hold(
    conn: Connection, tenant: str, student_id: UUID, *, reason: str, until: datetime | None, by: str
) -> None:
    """Put a legal hold, in place of the one that may be there."""
    values = {"reason": reason, "until": until, "created_by": by}
    made = insert(legal_hold).values(tenant_id=tenant, student_id=student_id, **values)
    conn.execute(
        made.on_conflict_do_update(
            index_elements=["tenant_id", "student_id"], set_={**values, "created_at": sa.func.now()}
        )
    )


def release(conn: Connection, tenant: str, student_id: UUID) -> bool:
    """Lift the legal hold; whether there was one."""
    gone = sa.delete(legal_hold).where(
        legal_hold.c.tenant_id == tenant, legal_hold.c.student_id == student_id
    )
    return conn.execute(gone).rowcount > 0
