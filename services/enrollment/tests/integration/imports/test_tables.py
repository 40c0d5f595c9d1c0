"""The migrations make what the code expects, and no tenant sees another's rows."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from enrollment.domain.attendance import AttendanceStatus
from enrollment.store.tables import ATTENDANCE_STATUSES, metadata
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from testkit.database import TestDatabase


def test_migrated_tables_are_the_declared_ones(academy: TestDatabase) -> None:
    with academy.database.system() as conn:
        options = {"include_object": lambda _o, name, *_: name in metadata.tables}
        context = MigrationContext.configure(conn, opts=options)
        assert [d for d in compare_metadata(context, metadata) if "remove_index" not in d] == []


def test_attendance_has_one_list_of_statuses() -> None:
    assert tuple(AttendanceStatus) == ATTENDANCE_STATUSES


def test_every_table_shows_a_tenant_its_own_rows_only(
    imports: Any, academy: TestDatabase, usable: Any, created: Any
) -> None:
    accepted = imports.job(imports.lecture())
    imports.run(accepted, [usable(2)], created)
    merge = imports.one(
        "INSERT INTO student_merge VALUES ('demo', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),"
        " false) RETURNING id"
    )["id"]
    imports.all(
        "INSERT INTO merge_move SELECT tenant_id, %s, id, 'moved', status, enrolled_at FROM enrollment", merge
    )

    filled = [table for table in metadata.sorted_tables if imports.count(table.name)]
    assert len(filled) >= 10
    for table in filled:
        count = select(func.count()).select_from(table)
        with academy.database.tenant("demo") as conn:
            assert conn.execute(count).scalar() == 1, table.name
        with academy.database.tenant("other") as conn:
            assert conn.execute(count).scalar() == 0, table.name
        with academy.database.system() as conn:
            assert conn.execute(count).scalar() == 1, table.name
        # nobody named a tenant
        with academy.database.tenant("demo") as conn:
            conn.execute(text("RESET app.tenant_id"))
            assert conn.execute(count).scalar() == 0, table.name


@pytest.mark.parametrize("table", ["session", "enrollment"])
def test_no_row_points_into_another_academy(imports: Any, academy: TestDatabase, table: str) -> None:
    foreign = imports.of("other").lecture()
    statement = {
        "session": 'INSERT INTO session (tenant_id, lecture_id, "order", title)'
        " VALUES ('demo', :id, 1, 'x')",
        "enrollment": "INSERT INTO enrollment (tenant_id, lecture_id, student_id) VALUES ('demo', :id, :id)",
    }[table]
    with pytest.raises(IntegrityError), academy.database.tenant("demo") as conn:
        conn.execute(text(statement), {"id": foreign})
