"""Keyset pagination: constant cost at any depth, and no row skipped or shown twice while others are added."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, tuple_

from servicekit.fields import StrictSchema, Text, Whole
from servicekit.problem import Problem

MAX_PAGE_SIZE = 500
INT64 = 2**63 - 1


class PageSchema(StrictSchema):
    """Query arguments of a paged list; inherit and add the list's own filters."""

    cursor = Text(2000, metadata={"description": "이전 응답의 next 값"})
    page_size = Whole(min=1, max=MAX_PAGE_SIZE, load_default=50)


@dataclass(frozen=True, slots=True)
class Page:
    """The rows, and the cursor of the page after them or None."""

    rows: Sequence[Row[Any]]
    next: str | None

    def answer(self, render: Callable[[Row[Any]], Any]) -> dict[str, Any]:
        """`{"results": [...], "next": cursor | null}`."""
        return {"results": [render(row) for row in self.rows], "next": self.next}


def fetch_page(
    conn: Connection,
    query: Select[Any],
    keys: Sequence[ColumnElement[Any]],
    *,
    cursor: str | None = None,
    page_size: int = 50,
    descending: bool = False,
) -> Page:
    """One page of `query` ordered by `keys`: selected columns, never NULL, the last one unique.

    All keys go the same way, so that one row comparison (and one index) serves. Raises Problem 400
    "invalid_cursor".
    """
    place = tuple_(*keys)
    if cursor is not None:
        values = zip(decode(cursor, keys), keys, strict=True)
        after = tuple_(*(bindparam(None, value, key.type) for value, key in values))
        query = query.where(place < after if descending else place > after)
    order = [key.desc() if descending else key.asc() for key in keys]
    rows = conn.execute(query.order_by(*order).limit(page_size + 1)).all()
    if len(rows) <= page_size:
        return Page(rows, None)
    rows = rows[:page_size]
    return Page(rows, encode([rows[-1]._mapping[key] for key in keys]))


def encode(values: Sequence[Any]) -> str:
    """The opaque cursor of a row with these key values."""
    return base64.urlsafe_b64encode(orjson.dumps(values)).rstrip(b"=").decode()


def decode(cursor: str, keys: Sequence[ColumnElement[Any]]) -> list[Any]:
    """The key values of a cursor, in the keys' types. Raises Problem 400 "invalid_cursor"."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        values = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not isinstance(values, list) or len(values) != len(keys):
            raise ValueError("not this list's cursor")
        return [_READ[key.type.python_type](value) for value, key in zip(values, keys, strict=True)]
    except (ValueError, TypeError, KeyError, binascii.Error) as error:
        raise Problem("invalid_cursor") from error


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError("not text")
    return value


def _integer(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > INT64:
        raise ValueError("not an integer")
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("not a boolean")
    return value


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("no time zone")
    return moment


_READ: dict[type, Callable[[Any], Any]] = {
    str: _text,
    int: _integer,
    bool: _boolean,
    UUID: lambda value: UUID(_text(value)),
    datetime: _moment,
    date: date.fromisoformat,
}
