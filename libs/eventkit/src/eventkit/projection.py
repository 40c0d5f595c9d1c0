"""Read models of another service's data: the newest version wins, whatever order events come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from eventkit.erasure import pass_gate
from eventkit.uow import UnitOfWork

_erased = sa.table("erased", sa.column("tenant_id"), sa.column("student_id"))


def project(uow: UnitOfWork, table: sa.Table, columns: Mapping[str, Sequence[Any]]) -> None:
    """Upsert the rows of an event's columns in one statement; a row not newer than the stored one is ignored.

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
            where=table.c.version < statement.excluded.version,
        )
    )


def _unnested(column: sa.Column[Any], cells: Sequence[Any]) -> sa.Label[Any]:
    """JSON has no UUID or date, so these travel as text and are cast here."""
    sent = column.type if isinstance(column.type, sa.Integer | sa.Boolean) else sa.Text()
    values = sa.literal(list(cells), ARRAY(sent))
    return sa.func.unnest(sa.cast(values, ARRAY(column.type))).label(column.name)
