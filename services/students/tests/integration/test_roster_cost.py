"""A chunk costs a constant number of statements and index probes, however large the academy is."""

import pytest
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from students.domain.audit import Pseudonyms
from students.usecases.rosters import resolve_roster

STUDENTS = 5_000
PSEUDONYMS = Pseudonyms(bytes(32))


@pytest.fixture
def large(academy):
    """An academy of 5,000 students, every tenth deleted."""
    for statement in (
        "INSERT INTO parent (tenant_id, id, phone, name) SELECT 'demo', gen_random_uuid(),"
        f" '010' || lpad(g::text, 8, '0'), '학부모' FROM generate_series(1, {STUDENTS}) g",
        "INSERT INTO student (tenant_id, id, name, name_key, parent_phone, parent_id, deleted_at)"
        " SELECT 'demo', gen_random_uuid(), n, n, phone, id, CASE WHEN phone LIKE '%0' THEN now() END"
        " FROM parent, LATERAL (SELECT '학생' || substr(phone, 4)::int) v (n)",
        "INSERT INTO account (tenant_id, id, login_id, kind, student_id, must_change)"
        " SELECT 'demo', gen_random_uuid(), 's' || id, 'student', id, true FROM student",
        "INSERT INTO account (tenant_id, id, login_id, kind, parent_id, must_change)"
        " SELECT 'demo', gen_random_uuid(), phone, 'parent', id, true FROM parent",
        "ANALYZE",
    ):
        academy.db.admin.execute(statement.encode())
    return academy


def mixed(person, start, count):
    """Half new, four tenths known, one tenth deleted."""
    return [
        person(STUDENTS + start + n if n % 2 else start + n, student_phone=f"0108{n:07d}")
        for n in range(1, count + 1)
    ]


@pytest.fixture
def cost(academy, statements):
    """How many statements a delivery of these events is."""

    def count(*events):
        with statements() as seen:
            academy.deliver(*events)
        return len(seen)

    return count


@pytest.mark.parametrize("dry_run", [False, True])
def test_statements_do_not_grow_with_the_rows(academy, person, cost, dry_run):
    made = academy.resolve(*(person(n) for n in range(1, 100)))
    academy.delete(*(row["student_id"] for row in made[::10]))
    few = academy.chunk(*mixed(person, 0, 10), dry_run=dry_run)
    many = academy.chunk(*mixed(person, 10, 1000), dry_run=dry_run)
    assert cost(few) == cost(many) <= 20


def test_statements_grow_by_the_chunk_in_a_batch(academy, person, cost):
    chunks = [academy.chunk(*mixed(person, 1000 * n, 100), number=n) for n in range(5)]
    assert cost(*chunks[1:]) <= 4 * cost(chunks[0])


def test_every_look_up_is_an_index_probe(large, person):
    """The plan trap: one sequential scan per row, or a nested loop over the chunk, is quadratic."""
    event = large.chunk(*mixed(person, 0, 1000))
    with unit_of_work(large.db.database, "demo", Cause.of(event), source="students") as uow:
        resolve_roster(uow, event.data, Cause.of(event), PSEUDONYMS)
        scans = uow.conn.exec_driver_sql(
            "SELECT relname::text, seq_scan, idx_tup_fetch, idx_scan FROM pg_stat_xact_user_tables"
            " WHERE relname IN ('student', 'parent', 'account')"
        ).all()
        chunk_rows = uow.conn.exec_driver_sql(
            "SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'roster_row'"
        ).scalar_one()
    assert len(scans) == 3
    assert [(name, sequential) for name, sequential, _, _ in scans if sequential] == []
    assert all(fetched <= 4 * 1000 and probes <= 8 * 1000 for _, _, fetched, probes in scans)
    assert chunk_rows <= 20 * 1000
