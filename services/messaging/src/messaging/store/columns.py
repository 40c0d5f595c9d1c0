"""Many rows in one statement: values travel as one array per column, so that its text never grows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert


def unnested(table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> sa.Subquery:
    """The rows as a relation with the table's column names and types; all have the same keys."""
    return sa.select(
        *(sa.func.unnest(_array(table.c[name], [row[name] for row in rows])).label(name) for name in rows[0])
    ).subquery("given")


def _array(column: sa.Column[Any], values: list[Any]) -> sa.ColumnElement[Any]:
    if isinstance(column.type, JSONB):
        return sa.cast(sa.literal(values, ARRAY(sa.Text)), ARRAY(JSONB))
    return sa.cast(sa.literal(values, ARRAY(column.type)), ARRAY(column.type))


def add(
    conn: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]], returning: Iterable[str] = ()
) -> list[Any]:
    """Insert; rows whose key is taken are left out. A JSONB value comes as its text."""
    if not rows:
        return []
    given = unnested(table, rows)
    statement = insert(table).from_select(list(rows[0]), sa.select(given)).on_conflict_do_nothing()
    columns = [table.c[name] for name in returning]
    if not columns:
        conn.execute(statement)
        return []
    return list(conn.execute(statement.returning(*columns)))
