"""What an import did to students, and taking it back by sets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from students.domain.records import PROFILE

# Touched: changed since (version), tagged, held back, or somebody has signed in or was given a password.
# An account that was there before the import says nothing.
_EFFECTS = sa.text("""
SELECT e.student_id, e.before IS NULL AS created,
       s.version <> e.version OR s.merged_into IS NOT NULL
       OR EXISTS (SELECT FROM student_tag AS t WHERE t.tenant_id = :tenant AND t.student_id = s.id
                  AND e.before IS NULL)
       OR EXISTS (SELECT FROM legal_hold AS h WHERE h.tenant_id = :tenant AND h.student_id = s.id)
       OR EXISTS (SELECT FROM account AS a WHERE a.tenant_id = :tenant AND a.student_id = s.id
                  AND (e.before IS NULL OR a.created_at >= e.made_at)
                  AND (a.initial_credential_id IS DISTINCT FROM :job OR NOT a.must_change OR EXISTS (
                       SELECT FROM account_session AS o WHERE o.tenant_id = :tenant AND o.account_id = a.id)))
       AS touched
FROM import_effect AS e
JOIN student AS s ON s.tenant_id = :tenant AND s.id = e.student_id
WHERE e.tenant_id = :tenant AND e.job_id = :job AND e.student_id = ANY(CAST(:ids AS uuid[]))
ORDER BY s.id
FOR UPDATE OF s
""")

_KEPT_VALUES = ", ".join(f"{field} = b.{field}" for field in PROFILE)
# as it was in the trash, but for what only ever rises
_PUT_BACK = sa.text(f"""
UPDATE student AS s
SET deleted_at = b.deleted_at, parent_id = b.parent_id, {_KEPT_VALUES},
    version = s.version + 1, updated_at = now()
FROM import_effect AS e, jsonb_populate_record(NULL::student, e.before) AS b
WHERE e.tenant_id = :tenant AND e.job_id = :job AND e.student_id = ANY(CAST(:ids AS uuid[]))
  AND s.tenant_id = :tenant AND s.id = e.student_id
RETURNING s.id, CAST(s.id AS text) AS student_id, s.version, s.name, s.parent_phone, s.student_phone,
          s.school, s.grade
""")  # noqa: S608 - constants

# accounts that the import made for those who are in the trash again, and for their parents
_TAKE_ACCOUNTS = sa.text("""
DELETE FROM account AS a
WHERE a.tenant_id = :tenant AND a.initial_credential_id = :job AND a.must_change
  AND NOT EXISTS (SELECT FROM account_session AS o WHERE o.tenant_id = :tenant AND o.account_id = a.id)
  AND (a.student_id = ANY(CAST(:ids AS uuid[])) OR a.parent_id IN (
    SELECT s.parent_id FROM student AS s
    WHERE s.tenant_id = :tenant AND s.id = ANY(CAST(:ids AS uuid[])))
    AND NOT EXISTS (SELECT FROM student AS o WHERE o.tenant_id = :tenant AND o.parent_id = a.parent_id
                    AND o.deleted_at IS NULL))
""")
_FORGET = sa.text("""
DELETE FROM import_effect
WHERE tenant_id = :tenant AND job_id = :job AND student_id = ANY(CAST(:ids AS uuid[]))
""")
_FORGET_CREDENTIAL = sa.text("""
DELETE FROM initial_credential AS c
WHERE c.tenant_id = :tenant AND c.id = :job
  AND NOT EXISTS (SELECT FROM account AS a WHERE a.tenant_id = :tenant AND a.initial_credential_id = c.id)
""")
_PRUNE = sa.text("DELETE FROM import_effect WHERE made_at < now() - CAST(:keep AS interval)")


def effects(conn: Connection, tenant: str, job_id: UUID, ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """student_id, created (else restored) and touched of those whom the import wrote; they are locked."""
    return conn.execute(_EFFECTS, {"tenant": tenant, "job": job_id, "ids": list(ids)}).all()


def put_back(conn: Connection, tenant: str, job_id: UUID, ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Restored students are in the trash again, with the values of before; rows as publish_changed takes."""
    given = {"tenant": tenant, "job": job_id, "ids": list(ids)}
    rows = conn.execute(_PUT_BACK, given).all()
    conn.execute(_TAKE_ACCOUNTS, given)
    return rows


def forget(conn: Connection, tenant: str, job_id: UUID, ids: Sequence[UUID]) -> None:
    """These are as before; the import's password goes with its last account."""
    conn.execute(_FORGET, {"tenant": tenant, "job": job_id, "ids": list(ids)})
    conn.execute(_FORGET_CREDENTIAL, {"tenant": tenant, "job": job_id})


def prune(conn: Connection, keep: timedelta) -> None:
    """Of all tenants: what can no longer be undone."""
    conn.execute(_PRUNE, {"keep": keep})
