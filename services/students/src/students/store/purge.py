"""Removing students for good, by sets: each statement takes all of them, and each names the tenant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row

_LOCK = sa.text("""
SELECT s.id, s.name, s.parent_phone, s.student_phone, s.parent_id, s.deleted_at
FROM student AS s
WHERE s.tenant_id = :tenant AND s.id = ANY(CAST(:ids AS uuid[]))
ORDER BY s.id
FOR UPDATE
""")

_HELD = sa.text("""
SELECT h.student_id FROM legal_hold AS h
WHERE h.tenant_id = :tenant AND h.student_id = ANY(CAST(:ids AS uuid[]))
  AND (h.until IS NULL OR h.until > now())
""")

# every column that points at a student; the composite keys forbid what this looks for
_POINTERS = (
    ("account", "student_id"),
    ("student_tag", "student_id"),
    ("legal_hold", "student_id"),
    ("registration_request", "student_id"),
    ("student_merge", "winner_id"),
    ("student_merge", "loser_id"),
    ("distinct_pair", "left_id"),
    ("distinct_pair", "right_id"),
    ("student", "merged_into"),
)
_ELSEWHERE = " UNION ALL ".join(
    f"SELECT r.{column} AS id FROM {table} AS r WHERE r.tenant_id <> :tenant"  # noqa: S608 - constants
    for table, column in _POINTERS
)
_REFERENCED = sa.text(f"""
SELECT DISTINCT g.id FROM unnest(CAST(:ids AS uuid[])) AS g (id)
JOIN ({_ELSEWHERE}) AS elsewhere ON elsewhere.id = g.id
""")  # noqa: S608 - constants of this file
_AS_SYSTEM = sa.text("SET LOCAL ROLE students_system")
_AS_BEFORE = sa.text("RESET ROLE")

_REMOVE = tuple(
    sa.text(statement)
    for statement in (
        "DELETE FROM student_tag WHERE tenant_id = :tenant AND student_id = ANY(CAST(:ids AS uuid[]))",
        "DELETE FROM account_session AS t USING account AS a WHERE t.tenant_id = :tenant"
        " AND a.tenant_id = :tenant AND a.id = t.account_id AND a.student_id = ANY(CAST(:ids AS uuid[]))",
        "DELETE FROM account WHERE tenant_id = :tenant AND student_id = ANY(CAST(:ids AS uuid[]))",
        "DELETE FROM registration_request WHERE tenant_id = :tenant"
        " AND student_id = ANY(CAST(:ids AS uuid[]))",
        "DELETE FROM legal_hold WHERE tenant_id = :tenant AND student_id = ANY(CAST(:ids AS uuid[]))",
        "DELETE FROM student_merge WHERE tenant_id = :tenant"
        " AND (winner_id = ANY(CAST(:ids AS uuid[])) OR loser_id = ANY(CAST(:ids AS uuid[])))",
        "DELETE FROM distinct_pair WHERE tenant_id = :tenant"
        " AND (left_id = ANY(CAST(:ids AS uuid[])) OR right_id = ANY(CAST(:ids AS uuid[])))",
        "UPDATE student SET merged_into = NULL"
        " WHERE tenant_id = :tenant AND merged_into = ANY(CAST(:ids AS uuid[]))",
        "DELETE FROM student WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS uuid[]))",
    )
)

_CHILDLESS = sa.text("""
SELECT p.id FROM parent AS p
WHERE p.tenant_id = :tenant AND p.id = ANY(CAST(:ids AS uuid[]))
  AND NOT EXISTS (SELECT FROM student AS s WHERE s.tenant_id = :tenant AND s.parent_id = p.id)
ORDER BY p.id
FOR UPDATE
""")
_REMOVE_PARENTS = tuple(
    sa.text(statement)
    for statement in (
        "DELETE FROM account_session AS t USING account AS a WHERE t.tenant_id = :tenant"
        " AND a.tenant_id = :tenant AND a.id = t.account_id AND a.parent_id = ANY(CAST(:ids AS uuid[]))",
        "DELETE FROM account WHERE tenant_id = :tenant AND parent_id = ANY(CAST(:ids AS uuid[]))",
        "DELETE FROM parent WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS uuid[]))",
    )
)

_ERASURES = sa.text("""
INSERT INTO erasure (tenant_id, id, reason, requested_by)
SELECT :tenant, e.id, :reason, :by FROM unnest(CAST(:ids AS uuid[])) AS e (id)
""")
_SUBJECTS = sa.text("""
INSERT INTO erasure_subject (tenant_id, student_id, erasure_id, pseudonym, deleted_at)
SELECT :tenant, s.id, s.erasure_id, s.pseudonym, s.deleted_at
FROM unnest(CAST(:ids AS uuid[]), CAST(:erasure_ids AS uuid[]), CAST(:pseudonyms AS text[]),
            CAST(:deleted_at AS timestamptz[])) AS s (id, erasure_id, pseudonym, deleted_at)
""")

# the index ix_student_deleted_at serves both; who is held back does not count against the fuse
_ACADEMIES = sa.text("""
SELECT d.tenant_id, d.due, d.held,
       (SELECT count(*) FROM student AS a WHERE a.tenant_id = d.tenant_id) AS students
FROM (SELECT s.tenant_id, count(*) FILTER (WHERE h.student_id IS NULL) AS due,
             count(h.student_id) AS held
      FROM student AS s
      LEFT JOIN legal_hold AS h ON h.tenant_id = s.tenant_id AND h.student_id = s.id
        AND (h.until IS NULL OR h.until > now())
      WHERE s.deleted_at < :before AND s.tenant_id = coalesce(:tenant, s.tenant_id)
      GROUP BY s.tenant_id) AS d
ORDER BY d.tenant_id
""").bindparams(sa.bindparam("tenant", type_=sa.Text))
_NEXT = sa.text("""
SELECT s.id, s.deleted_at FROM student AS s
WHERE s.tenant_id = :tenant AND s.deleted_at < :before AND (s.deleted_at, s.id) > (:after, :after_id)
ORDER BY s.deleted_at, s.id
LIMIT :limit
""").bindparams(sa.bindparam("after_id", type_=sa.Uuid))

# a hold, or the deletion itself, starts the count anew
_TOLD = sa.text("""
SELECT g.id
FROM unnest(CAST(:ids AS uuid[]), CAST(:codes AS text[]), CAST(:pseudonyms AS text[]))
  AS g (id, code, pseudonym)
JOIN student AS s ON s.tenant_id = :tenant AND s.id = g.id
LEFT JOIN legal_hold AS h ON h.tenant_id = :tenant AND h.student_id = g.id
WHERE EXISTS (
  SELECT FROM audit AS a
  WHERE a.tenant_id = :tenant AND a.pseudonym = g.pseudonym AND a.action = :action AND a.actor = :by
    AND a.details ->> 'code' = g.code AND a.at >= greatest(h.created_at, s.deleted_at))
""")


def lock(conn: Connection, tenant: str, ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """The students, locked until the end of the transaction; what is not there is left out."""
    return conn.execute(_LOCK, {"tenant": tenant, "ids": list(ids)}).all()


def held(conn: Connection, tenant: str, ids: Sequence[UUID]) -> set[UUID]:
    """Who is under a legal hold now. A statement of its own after `lock`, so that it sees one just made."""
    return set(conn.execute(_HELD, {"tenant": tenant, "ids": list(ids)}).scalars())


def referenced_elsewhere(conn: Connection, tenant: str, ids: Sequence[UUID]) -> set[UUID]:
    """Whose id another tenant's rows point at. Looks across tenants for this one statement."""
    conn.execute(_AS_SYSTEM)
    found = set(conn.execute(_REFERENCED, {"tenant": tenant, "ids": list(ids)}).scalars())
    conn.execute(_AS_BEFORE)
    return found


def remove(conn: Connection, tenant: str, ids: Sequence[UUID], parent_ids: Sequence[UUID]) -> None:
    """Delete the students with all that hangs on them, then those of the parents who have no student left."""
    for statement in _REMOVE:
        conn.execute(statement, {"tenant": tenant, "ids": list(ids)})
    childless = list(conn.execute(_CHILDLESS, {"tenant": tenant, "ids": list(parent_ids)}).scalars())
    for statement in _REMOVE_PARENTS:
        conn.execute(statement, {"tenant": tenant, "ids": childless})


def add_erasures(conn: Connection, tenant: str, ids: Sequence[UUID], reason: str, by: str) -> None:
    """Open an erasure for each id."""
    conn.execute(_ERASURES, {"tenant": tenant, "ids": list(ids), "reason": reason, "by": by})


def add_subjects(conn: Connection, tenant: str, subjects: Sequence[tuple[UUID, UUID, str, datetime]]) -> None:
    """Who each erasure is about: (student id, erasure id, pseudonym, when deleted)."""
    columns = [list(column) for column in zip(*subjects, strict=True)]
    names = ("ids", "erasure_ids", "pseudonyms", "deleted_at")
    conn.execute(_SUBJECTS, {"tenant": tenant, **dict(zip(names, columns, strict=True))})


def academies(conn: Connection, before: datetime, tenant: str | None) -> Sequence[Row[Any]]:
    """Tenants with students deleted before then: tenant_id, due, held, students. Needs `Database.system`."""
    return conn.execute(_ACADEMIES, {"before": before, "tenant": tenant}).all()


def expired(
    conn: Connection, tenant: str, before: datetime, after: tuple[datetime, UUID], limit: int
) -> Sequence[Row[Any]]:
    """The next students deleted before then, oldest first: id, deleted_at."""
    values = {"tenant": tenant, "before": before, "after": after[0], "after_id": after[1], "limit": limit}
    return conn.execute(_NEXT, values).all()


def told(
    conn: Connection, tenant: str, by: str, action: str, refused: Sequence[tuple[UUID, str, str]]
) -> set[UUID]:
    """Of (student id, code, pseudonym): whose refusal `by` has in the trail since its cause began."""
    columns = [list(column) for column in zip(*refused, strict=True)]
    values = dict(zip(("ids", "codes", "pseudonyms"), columns, strict=True))
    return set(conn.execute(_TOLD, {"tenant": tenant, "by": by, "action": action, **values}).scalars())
