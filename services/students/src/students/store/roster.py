"""The set-based resolve of one roster chunk: a constant number of statements, whatever its size.

The rows travel by COPY into a temporary table; every look-up is a lateral index probe (anti joins
between CTEs are estimated at one row and turn quadratic: limits-performance, "plan trap").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from students.domain.records import PROFILE
from students.domain.roster import (
    DELETED_STUDENT_EXISTS,
    DUPLICATE_IN_REQUEST,
    DUPLICATE_STUDENT,
    LOGIN_ID_TAKEN,
    PICKED_IS_GONE,
    PLAN_CHANGED,
)
from students.store.students import restore
from students.store.tables import student

# what COPY fills; the columns after PROFILE are used only where something is created
COPIED = (
    "n",
    "sheet_row",
    "code",
    "name",
    "name_key",
    "parent_phone",
    *PROFILE,
    "is_managed",
    "wished_login",
    "password_hash",
    "new_student_id",
    "student_account_id",
    "student_logins",
    "new_parent_id",
    "parent_account_id",
    "parent_logins",
)

_CREATE = sa.text("""
CREATE TEMP TABLE IF NOT EXISTS roster_row (
  n int, sheet_row int, code text, name text, name_key text COLLATE "C", parent_phone text COLLATE "C",
  student_phone text COLLATE "C", school text, school_type text, grade smallint, gender text,
  school_class text, major text, memo text, origin_school text, address text, custom_fields jsonb,
  is_managed boolean, wished_login text COLLATE "C", password_hash text,
  new_student_id uuid, student_account_id uuid, student_logins text[],
  new_parent_id uuid, parent_account_id uuid, parent_logins text[],
  outcome text, student_id uuid, conflict_id uuid,
  decision text, decided_id uuid, expected text, expected_id uuid
) ON COMMIT DROP
""")

_TRUNCATE = sa.text("TRUNCATE roster_row")

_ANALYZE = sa.text("ANALYZE roster_row (name_key, parent_phone)")

# `other` is the student that a merge made of the record which had this identity: known under both
_RESOLVE = sa.text("""
UPDATE roster_row AS r
SET outcome = CASE
      WHEN f.code IS NOT NULL THEN 'failed'
      WHEN f.active_id IS NOT NULL THEN 'matched'
      WHEN f.candidates > 1 THEN 'needs_review'
      WHEN f.turn > 1 THEN 'matched'
      WHEN f.candidates = 1 THEN 'restored'
      ELSE 'created' END,
    student_id = CASE
      WHEN f.active_id IS NOT NULL THEN f.active_id
      WHEN f.candidates = 1 THEN f.deleted_ids[1]
      WHEN f.candidates = 0 AND f.turn = 1 AND f.code IS NULL THEN f.new_student_id END,
    code = CASE WHEN f.active_id IS NULL AND f.candidates > 1 THEN :several ELSE f.code END
FROM (
  SELECT q.n, q.code, q.turn, q.new_student_id, coalesce(a.id, other.id) AS active_id, d.ids AS deleted_ids,
         coalesce(cardinality(d.ids), 0) AS candidates
  FROM (SELECT *, row_number() OVER (PARTITION BY name_key, parent_phone, code ORDER BY n) AS turn
        FROM roster_row) AS q
  LEFT JOIN LATERAL (
    SELECT s.id FROM student AS s
    WHERE s.tenant_id = :tenant AND s.name_key = q.name_key AND s.parent_phone = q.parent_phone
      AND s.deleted_at IS NULL AND q.code IS NULL
    LIMIT 1) AS a ON true
  LEFT JOIN LATERAL (
    SELECT array_agg(s.id) FILTER (WHERE s.merged_into IS NULL) AS ids,
           array_agg(s.merged_into) FILTER (WHERE s.merged_into IS NOT NULL) AS winners
    FROM student AS s
    WHERE s.tenant_id = :tenant AND s.name_key = q.name_key AND s.parent_phone = q.parent_phone
      AND s.deleted_at IS NOT NULL AND q.code IS NULL AND a.id IS NULL) AS d ON true
  LEFT JOIN LATERAL (
    SELECT s.id FROM student AS s
    WHERE s.tenant_id = :tenant AND s.id = ANY (d.winners) AND s.deleted_at IS NULL AND d.ids IS NULL
    ORDER BY s.id LIMIT 1) AS other ON true
) AS f
WHERE f.n = r.n
""")

_INSTRUCT = sa.text("""
UPDATE roster_row AS r
SET decision = g.decision, decided_id = g.decided_id, expected = g.expected, expected_id = g.expected_id
FROM unnest(CAST(:rows AS int[]), CAST(:decisions AS text[]), CAST(:decided AS uuid[]),
            CAST(:expected AS text[]), CAST(:expected_ids AS uuid[]))
  AS g (sheet_row, decision, decided_id, expected, expected_id)
WHERE r.sheet_row = g.sheet_row
""")

# a person has looked: one of the candidates, or somebody new beside them
_DECIDE = sa.text("""
UPDATE roster_row AS r
SET outcome = CASE WHEN r.decision = 'create' THEN 'created' WHEN q.id IS NOT NULL THEN 'restored'
                   ELSE 'failed' END,
    student_id = CASE WHEN r.decision = 'create' THEN r.new_student_id ELSE q.id END,
    code = CASE WHEN r.decision = 'create' OR q.id IS NOT NULL THEN NULL ELSE :gone END
FROM roster_row AS d
LEFT JOIN LATERAL (
  SELECT s.id FROM student AS s
  WHERE s.tenant_id = :tenant AND s.id = d.decided_id AND s.name_key = d.name_key
    AND s.parent_phone = d.parent_phone AND s.deleted_at IS NOT NULL AND s.merged_into IS NULL) AS q ON true
WHERE d.n = r.n AND r.outcome = 'needs_review' AND r.decision IS NOT NULL
""")

_EXPECT = sa.text("""
UPDATE roster_row AS r SET outcome = 'failed', student_id = NULL, code = :changed
WHERE r.expected IS NOT NULL
  AND (r.outcome <> r.expected OR (r.expected_id IS NOT NULL AND r.student_id <> r.expected_id))
""")

# before anything is written: restored students as they are in the trash
_REMEMBER_DELETED = sa.text("""
INSERT INTO import_effect (tenant_id, job_id, student_id, version, before)
SELECT :tenant, :job, s.id, s.version + 1, to_jsonb(s)
FROM roster_row AS r JOIN student AS s ON s.tenant_id = :tenant AND s.id = r.student_id
WHERE r.outcome = 'restored' AND s.deleted_at IS NOT NULL
ON CONFLICT DO NOTHING
""")
_REMEMBER_CREATED = sa.text("""
INSERT INTO import_effect (tenant_id, job_id, student_id, version)
SELECT :tenant, :job, s.id, s.version
FROM roster_row AS r JOIN student AS s ON s.tenant_id = :tenant AND s.id = r.student_id
WHERE r.outcome = 'created'
ON CONFLICT DO NOTHING
""")

# where somebody asks for a new student, all that is not one is refused, and nothing is guessed
_REFUSE_KNOWN = sa.text("""
UPDATE roster_row AS r
SET outcome = 'failed', student_id = NULL, conflict_id = f.conflict_id, code = f.code
FROM (
  SELECT q.n,
         CASE WHEN q.turn > 1 THEN :repeated
              WHEN q.outcome = 'matched' THEN :active ELSE :deleted END AS code,
         CASE WHEN q.turn > 1 THEN NULL
              WHEN q.outcome = 'matched' THEN q.student_id ELSE d.id END AS conflict_id
  FROM (SELECT *, row_number() OVER (PARTITION BY name_key, parent_phone ORDER BY n) AS turn
        FROM roster_row WHERE outcome <> 'failed') AS q
  LEFT JOIN LATERAL (
    SELECT s.id FROM student AS s
    WHERE s.tenant_id = :tenant AND s.name_key = q.name_key AND s.parent_phone = q.parent_phone
      AND s.deleted_at IS NOT NULL AND s.merged_into IS NULL AND q.outcome IN ('restored', 'needs_review')
    ORDER BY s.deleted_at DESC, s.id DESC LIMIT 1) AS d ON true
  WHERE q.turn > 1 OR q.outcome <> 'created'
) AS f
WHERE f.n = r.n
""")

# taken: by an account, by a parent who signs in with that phone, or earlier in this list
_REFUSE_LOGINS = sa.text("""
UPDATE roster_row AS r SET outcome = 'failed', student_id = NULL, code = :taken
FROM (SELECT n, row_number() OVER (PARTITION BY wished_login ORDER BY n) AS turn
      FROM roster_row WHERE outcome = 'created' AND wished_login IS NOT NULL) AS q
WHERE q.n = r.n AND (
  q.turn > 1
  OR EXISTS (SELECT FROM account AS a WHERE a.tenant_id = :tenant AND a.login_id = r.wished_login)
  OR EXISTS (SELECT FROM parent AS p WHERE p.tenant_id = :tenant AND p.phone = r.wished_login)
  OR EXISTS (SELECT FROM roster_row AS o WHERE o.outcome = 'created' AND o.parent_phone = r.wished_login))
""")

_CREDENTIAL = sa.text("""
INSERT INTO initial_credential (id, tenant_id, hash, expires_at)
SELECT :credential_id, :tenant, :hash, now() + interval '14 days'
WHERE EXISTS (SELECT FROM roster_row AS r WHERE r.outcome IN ('created', 'restored'))
ON CONFLICT (tenant_id, id) DO NOTHING
""")

_PARENTS = sa.text("""
INSERT INTO parent (id, tenant_id, phone, name)
SELECT DISTINCT ON (r.parent_phone) r.new_parent_id, :tenant, r.parent_phone, r.name || ' 학부모'
FROM roster_row AS r
WHERE r.outcome IN ('created', 'restored')
ORDER BY r.parent_phone, r.n
ON CONFLICT (tenant_id, phone) DO NOTHING
""")

_STUDENTS = sa.text("""
INSERT INTO student (id, tenant_id, name, name_key, parent_phone, parent_id, student_phone,
                     school, school_type, grade, gender, school_class, major, memo,
                     origin_school, address, custom_fields, is_managed)
SELECT r.new_student_id, :tenant, r.name, r.name_key, r.parent_phone, p.id, r.student_phone,
       r.school, r.school_type, r.grade, r.gender, r.school_class, r.major, r.memo,
       r.origin_school, r.address, coalesce(r.custom_fields, '{}'), coalesce(r.is_managed, true)
FROM roster_row AS r
CROSS JOIN LATERAL (
  SELECT p.id FROM parent AS p WHERE p.tenant_id = :tenant AND p.phone = r.parent_phone LIMIT 1) AS p
WHERE r.outcome = 'created'
ORDER BY r.name_key, r.parent_phone
ON CONFLICT (tenant_id, name_key, parent_phone) WHERE deleted_at IS NULL DO NOTHING
""")

# the first login id that nobody in the tenant signs in with: the wished one, the phone, a generated one
_FREE_LOGIN = """
  SELECT l.login_id FROM unnest({wished} || {generated}) WITH ORDINALITY AS l (login_id, place)
  WHERE l.login_id IS NOT NULL AND (
    SELECT a.id FROM account AS a WHERE a.tenant_id = :tenant AND a.login_id = l.login_id LIMIT 1) IS NULL
  ORDER BY l.place LIMIT 1
"""

_PARENT_ACCOUNTS = sa.text(f"""
INSERT INTO account (id, tenant_id, login_id, kind, parent_id, initial_credential_id, must_change)
SELECT q.parent_account_id, :tenant, (
  {_FREE_LOGIN.format(wished="q.parent_phone", generated="q.parent_logins")}
  ), 'parent', p.id, CAST(:credential_id AS uuid), true
FROM (SELECT DISTINCT ON (r.parent_phone) r.* FROM roster_row AS r
      WHERE r.outcome IN ('created', 'restored') ORDER BY r.parent_phone, r.n) AS q
CROSS JOIN LATERAL (
  SELECT p.id FROM parent AS p WHERE p.tenant_id = :tenant AND p.phone = q.parent_phone LIMIT 1) AS p
WHERE (SELECT a.id FROM account AS a WHERE a.tenant_id = :tenant AND a.parent_id = p.id LIMIT 1) IS NULL
""")  # noqa: S608 - both parts are constants of this file

# A student never gets a parent's phone as login id, not even one that arrives with this chunk:
# it would shadow the parent's sign-in (earlier system, failure 19).
_STUDENT_ACCOUNTS = sa.text(f"""
INSERT INTO account (id, tenant_id, login_id, kind, student_id, initial_credential_id, password_hash,
                     must_change)
SELECT q.student_account_id, :tenant, (
  {_FREE_LOGIN.format(wished="ARRAY[q.wished_login, w.phone]", generated="q.student_logins")}
  ), 'student', s.id, CASE WHEN q.password_hash IS NULL THEN CAST(:credential_id AS uuid) END,
  q.password_hash, q.password_hash IS NULL
FROM (SELECT r.*, row_number() OVER (PARTITION BY r.student_phone ORDER BY r.n) AS turn
      FROM roster_row AS r WHERE r.outcome IN ('created', 'restored')) AS q
CROSS JOIN LATERAL (
  SELECT s.id FROM student AS s WHERE s.tenant_id = :tenant AND s.id = q.student_id LIMIT 1) AS s
LEFT JOIN LATERAL (
  SELECT q.student_phone AS phone
  WHERE q.turn = 1 AND (
    SELECT p.id FROM parent AS p
    WHERE p.tenant_id = :tenant AND p.phone = q.student_phone LIMIT 1) IS NULL
    AND q.student_phone NOT IN (
      SELECT r.parent_phone FROM roster_row AS r
      UNION ALL SELECT r.wished_login FROM roster_row AS r WHERE r.wished_login IS NOT NULL)) AS w ON true
WHERE (SELECT a.id FROM account AS a WHERE a.tenant_id = :tenant AND a.student_id = s.id LIMIT 1) IS NULL
""")  # noqa: S608 - both parts are constants of this file

_MARK = sa.text("UPDATE roster_row SET outcome = 'restored'")

# who it could be, where a person has to decide
_CANDIDATES = """
CASE WHEN r.outcome = 'needs_review' THEN (
  SELECT string_agg(s.id::text, ',' ORDER BY s.deleted_at DESC, s.id) FROM student AS s
  WHERE s.tenant_id = :tenant AND s.name_key = r.name_key AND s.parent_phone = r.parent_phone
    AND s.deleted_at IS NOT NULL AND s.merged_into IS NULL) END AS candidates
"""

_OUTCOMES = sa.text(f"""
SELECT r.sheet_row AS row,
       CASE WHEN r.outcome = 'created' AND own.id IS NULL THEN 'matched' ELSE r.outcome END AS outcome,
       coalesce(own.id, twin.id, r.student_id)::text AS student_id, r.code, r.conflict_id,
       own.version, own.name, own.parent_phone, own.student_phone, own.school, own.grade, {_CANDIDATES}
FROM roster_row AS r
LEFT JOIN LATERAL (
  SELECT s.* FROM student AS s
  WHERE s.tenant_id = :tenant AND s.id = r.student_id AND r.outcome IN ('created', 'restored')
  LIMIT 1) AS own ON true
LEFT JOIN LATERAL (
  SELECT s.id FROM student AS s
  WHERE s.tenant_id = :tenant AND s.name_key = r.name_key AND s.parent_phone = r.parent_phone
    AND s.deleted_at IS NULL AND own.id IS NULL
    AND (r.outcome = 'created' OR (r.outcome = 'matched' AND r.student_id IS NULL))
  LIMIT 1) AS twin ON true
ORDER BY r.n
""")  # noqa: S608 - both parts are constants of this file

_FORECAST = sa.text(f"""
SELECT r.sheet_row AS row, r.outcome, r.code,
       CASE WHEN r.outcome <> 'created' THEN r.student_id::text END AS student_id,
       CAST(NULL AS int) AS version, {_CANDIDATES}
FROM roster_row AS r
ORDER BY r.n
""")  # noqa: S608 - both parts are constants of this file

_WANTED = sa.table(
    "roster_row",
    sa.column("outcome"),
    sa.column("student_id"),
    *(sa.column(field, student.c[field].type) for field in PROFILE),
)


def load(conn: Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """Fill this transaction's temporary table with rows shaped as COPIED."""
    conn.execute(_CREATE)
    conn.execute(_TRUNCATE)
    driver: Any = conn.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY roster_row ({', '.join(COPIED)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    conn.execute(_ANALYZE)


def resolve(conn: Connection, tenant: str, several: str) -> None:
    """Decide the outcome of every loaded row; `several` is the code of two or more deleted candidates."""
    conn.execute(_RESOLVE, {"tenant": tenant, "several": several})


def instruct(conn: Connection, tenant: str, told: Sequence[Sequence[Any]]) -> None:
    """After `resolve`: (row, decision, decided id, expected outcome, expected id) of rows that have any.

    A decision settles a row of several candidates. A row that ends in another way than expected is `failed`
    with PLAN_CHANGED, and nothing is written for it.
    """
    names = ("rows", "decisions", "decided", "expected", "expected_ids")
    conn.execute(_INSTRUCT, dict(zip(names, map(list, zip(*told, strict=True)), strict=True)))
    conn.execute(_DECIDE, {"tenant": tenant, "gone": PICKED_IS_GONE})
    conn.execute(_EXPECT, {"changed": PLAN_CHANGED})


def remember_deleted(conn: Connection, tenant: str, job_id: UUID) -> None:
    """Before `write`: how to put those back who will be restored."""
    conn.execute(_REMEMBER_DELETED, {"tenant": tenant, "job": job_id})


def remember_created(conn: Connection, tenant: str, job_id: UUID) -> None:
    """After `write`: whom the import has created."""
    conn.execute(_REMEMBER_CREATED, {"tenant": tenant, "job": job_id})


def refuse_known(conn: Connection, tenant: str) -> None:
    """After `resolve`: only who is new stays to be created; anybody else is `failed`, with who is in the way.

    Codes DUPLICATE_IN_REQUEST, DUPLICATE_STUDENT, DELETED_STUDENT_EXISTS (`conflict_id`: deleted last) and
    LOGIN_ID_TAKEN.
    """
    words = {"repeated": DUPLICATE_IN_REQUEST, "active": DUPLICATE_STUDENT, "deleted": DELETED_STUDENT_EXISTS}
    conn.execute(_REFUSE_KNOWN, {"tenant": tenant, **words})
    conn.execute(_REFUSE_LOGINS, {"tenant": tenant, "taken": LOGIN_ID_TAKEN})


def write(conn: Connection, tenant: str, credential_id: UUID, password_hash: str | None) -> None:
    """Create and restore what was decided, with parents and accounts; accounts that exist stay.

    `password_hash` is what new accounts sign in with first; without one they wait for a reset, but those
    whose row brings its own.
    """
    values = {"tenant": tenant, "credential_id": credential_id if password_hash else None}
    if password_hash:
        conn.execute(_CREDENTIAL, {**values, "hash": password_hash})
    conn.execute(_PARENTS, values)
    conn.execute(_STUDENTS, values)
    wanted = _WANTED.select().where(_WANTED.c.outcome == "restored").subquery("wanted")
    restore(conn, tenant, wanted)
    conn.execute(_PARENT_ACCOUNTS, values)
    conn.execute(_STUDENT_ACCOUNTS, values)


def ensure_parents(conn: Connection, tenant: str) -> None:
    """Parents and parent accounts of every loaded row, and nothing else; new accounts wait for a reset."""
    values = {"tenant": tenant, "credential_id": None}
    conn.execute(_MARK)
    conn.execute(_PARENTS, values)
    conn.execute(_PARENT_ACCOUNTS, values)


def outcomes(conn: Connection, tenant: str) -> Sequence[Row[Any]]:
    """What became of each row, in sheet order, with the student as now stored where one was written.

    A row that lost the race for its identity to a concurrent insert reads as matched.
    """
    return conn.execute(_OUTCOMES, {"tenant": tenant}).all()


def forecast(conn: Connection, tenant: str) -> Sequence[Row[Any]]:
    """What would become of each row; `student_id` is null for a student who would be created."""
    return conn.execute(_FORECAST, {"tenant": tenant}).all()
