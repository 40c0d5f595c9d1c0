"""Tenancy and roles on a real PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from eventkit.metrics import Metrics
from prometheus_client import CollectorRegistry
from servicekit.db import Database, InvalidTenantError
from servicekit.metrics import POOL, pool_use
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from testkit.database import TestDatabase
from testkit.waiting import wait_until

ADD = text("INSERT INTO note (id, tenant_id, body) VALUES (:id, :tenant, 'x')")


def add(db: Database, tenant: str) -> None:
    with db.tenant(tenant) as conn:
        conn.execute(ADD, {"id": uuid4(), "tenant": tenant})


def count(db: Database, tenant: str) -> int:
    with db.tenant(tenant) as conn:
        return int(conn.execute(text("SELECT count(*) FROM note")).scalar_one())


def test_a_forgotten_where_shows_one_tenant_only(kit: TestDatabase) -> None:
    add(kit.database, "alpha")
    add(kit.database, "beta")
    assert count(kit.database, "alpha") == 1
    with kit.database.tenant("alpha") as conn:
        assert conn.execute(text("DELETE FROM note")).rowcount == 1
    assert count(kit.database, "beta") == 1


def test_system_sees_every_tenant_and_only_there(kit: TestDatabase) -> None:
    add(kit.database, "alpha")
    add(kit.database, "beta")
    with kit.database.system() as conn:
        assert conn.execute(text("SELECT count(*) FROM note")).scalar_one() == 2
    assert count(kit.database, "alpha") == 1


def test_no_row_can_be_written_for_another_tenant(kit: TestDatabase) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"), kit.database.tenant("alpha") as conn:
        conn.execute(ADD, {"id": uuid4(), "tenant": "beta"})


def test_a_session_without_tenant_sees_nothing(kit: TestDatabase) -> None:
    add(kit.database, "alpha")
    with kit.database.dedicated() as conn:
        assert conn.execute("SELECT count(*) FROM note").fetchone() == (0,)


def test_the_tenant_does_not_leak_to_the_next_use_of_a_connection(kit: TestDatabase) -> None:
    add(kit.database, "alpha")
    single = Database(kit.url, "kit", pool_size=1)
    assert count(single, "alpha") == 1
    with single._engine.begin() as conn:
        assert conn.execute(text("SELECT count(*) FROM note")).scalar_one() == 0
    single.close()


@pytest.mark.parametrize("tenant", ["", "A", "a_b", "-a", "a" * 64, "a'; --", "a\x00", "학원", "a\n", "a b"])
def test_a_malformed_tenant_never_reaches_sql(kit: TestDatabase, tenant: str) -> None:
    with pytest.raises(InvalidTenantError), kit.database.tenant(tenant):
        pass


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE note",
        "ALTER TABLE note DISABLE ROW LEVEL SECURITY",
        "CREATE TABLE mine (a int)",
        "TRUNCATE note",
        "SET ROLE kit_owner",
    ],
)
def test_the_runtime_role_owns_nothing(kit: TestDatabase, statement: str) -> None:
    with pytest.raises(ProgrammingError), kit.database.tenant("alpha") as conn:
        conn.execute(text(statement))


def test_search_path_time_zone_and_timeouts_are_set(kit: TestDatabase) -> None:
    with kit.database.tenant("alpha") as conn:
        row = conn.execute(
            text("SELECT current_schema(), current_setting('timezone'), current_setting('statement_timeout')")
        ).one()
    assert tuple(row) == ("kit", "UTC", "30s")


def test_a_killed_session_is_replaced_without_an_error(kit: TestDatabase) -> None:
    add(kit.database, "alpha")
    kit.admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND usename = 'kit_app'"
    )
    assert count(kit.database, "alpha") == 1


def test_it_counts_who_has_a_connection_and_who_waits_for_one(kit: TestDatabase) -> None:
    figures = Metrics(CollectorRegistry(), POOL)
    single = Database(kit.url, "kit", pool_size=1, use=pool_use(figures, 1))

    def counted(state: str) -> float | None:
        return figures.registry.get_sample_value("academy_db_pool_connections", {"state": state})

    with ThreadPoolExecutor() as threads:
        with single.tenant("alpha"):
            other = threads.submit(count, single, "alpha")
            wait_until(lambda: counted("waiting") == 1)
            assert counted("in_use") == 1
        assert other.result() == 0
    with pytest.raises(ProgrammingError), single.tenant("alpha") as conn:
        conn.execute(text("SELECT nothing"))
    assert (counted("waiting"), counted("in_use")) == (0, 0)
    single.close()


def test_ping_raises_when_nobody_answers() -> None:
    away = Database("postgresql://kit_app:x@127.0.0.1:1/none", "kit")
    with pytest.raises(DBAPIError):
        away.ping()
