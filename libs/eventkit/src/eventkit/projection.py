"""Read models of another service's data: the newest version wins, and purged students leave them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import ARRAY, insert

from eventkit.erasure import Counts, pass_gate
from eventkit.uow import UnitOfWork

_erased = sa.table("erased", sa.column("tenant_id"), sa.column("student_id"))


def project(uow: UnitOfWork, table: sa.Table, columns: Mapping[str, Sequence[Any]]) -> None:
    """Upsert the rows of an event's columns in one statement; a row older than the stored one is ignored.

    `table` has `tenant_id` (filled from the unit of work) and `version`, and a primary key to meet on.
    Columns that the table does not have are left out, so a producer may add some. Of a table of students'
    data (`student_id`) the rows of purged students are left out: an event that was late brings nobody back.
    """
    names = [name for name in columns if name in table.c]
    given = sa.select(*(_unnested(table.c[name], columns[name]) for name in names)).subquery("given")
    key = [column.name for column in table.primary_key if column.name != "tenant_id"]
    newest = (
        sa.select(sa.literal(uow.tenant), *(given.c[name] for name in names))
        .distinct(*(given.c[name] for name in key))
        .order_by(*(given.c[name] for name in key), given.c.version.desc())
    )
    if "student_id" in names:
        pass_gate(uow.conn, uow.tenant)
        gone = sa.select(_erased.c.student_id).where(
            _erased.c.tenant_id == uow.tenant, _erased.c.student_id == given.c.student_id
        )
        newest = newest.where(~gone.exists())
    statement = insert(table).from_select(["tenant_id", *names], newest)
    uow.conn.execute(
        statement.on_conflict_do_update(
            index_elements=list(table.primary_key),
            set_={name: statement.excluded[name] for name in names if name not in key},
            where=table.c.version <= statement.excluded.version,
        )
    )


def held(
    conn: Connection, kinds: Mapping[str, sa.Table], tenant: str, student_ids: Collection[UUID]
) -> Counts:
    """How many rows there are of each student; `kinds`: kind of thing → its table."""
    counts: Counts = Counter()
    for kind, table in kinds.items():
        query = sa.select(table.c.student_id, sa.func.count()).where(_of(table, tenant, student_ids))
        found = conn.execute(query.group_by(table.c.student_id))
        counts.update({(student_id, kind): number for student_id, number in found})
    return counts


def erase(
    conn: Connection, kinds: Mapping[str, sa.Table], tenant: str, student_ids: Collection[UUID]
) -> Counts:
    """Delete these students' rows; how many each had. `kinds` as for held()."""
    counts: Counts = Counter()
    for kind, table in kinds.items():
        gone = sa.delete(table).where(_of(table, tenant, student_ids)).returning(table.c.student_id)
        counts.update((student_id, kind) for (student_id,) in conn.execute(gone))
    return counts


def _of(table: sa.Table, tenant: str, student_ids: Collection[UUID]) -> sa.ColumnElement[bool]:
    ids = sa.literal(list(student_ids), ARRAY(sa.Uuid))
    return sa.and_(table.c.tenant_id == tenant, table.c.student_id == sa.any_(ids))


def _unnested(column: sa.Column[Any], cells: Sequence[Any]) -> sa.Label[Any]:
    """JSON has no UUID or date, so these travel as text and are cast here."""
    sent = column.type if isinstance(column.type, sa.Integer | sa.Boolean) else sa.Text()
    values = sa.literal(list(cells), ARRAY(sent))
    return sa.func.unnest(sa.cast(values, ARRAY(column.type))).label(column.name)
