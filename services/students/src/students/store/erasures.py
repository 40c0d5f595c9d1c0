"""Erasures by sets: who was purged, which service has answered, and what the students schema still held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from contracts.erasure import CONTEXTS
from contracts.identity import name_key
from eventkit.erasure import Counts, Person
from sqlalchemy import Connection, Row

from students.domain.erasures import LedgerEntry, Subject
from students.store.tables import erasure, erasure_count, erasure_receipt, erasure_subject

_LOCK = sa.text("""
SELECT id FROM erasure WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE
""")


def lock(conn: Connection, tenant: str, erasure_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the erasures that the tenant has. Held until the transaction ends: of two last receipts at
    the same moment each must see the other."""
    return set(conn.execute(_LOCK, {"tenant": tenant, "ids": list(erasure_ids)}).scalars())


_RECEIPTS = sa.text("""
INSERT INTO erasure_receipt (tenant_id, erasure_id, service)
SELECT :tenant, id, :service FROM unnest(CAST(:ids AS uuid[])) AS given (id)
ON CONFLICT DO NOTHING RETURNING erasure_id
""")


def add_receipts(conn: Connection, tenant: str, service: str, erasure_ids: Sequence[UUID]) -> set[UUID]:
    """The erasures that the service had not answered before."""
    values = {"tenant": tenant, "service": service, "ids": list(erasure_ids)}
    return set(conn.execute(_RECEIPTS, values).scalars())


_COUNTS = sa.text("""
INSERT INTO erasure_count AS c (tenant_id, student_id, service, kind, count)
SELECT s.tenant_id, s.student_id, :service, given.kind, sum(given.count)
FROM unnest(CAST(:erasures AS uuid[]), CAST(:students AS text[]), CAST(:kinds AS text[]),
            CAST(:counts AS int[])) AS given (erasure_id, student_id, kind, count)
JOIN erasure_subject AS s ON s.tenant_id = :tenant AND s.erasure_id = given.erasure_id
                         AND s.student_id::text = given.student_id
GROUP BY s.tenant_id, s.student_id, given.kind
ON CONFLICT (tenant_id, student_id, service, kind) DO UPDATE SET count = c.count + excluded.count
""")


def add_counts(
    conn: Connection, tenant: str, service: str, rows: Sequence[tuple[UUID, str, str, int]]
) -> None:
    """Rows are (erasure, student, kind, count); of students that are not the erasure's nothing is kept."""
    erasures, students, kinds, counts = (list(column) for column in zip(*rows, strict=True))
    values = {"erasures": erasures, "students": students, "kinds": kinds, "counts": counts}
    conn.execute(_COUNTS, {"tenant": tenant, "service": service, **values})


_COMPLETE = sa.text("""
UPDATE erasure AS e SET completed_at = now()
WHERE e.tenant_id = :tenant AND e.id = ANY(CAST(:ids AS uuid[])) AND e.completed_at IS NULL
  AND (SELECT count(*) FROM erasure_receipt AS r WHERE r.tenant_id = :tenant AND r.erasure_id = e.id
         AND r.service = ANY(CAST(:services AS text[]))) = cardinality(CAST(:services AS text[]))
RETURNING e.id
""")


def complete(conn: Connection, tenant: str, erasure_ids: Sequence[UUID]) -> list[UUID]:
    """Close the erasures that every context has answered; those closed just now."""
    values = {"tenant": tenant, "ids": list(erasure_ids), "services": list(CONTEXTS)}
    return list(conn.execute(_COMPLETE, values).scalars())


_AUDIT = sa.text("""
INSERT INTO audit (tenant_id, actor, action, pseudonym, details)
SELECT tenant_id, :actor, :action, pseudonym, jsonb_build_object('erasure_id', erasure_id)
FROM erasure_subject WHERE tenant_id = :tenant AND erasure_id = ANY(CAST(:ids AS uuid[]))
ORDER BY erasure_id, student_id
""")


def audit(conn: Connection, tenant: str, actor: str, action: str, erasure_ids: Sequence[UUID]) -> None:
    """A line of the audit trail for every person of the erasures."""
    conn.execute(_AUDIT, {"tenant": tenant, "actor": actor, "action": action, "ids": list(erasure_ids)})


_WAITING = sa.text("""
SELECT c.service, count(*) AS waiting FROM erasure AS e
CROSS JOIN unnest(CAST(:services AS text[])) AS c (service)
LEFT JOIN erasure_receipt AS r ON r.tenant_id = e.tenant_id AND r.erasure_id = e.id AND r.service = c.service
WHERE e.completed_at IS NULL AND e.requested_at < :before AND r.service IS NULL
GROUP BY c.service
""")


def overdue(conn: Connection, before: datetime) -> dict[str, int]:
    """Over all tenants: context → erasures requested `before` then that it has not answered."""
    found = conn.execute(_WAITING, {"services": list(CONTEXTS), "before": before})
    return {row.service: row.waiting for row in found}


_REQUESTS = sa.text("""
DELETE FROM registration_request AS r
USING unnest(CAST(:ids AS uuid[]), CAST(:name_keys AS text[]), CAST(:phones AS text[]))
      AS p (id, name_key, parent_phone)
WHERE r.tenant_id = :tenant AND r.name_key = p.name_key AND r.parent_phone = p.parent_phone
  AND NOT EXISTS (SELECT 1 FROM student AS s WHERE s.tenant_id = :tenant
                    AND s.name_key = p.name_key AND s.parent_phone = p.parent_phone)
  AND NOT EXISTS (SELECT 1 FROM erasure_subject AS u
                  JOIN erasure AS e ON e.tenant_id = u.tenant_id AND e.id = u.erasure_id
                  WHERE u.tenant_id = :tenant AND u.student_id = p.id AND e.reason = 'expired'
                    AND r.status = 'pending' AND r.created_at > u.deleted_at)
RETURNING p.id
""")
_PARENTS = sa.text("""
UPDATE parent AS f SET name = coalesce((
  SELECT s.name FROM student AS s WHERE s.tenant_id = f.tenant_id AND s.parent_id = f.id
  ORDER BY s.created_at, s.id LIMIT 1) || ' 학부모', '학부모')
FROM unnest(CAST(:ids AS uuid[]), CAST(:names AS text[]), CAST(:phones AS text[]))
     AS p (id, name, parent_phone)
WHERE f.tenant_id = :tenant AND f.phone = p.parent_phone AND f.name = p.name || ' 학부모'
RETURNING p.id
""")


def erase(conn: Connection, tenant: str, people: Sequence[Person]) -> Counts:
    """Remove what names purged people without their id.

    Registration requests of the same identity, unless another record of it lives on, or the person came
    back while the old record was only waiting to expire; and the name that a sibling's parent got from them.
    """
    named = [person for person in people if person.name]
    if not named:
        return Counter()
    ids, phones = [person.id for person in named], [person.parent_phone for person in named]
    values = {"tenant": tenant, "ids": ids, "phones": phones}
    keys, names = [name_key(person.name) for person in named], [person.name for person in named]
    requests = conn.execute(_REQUESTS, {**values, "name_keys": keys}).scalars()
    counts = Counter((student_id, "registration_requests") for student_id in requests)
    parents = conn.execute(_PARENTS, {**values, "names": names}).scalars()
    return counts + Counter((student_id, "parent_names") for student_id in parents)


_ANSWERED = (
    sa.select(sa.func.array_agg(erasure_receipt.c.service))
    .where(erasure_receipt.c.tenant_id == erasure.c.tenant_id, erasure_receipt.c.erasure_id == erasure.c.id)
    .scalar_subquery()
)
_OF_SUBJECT = (erasure.c.tenant_id == erasure_subject.c.tenant_id) & (
    erasure.c.id == erasure_subject.c.erasure_id
)

# newest first
LIST_ORDER = (erasure.c.requested_at, erasure_subject.c.student_id)


def listing(tenant: str) -> sa.Select[Any]:
    """Purged people with the contexts that have `answered`; paging is the caller's (LIST_ORDER)."""
    return (
        sa.select(
            erasure_subject.c.student_id,
            erasure_subject.c.pseudonym,
            erasure_subject.c.deleted_at,
            erasure_subject.c.erasure_id,
            erasure.c.reason,
            erasure.c.requested_by,
            erasure.c.requested_at,
            erasure.c.completed_at,
            sa.func.coalesce(_ANSWERED, sa.text("'{}'")).label("answered"),
        )
        .join(erasure, _OF_SUBJECT)
        .where(erasure_subject.c.tenant_id == tenant)
    )


def find(conn: Connection, tenant: str, student_id: UUID) -> Row[Any] | None:
    """The erasure of one person, as in the list."""
    return conn.execute(listing(tenant).where(erasure_subject.c.student_id == student_id)).one_or_none()


def receipts(conn: Connection, tenant: str, erasure_id: UUID) -> dict[str, datetime]:
    """Context → when its receipt came."""
    query = sa.select(erasure_receipt.c.service, erasure_receipt.c.received_at).where(
        erasure_receipt.c.tenant_id == tenant, erasure_receipt.c.erasure_id == erasure_id
    )
    return {row.service: row.received_at for row in conn.execute(query)}


def counts_of(conn: Connection, tenant: str, student_id: UUID) -> dict[str, dict[str, int]]:
    """Context → kind of thing → how many were erased."""
    query = sa.select(erasure_count.c.service, erasure_count.c.kind, erasure_count.c.count).where(
        erasure_count.c.tenant_id == tenant, erasure_count.c.student_id == student_id
    )
    found: dict[str, dict[str, int]] = {}
    for service, kind, count in conn.execute(query):
        found.setdefault(service, {})[kind] = count
    return found


_ENTRIES = sa.text("""
SELECT e.id, e.reason, e.requested_by, e.requested_at, s.student_id, s.deleted_at
FROM erasure AS e LEFT JOIN erasure_subject AS s ON s.tenant_id = e.tenant_id AND s.erasure_id = e.id
WHERE e.tenant_id = :tenant AND e.id = ANY(CAST(:ids AS uuid[]))
""")


def entries(conn: Connection, tenant: str, erasure_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """The erasures with each of their people."""
    return conn.execute(_ENTRIES, {"tenant": tenant, "ids": list(erasure_ids)}).all()


_PUT_IN_TRASH = sa.text("""
UPDATE student SET deleted_at = now(), version = version + 1, updated_at = now()
WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS uuid[])) AND deleted_at IS NULL
""")
_PRESENT = sa.text("SELECT id FROM student WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS uuid[]))")


def put_in_trash(conn: Connection, tenant: str, student_ids: Sequence[UUID]) -> list[UUID]:
    """Delete those of the students who are active; all that exist."""
    values = {"tenant": tenant, "ids": list(student_ids)}
    conn.execute(_PUT_IN_TRASH, values)
    return list(conn.execute(_PRESENT, values).scalars())


_DROP_SUBJECTS = sa.text("""
DELETE FROM erasure_subject WHERE tenant_id = :tenant AND student_id = ANY(CAST(:ids AS uuid[]))
""")


def drop_subjects(conn: Connection, tenant: str, student_ids: Sequence[UUID]) -> None:
    """People who are back although an erasure names them: the next purge opens another."""
    conn.execute(_DROP_SUBJECTS, {"tenant": tenant, "ids": list(student_ids)})


_RECREATE = sa.text("""
INSERT INTO erasure (tenant_id, id, reason, requested_by, requested_at)
SELECT :tenant, :id, :reason, :requested_by, :requested_at
WHERE EXISTS (SELECT 1 FROM unnest(CAST(:students AS uuid[])) AS given (id)
              WHERE NOT EXISTS (SELECT 1 FROM erasure_subject AS s
                                WHERE s.tenant_id = :tenant AND s.student_id = given.id))
ON CONFLICT DO NOTHING
""").bindparams(sa.bindparam("id", type_=sa.Uuid))
_RECREATE_SUBJECTS = sa.text("""
INSERT INTO erasure_subject (tenant_id, student_id, erasure_id, pseudonym, deleted_at)
SELECT :tenant, given.id, :id, given.pseudonym, given.deleted_at
FROM unnest(CAST(:students AS uuid[]), CAST(:pseudonyms AS text[]), CAST(:deleted AS timestamptz[]))
     AS given (id, pseudonym, deleted_at)
WHERE NOT EXISTS (SELECT 1 FROM erasure_subject AS s
                  WHERE s.tenant_id = :tenant AND s.student_id = given.id)
""").bindparams(sa.bindparam("id", type_=sa.Uuid))


def recreate(conn: Connection, tenant: str, entry: LedgerEntry, subjects: Sequence[Subject]) -> None:
    """Put back what the ledger knows of these people and the database does not; what it knows stays."""
    values = {"tenant": tenant, "id": entry.erasure_id, "students": [one.student_id for one in subjects]}
    request = {name: getattr(entry, name) for name in ("reason", "requested_by", "requested_at")}
    conn.execute(_RECREATE, {**values, **request})
    traits = {
        "pseudonyms": [one.pseudonym for one in subjects],
        "deleted": [one.deleted_at for one in subjects],
    }
    conn.execute(_RECREATE_SUBJECTS, {**values, **traits})


_BY_ERASURE = sa.text("""
SELECT erasure_id, student_id FROM erasure_subject
WHERE tenant_id = :tenant AND student_id = ANY(CAST(:ids AS uuid[])) ORDER BY erasure_id, student_id
""")


def by_erasure(conn: Connection, tenant: str, student_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Erasure → those of the students that it names."""
    found: dict[UUID, list[UUID]] = {}
    for erasure_id, student_id in conn.execute(_BY_ERASURE, {"tenant": tenant, "ids": list(student_ids)}):
        found.setdefault(erasure_id, []).append(student_id)
    return found
