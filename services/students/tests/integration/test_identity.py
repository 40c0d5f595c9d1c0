"""The identity rule is the database's, whoever writes, however many at once, and no tenant sees another."""

from functools import partial

import psycopg
import pytest
from psycopg.errors import CheckViolation, InsufficientPrivilege, UniqueViolation
from testkit.at_once import at_once

INSERT = (
    "INSERT INTO student (tenant_id, id, name, name_key, parent_phone, deleted_at)"
    " VALUES (%s, gen_random_uuid(), '김하나', '김하나', %s, %s)"
)


@pytest.fixture
def runtime(academy):
    """A raw connection as the runtime role, outside any tenant."""
    options = "-c search_path=students"
    with psycopg.connect(academy.db.url, autocommit=True, options=options) as conn:
        yield conn


def test_two_active_students_of_one_identity_cannot_exist(academy):
    academy.db.admin.execute(INSERT, ("demo", "01012345678", None))
    with pytest.raises(UniqueViolation):
        academy.db.admin.execute(INSERT, ("demo", "01012345678", None))
    academy.db.admin.execute(INSERT, ("other", "01012345678", None))
    for _ in range(2):
        academy.db.admin.execute(INSERT, ("demo", "01012345678", "2026-01-01"))
    with pytest.raises(UniqueViolation):
        academy.db.admin.execute("UPDATE student SET deleted_at = NULL WHERE tenant_id = 'demo'")


@pytest.mark.parametrize(
    "change",
    [
        "name = ''",
        "name = repeat('가', 51)",
        "name_key = ''",
        "parent_phone = '0101234567'",
        "parent_phone = E'01012345678\\n'",
        "student_phone = ''",
        "school_type = 'COLLEGE'",
        "grade = 0",
        "grade = 7",
        "gender = '남'",
    ],
)
def test_the_database_refuses_values_outside_the_rules(academy, change):
    academy.db.admin.execute(INSERT, ("demo", "01012345678", None))
    with pytest.raises(CheckViolation):
        academy.db.admin.execute(f"UPDATE student SET {change}".encode())


def test_concurrent_chunks_of_one_tenant_create_each_student_once(academy, person):
    rows = [person(n, student_phone=f"0109{n:07d}") for n in range(60)]
    events = [academy.chunk(*rows[seed * 7 :], *rows[: seed * 7]) for seed in range(4)]
    for one in at_once(*(partial(academy.deliver, event) for event in events)):
        one.result()
    assert academy.all("SELECT count(*), count(DISTINCT name_key) FROM student") == [(60, 60)]
    assert academy.all("SELECT count(*) FROM account") == [(120,)]
    outcomes = [
        outcome
        for event in events
        for answer in academy.published("students.roster.resolved", event.correlationid)
        for outcome in answer.data["rows"]["outcome"]
    ]
    assert (outcomes.count("created"), outcomes.count("matched")) == (60, 180)


def test_two_tenants_with_the_same_file_at_once_stay_apart(academy, person):
    rows = [person(n, student_phone=f"0109{n:07d}") for n in range(50)]
    events = [academy.chunk(*rows, tenant=tenant) for tenant in ("north", "south") * 2]
    for one in at_once(*(partial(academy.deliver, event) for event in events)):
        one.result()
    for table, rows_each in (("student", 50), ("parent", 50), ("account", 100), ("initial_credential", 1)):
        assert academy.all(f"SELECT tenant_id, count(*) FROM {table} GROUP BY 1 ORDER BY 1") == [
            ("north", rows_each),
            ("south", rows_each),
        ]
    assert academy.all(
        "SELECT count(*) FROM student s JOIN parent p ON p.id = s.parent_id"
        " JOIN account a ON a.student_id = s.id OR a.parent_id = p.id"
        " WHERE s.tenant_id <> p.tenant_id OR a.tenant_id <> s.tenant_id"
    ) == [(0,)]


def test_without_a_tenant_the_runtime_role_sees_and_writes_nothing(academy, person, runtime):
    academy.resolve(person(1))
    tables = academy.all(
        "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relkind = 'r' AND a.attname = 'tenant_id' AND c.relnamespace = 'students'::regnamespace"
    )
    names = {name for (name,) in tables}
    assert {"student", "parent", "account", "initial_credential", "outbox", "inbox"} <= names
    for name in ("student", "parent", "account", "initial_credential"):
        assert runtime.execute(f"SELECT * FROM {name}").fetchall() == []
        assert runtime.execute(f"UPDATE {name} SET id = id").rowcount == 0
        assert runtime.execute(f"DELETE FROM {name}").rowcount == 0
    with pytest.raises(InsufficientPrivilege):
        runtime.execute(INSERT, ("demo", "01012345678", None))
    assert (
        academy.all(
            "SELECT relname::text FROM pg_class WHERE relname = ANY(%s) AND NOT relrowsecurity", list(names)
        )
        == []
    )


def test_a_tenant_sees_and_writes_its_own_rows_only(academy, person):
    academy.resolve(person(1), tenant="north")
    with academy.db.database.tenant("south") as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM student").scalar_one() == 0
        assert conn.exec_driver_sql("UPDATE account SET must_change = false").rowcount == 0
    with pytest.raises(Exception, match="row-level security"), academy.db.database.tenant("south") as conn:
        conn.exec_driver_sql(INSERT, ("north", "01012345678", None))


def test_no_link_can_point_into_another_tenant(academy, person):
    academy.resolve(person(1), tenant="north")
    academy.resolve(person(1), tenant="south")
    for statement in (
        "UPDATE student SET parent_id = (SELECT id FROM parent WHERE tenant_id = 'south')"
        " WHERE tenant_id = 'north'",
        "UPDATE account SET student_id = (SELECT id FROM student WHERE tenant_id = 'south')"
        " WHERE tenant_id = 'north' AND kind = 'student'",
    ):
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            academy.db.admin.execute(statement.encode())
