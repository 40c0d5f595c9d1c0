"""Pairs that may be one person, merges, and what a merge moved from one record to the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from eventkit.ids import new_id
from sqlalchemy import Connection, Row, RowMapping
from sqlalchemy.dialects.postgresql import insert

from students.domain.merges import UNDO_FOR
from students.store import students
from students.store.students import ids
from students.store.tables import distinct_pair, student, student_merge, student_tag

# Nobody is compared with everybody of a family, however many share a phone. Two names are one character
# apart if what is left of both without one place is the same (`changed`), or if one is what is left of the
# other (`longer`). Groups, not joins: the planner cannot guess how many names meet, and a wrong guess is
# a loop over all pairs. Students with one and the same own phone are all pairs of each other: `lefts` are no
# more than the page needs, and so are the rights of each. Whoever is in a page has an id from :left on.
_PAIRS = sa.text("""
WITH kin AS MATERIALIZED (
  SELECT f.id, f.parent_phone, f.name
  FROM (SELECT s.id, s.parent_phone, replace(s.name_key, ' ', '') AS name,
               count(*) OVER (PARTITION BY s.parent_phone) AS size
        FROM student AS s
        WHERE s.tenant_id = :tenant AND s.deleted_at IS NULL AND s.id >= :left) AS f
  WHERE f.size > 1),
spelling AS MATERIALIZED (
  SELECT k.id, k.parent_phone, length(k.name) AS length, p.place,
         overlay(k.name PLACING '' FROM CAST(p.place AS int) FOR 1) AS rest
  FROM kin AS k
  CROSS JOIN LATERAL unnest(string_to_array(k.name, NULL)) WITH ORDINALITY AS p (letter, place)),
changed AS (
  SELECT array_agg(s.id) AS ids FROM spelling AS s
  GROUP BY s.parent_phone, s.length, s.place, s.rest HAVING count(*) > 1),
longer AS (
  SELECT array_agg(t.id) FILTER (WHERE t.whole) AS wholes, array_agg(t.id) FILTER (WHERE NOT t.whole) AS rests
  FROM (SELECT k.id, k.parent_phone, k.name AS text, true AS whole FROM kin AS k
        UNION ALL
        SELECT s.id, s.parent_phone, s.rest, false FROM spelling AS s) AS t
  GROUP BY t.parent_phone, t.text HAVING bool_or(t.whole) AND NOT bool_and(t.whole)),
lefts AS MATERIALIZED (
  SELECT l.id, l.student_phone
  FROM (SELECT s.id, s.student_phone, count(*) OVER (PARTITION BY s.student_phone) AS size
        FROM student AS s
        WHERE s.tenant_id = :tenant AND s.deleted_at IS NULL AND s.student_phone IS NOT NULL
          AND s.id >= :left) AS l
  WHERE l.size > 1 AND EXISTS (
    SELECT FROM student AS r
    WHERE r.tenant_id = :tenant AND r.deleted_at IS NULL AND r.student_phone = l.student_phone
      AND r.id > l.id AND (l.id, r.id) > (:left, :right) AND NOT EXISTS (
        SELECT FROM distinct_pair AS d
        WHERE d.tenant_id = :tenant AND d.left_id = l.id AND d.right_id = r.id))
  ORDER BY l.id LIMIT :limit),
alike AS (
  SELECT a.id AS left_id, b.id AS right_id
  FROM changed AS c CROSS JOIN LATERAL unnest(c.ids) AS a (id) CROSS JOIN LATERAL unnest(c.ids) AS b (id)
  WHERE a.id < b.id
  UNION
  SELECT least(a.id, b.id), greatest(a.id, b.id)
  FROM longer AS n CROSS JOIN LATERAL unnest(n.wholes) AS a (id) CROSS JOIN LATERAL unnest(n.rests) AS b (id)
  UNION
  SELECT l.id, o.id
  FROM lefts AS l
  CROSS JOIN LATERAL (
    SELECT r.id FROM student AS r
    WHERE r.tenant_id = :tenant AND r.deleted_at IS NULL AND r.student_phone = l.student_phone
      AND r.id > l.id AND (l.id, r.id) > (:left, :right) AND NOT EXISTS (
        SELECT FROM distinct_pair AS d
        WHERE d.tenant_id = :tenant AND d.left_id = l.id AND d.right_id = r.id)
    ORDER BY r.id LIMIT :limit) AS o)
SELECT p.left_id, p.right_id FROM alike AS p
WHERE (p.left_id, p.right_id) > (:left, :right) AND NOT EXISTS (
  SELECT FROM distinct_pair AS d
  WHERE d.tenant_id = :tenant AND d.left_id = p.left_id AND d.right_id = p.right_id)
ORDER BY p.left_id, p.right_id
LIMIT :limit
""").bindparams(sa.bindparam("left", type_=sa.Uuid), sa.bindparam("right", type_=sa.Uuid))
# compiling it took longer than running it over 100,000 students
_NO_JIT = sa.text("SET LOCAL jit = off")
PAIR_ORDER = (distinct_pair.c.left_id, distinct_pair.c.right_id)

# newest first: the ids are UUIDv7
MERGE_ORDER = (student_merge.c.id,)
_WINNER, _LOSER = student.alias("winner"), student.alias("loser")


def pairs(conn: Connection, tenant: str, after: tuple[UUID, UUID], limit: int) -> Sequence[Row[Any]]:
    """The next (left_id, right_id) of active students who may be one and were not decided to be two."""
    left, right = after
    conn.execute(_NO_JIT)
    return conn.execute(_PAIRS, {"tenant": tenant, "left": left, "right": right, "limit": limit}).all()


def shown(conn: Connection, tenant: str, student_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Students with the columns store.students.SHOWN."""
    return conn.execute(students.shown(tenant).where(student.c.id == sa.any_(ids(student_ids)))).all()


def lock_pair(conn: Connection, tenant: str, *student_ids: UUID) -> dict[UUID, dict[str, Any]]:
    """The students who are the tenant's, each for one writer at a time."""
    query = sa.select(student).where(student.c.tenant_id == tenant, student.c.id == sa.any_(ids(student_ids)))
    rows = conn.execute(query.order_by(student.c.id).with_for_update()).mappings()
    return {row["id"]: dict(row) for row in rows}


def keep_apart(conn: Connection, tenant: str, left_id: UUID, right_id: UUID, by: str) -> bool:
    """Remember that two are two, left_id < right_id; False when that was known."""
    statement = insert(distinct_pair).values(
        tenant_id=tenant, left_id=left_id, right_id=right_id, decided_by=by
    )
    made = statement.on_conflict_do_nothing().returning(distinct_pair.c.left_id)
    return conn.execute(made).first() is not None


def has_merged(conn: Connection, tenant: str, student_id: UUID) -> bool:
    """Whether other records are merged into this one."""
    query = sa.select(student_merge.c.id).where(
        student_merge.c.tenant_id == tenant,
        student_merge.c.winner_id == student_id,
        student_merge.c.undone_at.is_(None),
    )
    return conn.execute(query.limit(1)).first() is not None


def phone_in_use(conn: Connection, tenant: str, student_phone: str, but: Sequence[UUID]) -> bool:
    """Whether an active student other than these has the number as its own."""
    query = sa.select(student.c.id).where(
        student.c.tenant_id == tenant,
        student.c.student_phone == student_phone,
        student.c.deleted_at.is_(None),
        student.c.id != sa.all_(ids(but)),
    )
    return conn.execute(query.limit(1)).first() is not None


def bury(conn: Connection, tenant: str, loser_id: UUID, winner_id: UUID) -> None:
    """The loser is deleted, and known to be the winner; no other value of it changes."""
    conn.execute(
        sa.update(student)
        .where(student.c.tenant_id == tenant, student.c.id == loser_id)
        .values(
            deleted_at=sa.func.now(),
            merged_into=winner_id,
            version=student.c.version + 1,
            updated_at=sa.func.now(),
        )
    )


def unbury(conn: Connection, tenant: str, loser_id: UUID) -> None:
    """A loser is nobody's any more: deleted, as anybody whom a restore brings back."""
    conn.execute(
        sa.update(student)
        .where(student.c.tenant_id == tenant, student.c.id == loser_id)
        .values(merged_into=None)
    )


def give_tags(conn: Connection, tenant: str, winner_id: UUID, loser_id: UUID) -> list[UUID]:
    """The winner gets the loser's tags; which of them are new to it."""
    given = sa.select(student_tag.c.tenant_id, sa.literal(winner_id, sa.Uuid), student_tag.c.tag_id).where(
        student_tag.c.tenant_id == tenant, student_tag.c.student_id == loser_id
    )
    statement = insert(student_tag).from_select(["tenant_id", "student_id", "tag_id"], given)
    return list(conn.execute(statement.on_conflict_do_nothing().returning(student_tag.c.tag_id)).scalars())


def remember(conn: Connection, tenant: str, merge: Mapping[str, Any]) -> UUID:
    """Store a merge: winner_id, loser_id, filled, tags, merged_by. Answers its id."""
    values = {**merge, "id": new_id(), "tenant_id": tenant}
    conn.execute(sa.insert(student_merge).values(**values))
    return UUID(str(values["id"]))


def lock_merge(conn: Connection, tenant: str, merge_id: UUID) -> RowMapping | None:
    """The merge for one writer at a time, and whether it has `expired`."""
    expired = student_merge.c.merged_at + sa.literal(UNDO_FOR) <= sa.func.now()
    query = sa.select(student_merge, expired.label("expired")).where(
        student_merge.c.tenant_id == tenant, student_merge.c.id == merge_id
    )
    return conn.execute(query.with_for_update()).mappings().first()


def mark_undone(conn: Connection, tenant: str, merge_id: UUID, by: str) -> None:
    conn.execute(
        sa.update(student_merge)
        .where(student_merge.c.tenant_id == tenant, student_merge.c.id == merge_id)
        .values(undone_at=sa.func.now(), undone_by=by)
    )


def listing(tenant: str) -> sa.Select[Any]:
    """Merges with the names of both; order and paging are the caller's (MERGE_ORDER, descending)."""
    return (
        sa.select(student_merge, _WINNER.c.name.label("winner_name"), _LOSER.c.name.label("loser_name"))
        .join(_WINNER, _of(_WINNER, student_merge.c.winner_id))
        .join(_LOSER, _of(_LOSER, student_merge.c.loser_id))
        .where(student_merge.c.tenant_id == tenant)
    )


def _of(who: sa.FromClause, student_id: sa.Column[Any]) -> sa.ColumnElement[bool]:
    return sa.and_(who.c.tenant_id == student_merge.c.tenant_id, who.c.id == student_id)
