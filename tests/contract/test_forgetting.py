"""Every table with a student's id: a purge counts its rows beforehand, and then empties it."""

from __future__ import annotations

import json
import re
from importlib import import_module
from inspect import signature
from pathlib import Path
from uuid import UUID

import pytest
from contracts import SERVICES
from contracts.erasure import receipt_of
from eventkit.clock import SYSTEM_CLOCK
from eventkit.queue import Queue
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from servicekit.erasure import Eraser
from testkit.api import app_of, internal
from testkit.objects import MemoryObjects
from testkit.sqs import FakeSqs

# students has purged its own record before it hears of it; whose a workbook is cannot be told
OTHERS = {"students", "storage-janitor"}
# the tombstone; and rows of an import, which keep the id and lose the person (enrollment/test_erasure.py)
KEPT = ("erased", "import_row")
GONE, TENANT = UUID(int=1), "hangang"
LABELS = Path(__file__).parents[2] / "libs" / "console" / "js" / "labels.js"
# enough for a column that must have something
SAMPLES = {
    "text": "x",
    "character varying": "x",
    "uuid": str(UUID(int=2)),
    "integer": 1,
    "bigint": 1,
    "smallint": 1,
    "boolean": False,
    "date": "2026-03-02",
    "timestamp with time zone": "2026-03-02T00:00:00Z",
    "jsonb": {},
}


@pytest.fixture(params=[service for service in SERVICES if service not in OTHERS])
def service(request):
    return request.param


@pytest.fixture
def database(migrated, service):
    return migrated(service.replace("-", "_"))


@pytest.fixture
def tables(database):
    """The names of the tables with a student's id, each with one row of GONE, whatever it may say."""
    with_id = database.admin.execute(
        "SELECT table_name::text FROM information_schema.columns WHERE column_name = 'student_id'"
        " AND table_schema = current_schema() AND table_name <> ALL(%s) ORDER BY 1",
        [list(KEPT)],
    )
    names = [name for (name,) in with_id]
    database.admin.execute("SET session_replication_role = replica")  # no foreign keys
    for name in names:
        fill(database.admin, name)
    return names


def fill(conn, table):
    """One row, of constraints free, with a value in every column that needs one."""
    checks = conn.execute(
        "SELECT conname::text FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'", [table]
    )
    for (name,) in checks.fetchall():
        conn.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}".encode())
    needed = conn.execute(
        "SELECT column_name::text, data_type::text FROM information_schema.columns WHERE table_name = %s"
        " AND table_schema = current_schema() AND is_nullable = 'NO' AND column_default IS NULL",
        [table],
    )
    row = {column: SAMPLES[type_] for column, type_ in needed.fetchall()}
    row |= {"tenant_id": TENANT, "student_id": str(GONE)}
    columns = ", ".join(row)
    insert = f"INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_record(NULL::{table}, %s)"
    conn.execute(insert.encode(), [json.dumps(row)])


@pytest.fixture
def purge(service, database, make_event):
    """on_student_purged for GONE, as the worker binds it."""

    def run():
        sqs = FakeSqs(SYSTEM_CLOCK)
        sqs.make_pair(service)
        erase = Eraser(Queue.open(sqs, f"{service}-dlq"), receipt_of(service))
        handlers = import_module(f"{service.replace('-', '_')}.handlers")
        students = {"student_id": [str(GONE)], "name": [""], "parent_phone": [""], "student_phone": [None]}
        data = {"erasure_id": str(UUID(int=9)), "students": students}
        event = make_event("students.student.purged", TENANT, data)
        with unit_of_work(database.database, TENANT, Cause.of(event), source=service) as uow:
            ports = {"erase": erase, "objects": MemoryObjects()}
            handled = handlers.on_student_purged
            wanted = {name: port for name, port in ports.items() if name in signature(handled).parameters}
            handled(uow, [event], **wanted)

    return run


def test_no_table_keeps_the_id_of_a_purged_student(database, tables, purge):
    purge()
    left = {
        name
        for name in tables
        if database.admin.execute(f"SELECT 1 FROM {name} WHERE student_id = %s".encode(), [GONE]).fetchone()
    }
    assert left == set(), "add them to the kinds that the store erases"


def test_every_row_is_counted_under_a_kind_that_the_console_can_name(service, database, tables, issuer):
    app = app_of(service, issuer, database.url)
    asked = {"tenant_id": TENANT, "student_ids": [str(GONE)]}
    answer = internal(app).post("/internal/erasure/holdings/", json=asked).get_json()
    kinds = answer["holdings"][str(GONE)]
    assert len(kinds) == len(tables), f"{tables} are counted as {sorted(kinds)}: see the kinds of the store"
    named = re.search(r"HOLDINGS = .*?\({(.*?)}\)", LABELS.read_text(encoding="utf-8"), re.DOTALL)
    assert named is not None
    assert set(kinds) - set(re.findall(r"(\w+):", named[1])) == set(), "add their Korean words to labels.js"
