"""Cursors: complete, stable under inserts, and refused when broken."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from servicekit.pagination import PageSchema, decode, encode, fetch_page
from servicekit.problem import Problem
from sqlalchemy import Connection
from testkit.database import TestDatabase

note = sa.Table(
    "note",
    sa.MetaData(),
    sa.Column("id", sa.Uuid),
    sa.Column("tenant_id", sa.Text),
    sa.Column("body", sa.Text),
)
KEYS = (note.c.body, note.c.id)
QUERY = sa.select(note.c.id, note.c.body)


def fill(conn: Connection, bodies: list[str]) -> None:
    conn.execute(note.insert(), [{"id": uuid4(), "tenant_id": "demo", "body": body} for body in bodies])


def walk(conn: Connection, size: int, descending: bool) -> list[tuple[str, UUID]]:
    found, cursor = [], None
    while True:
        page = fetch_page(conn, QUERY, KEYS, cursor=cursor, page_size=size, descending=descending)
        assert len(page.rows) <= size
        found += [(row.body, row.id) for row in page.rows]
        if page.next is None:
            return found
        cursor = page.next


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("size", [1, 3, 10, 40, 500])
def test_every_row_once_in_order_with_equal_sort_keys(kit: TestDatabase, size: int, descending: bool) -> None:
    rng = random.Random(7)
    with kit.database.tenant("demo") as conn:
        fill(conn, [rng.choice("가나다") for _ in range(40)])
        found = walk(conn, size, descending)
        everything = conn.execute(QUERY.order_by(*(key.desc() if descending else key for key in KEYS))).all()
    assert found == [(row.body, row.id) for row in everything]


def test_rows_added_meanwhile_shift_nothing(kit: TestDatabase) -> None:
    with kit.database.tenant("demo") as conn:
        fill(conn, ["b", "c", "d", "e"])
        first = fetch_page(conn, QUERY, KEYS, page_size=2)
        fill(conn, ["a", "bb"])
        second = fetch_page(conn, QUERY, KEYS, page_size=2, cursor=first.next)
    assert [row.body for row in [*first.rows, *second.rows]] == ["b", "c", "d", "e"]


def test_an_exact_last_page_has_no_next(kit: TestDatabase) -> None:
    with kit.database.tenant("demo") as conn:
        fill(conn, ["a", "b"])
        page = fetch_page(conn, QUERY, KEYS, page_size=2)
    assert page.answer(lambda row: row.body) == {"results": ["a", "b"], "next": None}


def column(kind: sa.types.TypeEngine[object]) -> sa.ColumnElement[object]:
    return sa.column("x", kind)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (sa.Text(), "김'; --"),
        (sa.BigInteger(), 2**62),
        (sa.Boolean(), True),
        (sa.Uuid(), uuid4),
        (sa.DateTime(timezone=True), datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)),
        (sa.Date(), date(2026, 1, 2)),
    ],
)
def test_values_come_back_in_their_type(kind: sa.types.TypeEngine[object], value: object) -> None:
    value = value() if callable(value) else value
    assert decode(encode([value]), [column(kind)]) == [value]


GOOD = encode(["a", "0197f1d0-0000-7000-8000-000000000001"])


@pytest.mark.parametrize(
    "cursor",
    [
        *(
            "",
            "x",
            "!!!",
            "한글",
            GOOD[:-4],
            GOOD + "==",
            GOOD + "A",
            "bnVsbA",
            "e30",
            "W1tdLHt9XQ",
            "A" * 2000,
        ),
        *(encode(values) for values in ([], ["a"], ["a", "b", "c"], ["a", "not a uuid"], [None, None])),
        *(encode([value, str(UUID(int=1))]) for value in (1, "a\x00", True, ["a"], {"a": 1})),
    ],
)
def test_a_broken_cursor_is_refused(kit: TestDatabase, cursor: str) -> None:
    with kit.database.tenant("demo") as conn, pytest.raises(Problem) as refused:
        fetch_page(conn, QUERY, KEYS, cursor=cursor)
    assert (refused.value.status, refused.value.code) == (400, "invalid_cursor")


@pytest.mark.parametrize(
    "kind", [sa.BigInteger(), sa.Boolean(), sa.DateTime(timezone=True), sa.Date(), sa.Uuid()]
)
@pytest.mark.parametrize("value", [None, "x", 1.5, [], {}, 2**63, "2026-01-01T00:00:00", ""])
def test_a_value_of_another_type_is_refused(kind: sa.types.TypeEngine[object], value: object) -> None:
    with pytest.raises(Problem):
        decode(encode([value]), [column(kind)])


def test_page_size_is_bounded() -> None:
    assert PageSchema().load({}) == {"page_size": 50}
    assert PageSchema().load({"page_size": 500})["page_size"] == 500
    assert PageSchema().validate({"page_size": 501}).keys() == {"page_size"}
    assert PageSchema().validate({"page_size": 0}).keys() == {"page_size"}
