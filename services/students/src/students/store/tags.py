"""Tags of a tenant, and who has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from eventkit.ids import new_id
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import insert

from students.store.students import ids
from students.store.tables import student_tag, tag

TAG_ORDER = (tag.c.name, tag.c.id)
_OF_STUDENT = (tag.c.tenant_id == student_tag.c.tenant_id) & (tag.c.id == student_tag.c.tag_id)


def listing(tenant: str) -> sa.Select[Any]:
    """The tenant's tags; order and paging are the caller's (TAG_ORDER)."""
    return sa.select(tag).where(tag.c.tenant_id == tenant)


def insert_tag(conn: Connection, tenant: str, values: Mapping[str, Any]) -> Row[Any]:
    """Raises IntegrityError uq_tag_name."""
    statement = insert(tag).values(**values, id=new_id(), tenant_id=tenant).returning(tag)
    return conn.execute(statement).one()


def update_tag(conn: Connection, tenant: str, tag_id: UUID, values: Mapping[str, Any]) -> Row[Any]:
    """Raises IntegrityError uq_tag_name."""
    statement = sa.update(tag).where(tag.c.tenant_id == tenant, tag.c.id == tag_id).values(**values)
    return conn.execute(statement.returning(tag)).one()


def lock_tag(conn: Connection, tenant: str, tag_id: UUID) -> Row[Any] | None:
    """The tag, when nobody is giving it to a student; nobody can until the transaction ends."""
    query = sa.select(tag).where(tag.c.tenant_id == tenant, tag.c.id == tag_id)
    return conn.execute(query.with_for_update()).first()


def delete_tag(conn: Connection, tenant: str, tag_id: UUID) -> int:
    """Remove the tag from everybody, and itself; how many had it."""
    links = sa.delete(student_tag).where(student_tag.c.tenant_id == tenant, student_tag.c.tag_id == tag_id)
    count = conn.execute(links).rowcount
    conn.execute(sa.delete(tag).where(tag.c.tenant_id == tenant, tag.c.id == tag_id))
    return count


def hold_tags(conn: Connection, tenant: str, tag_ids: Sequence[UUID]) -> set[UUID]:
    """Which of the ids are tags of the tenant; these cannot be deleted until the transaction ends."""
    query = sa.select(tag.c.id).where(tag.c.tenant_id == tenant, tag.c.id == sa.any_(ids(tag_ids)))
    return set(conn.execute(query.order_by(tag.c.id).with_for_update(read=True, key_share=True)).scalars())


def tags_of(conn: Connection, tenant: str, student_ids: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Tags by student, each student's by name; students without any are left out."""
    query = (
        sa.select(student_tag.c.student_id, tag.c.id, tag.c.name, tag.c.color)
        .join(tag, _OF_STUDENT)
        .where(student_tag.c.tenant_id == tenant, student_tag.c.student_id == sa.any_(ids(student_ids)))
        .order_by(*TAG_ORDER)
    )
    found: dict[UUID, list[dict[str, Any]]] = {}
    for row in conn.execute(query):
        given = {"id": row.id, "name": row.name, "color": row.color}
        found.setdefault(row.student_id, []).append(given)
    return found


def add_links(conn: Connection, tenant: str, links: Sequence[tuple[UUID, UUID]]) -> int:
    """Give tags to students, (student id, tag id) each; how many are new."""
    pairs = sa.select(
        sa.literal(tenant),
        sa.func.unnest(ids([student_id for student_id, _ in links])),
        sa.func.unnest(ids([tag_id for _, tag_id in links])),
    )
    statement = insert(student_tag).from_select(["tenant_id", "student_id", "tag_id"], pairs)
    added = statement.on_conflict_do_nothing().returning(student_tag.c.tag_id)
    return len(conn.execute(added).all())


def remove_links(conn: Connection, tenant: str, student_id: UUID, tag_ids: Sequence[UUID]) -> int:
    """Take tags from a student; how many there were."""
    statement = sa.delete(student_tag).where(
        student_tag.c.tenant_id == tenant,
        student_tag.c.student_id == student_id,
        student_tag.c.tag_id == sa.any_(ids(tag_ids)),
    )
    return conn.execute(statement).rowcount
