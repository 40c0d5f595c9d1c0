"""Groups of deleted records with one identity: the plan of a cleanup in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row

# ids[1] stays: the one deleted first, of equal times the lowest id. The digest is over all groups, so that
# who confirms it confirms every record that goes and every one that stays.
_TWINS = """
WITH twins AS (
  SELECT s.name_key, s.parent_phone, array_agg(s.id ORDER BY s.deleted_at, s.id) AS ids,
         s.parent_phone = ANY(CAST(:placeholders AS text[])) AS refused
  FROM student AS s
  WHERE s.tenant_id = :tenant AND s.deleted_at IS NOT NULL AND s.merged_into IS NULL
  GROUP BY s.name_key, s.parent_phone HAVING count(*) > 1)
SELECT count(*) AS groups,
       count(*) FILTER (WHERE t.refused) AS refused,
       CAST(coalesce(sum(cardinality(t.ids) - 1) FILTER (WHERE NOT t.refused), 0) AS int) AS removable,
       encode(sha256(convert_to(coalesce(
         string_agg(array_to_string(t.ids, ','), chr(10) ORDER BY t.ids[1]), ''), 'UTF8')), 'hex') AS digest,
       ({more})
FROM twins AS t
"""
_FIRST = """
SELECT coalesce(jsonb_agg(jsonb_build_object('ids', f.ids, 'refused', f.refused)
                          ORDER BY f.name_key, f.parent_phone), '[]')
FROM (SELECT * FROM twins ORDER BY name_key, parent_phone LIMIT :limit) AS f
"""
_OTHERS = """
SELECT coalesce(array_agg(gone.id), '{}')
FROM twins AS g CROSS JOIN unnest(g.ids[2:]) AS gone (id) WHERE NOT g.refused
"""
_CHECK = sa.text(_TWINS.replace("({more})", f"({_FIRST}) AS first"))
_REMOVABLE = sa.text(_TWINS.replace("({more})", f"({_OTHERS}) AS remove"))

_RECORDS = sa.text("""
SELECT s.id, s.name, s.parent_phone, s.deleted_at, a.login_id,
       CAST(s.photo_type IS NOT NULL AS int) AS photo, CAST(a.id IS NOT NULL AS int) AS account,
       (SELECT count(*) FROM student_tag AS g
        WHERE g.tenant_id = s.tenant_id AND g.student_id = s.id) AS tags
FROM student AS s
LEFT JOIN account AS a ON a.tenant_id = s.tenant_id AND a.student_id = s.id
WHERE s.tenant_id = :tenant AND s.id = ANY(CAST(:ids AS uuid[]))
""")

_ACADEMIES = sa.text("""
SELECT DISTINCT d.tenant_id FROM (
  SELECT s.tenant_id FROM student AS s
  WHERE s.deleted_at IS NOT NULL AND s.merged_into IS NULL AND s.tenant_id = coalesce(:tenant, s.tenant_id)
  GROUP BY s.tenant_id, s.name_key, s.parent_phone HAVING count(*) > 1) AS d
ORDER BY d.tenant_id
""").bindparams(sa.bindparam("tenant", type_=sa.Text))


def check(conn: Connection, tenant: str, placeholders: Iterable[str], limit: int) -> Row[Any]:
    """Counts and digest over all groups, and the `first` of them as [{ids, refused}] (ids as text).

    Attributes: groups, refused, removable, digest, first.
    """
    values = {"tenant": tenant, "placeholders": sorted(placeholders), "limit": limit}
    return conn.execute(_CHECK, values).one()


def removable(conn: Connection, tenant: str, placeholders: Iterable[str]) -> Row[Any]:
    """As `check`, with the ids of every record to `remove`; only lasting under lock_identities."""
    return conn.execute(_REMOVABLE, {"tenant": tenant, "placeholders": sorted(placeholders)}).one()


def records(conn: Connection, tenant: str, ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
    """What the plan shows of each: id, name, parent_phone, deleted_at, login_id, tags, photo, account."""
    return {row.id: row for row in conn.execute(_RECORDS, {"tenant": tenant, "ids": list(ids)})}


def academies(conn: Connection, tenant: str | None) -> Sequence[str]:
    """Tenants that have such a group. Needs `Database.system`."""
    return conn.execute(_ACADEMIES, {"tenant": tenant}).scalars().all()
