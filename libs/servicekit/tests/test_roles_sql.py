"""Bootstrap: repeatable, by several at once, and without a superuser (RDS)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from servicekit.roles_sql import Passwords, bootstrap_database
from sqlalchemy import make_url

PASSWORDS = Passwords(owner="owner'pass-1", app='app"pass-2')


@pytest.fixture
def cluster(admin_url: str) -> Iterator[tuple[psycopg.Connection, str]]:
    """A superuser's connection, and a name for a schema and a database that are removed again."""
    name = f"boot_{uuid4().hex[:10]}"
    url = make_url(admin_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as admin:
        yield admin, name
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        for suffix in ("_owner", "_app", "_system", "_master"):
            role = sql.Identifier(name + suffix)
            admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(role))


def url_as(admin_url: str, user: str, password: str, database: str) -> str:
    url = make_url(admin_url).set(
        drivername="postgresql", username=user, password=password, database=database
    )
    return url.render_as_string(hide_password=False)


def master_url(admin: psycopg.Connection, admin_url: str, name: str) -> str:
    """What RDS calls the master user: CREATEDB and CREATEROLE, no superuser."""
    role = sql.Identifier(f"{name}_master")
    admin.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE PASSWORD 'm'").format(role))
    return url_as(admin_url, f"{name}_master", "m", "postgres")


def assert_usable(admin_url: str, name: str) -> None:
    with psycopg.connect(url_as(admin_url, f"{name}_owner", PASSWORDS.owner, name), autocommit=True) as owner:
        owner.execute(sql.SQL("CREATE TABLE {}.t (a int)").format(sql.Identifier(name)))
    with psycopg.connect(url_as(admin_url, f"{name}_app", PASSWORDS.app, name), autocommit=True) as app:
        table = sql.Identifier(name, "t")
        app.execute(sql.SQL("INSERT INTO {} VALUES (1)").format(table))
        app.execute("CREATE TEMPORARY TABLE s (a int)")
        app.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(f"{name}_system")))
        assert app.execute(sql.SQL("SELECT a FROM {}").format(table)).fetchall() == [(1,)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute(sql.SQL("DROP TABLE {}").format(table))


def test_a_superuser_bootstraps_twice(cluster: tuple[psycopg.Connection, str], admin_url: str) -> None:
    _, name = cluster
    bootstrap_database(admin_url, name, {name: Passwords("first", "first")})
    bootstrap_database(admin_url, name, {name: PASSWORDS})
    assert_usable(admin_url, name)


def test_a_master_user_without_superuser_is_enough(
    cluster: tuple[psycopg.Connection, str], admin_url: str
) -> None:
    admin, name = cluster
    master = master_url(admin, admin_url, name)
    bootstrap_database(master, name, {name: PASSWORDS})
    bootstrap_database(master, name, {name: PASSWORDS})
    assert_usable(admin_url, name)


def test_several_at_once(cluster: tuple[psycopg.Connection, str], admin_url: str) -> None:
    _, name = cluster
    with ThreadPoolExecutor(4) as pool:
        for run in [pool.submit(bootstrap_database, admin_url, name, {name: PASSWORDS}) for _ in range(4)]:
            run.result()
    assert_usable(admin_url, name)


def test_roles_have_no_more_than_they_need(cluster: tuple[psycopg.Connection, str], admin_url: str) -> None:
    admin, name = cluster
    bootstrap_database(admin_url, name, {name: PASSWORDS})
    roles = admin.execute(
        "SELECT replace(rolname, %s, ''), rolcanlogin, rolinherit,"
        " rolsuper OR rolcreatedb OR rolcreaterole OR rolbypassrls"
        " FROM pg_roles WHERE rolname LIKE %s ORDER BY 1",
        [name, f"{name}%"],
    ).fetchall()
    assert roles == [
        ("_app", True, False, False),
        ("_owner", True, True, False),
        ("_system", False, True, False),
    ]
    inherits = admin.execute(
        "SELECT pg_has_role(%s, %s, 'USAGE')", [f"{name}_app", f"{name}_system"]
    ).fetchone()
    assert inherits == (False,)


def test_passwords_reach_the_server_hashed(cluster: tuple[psycopg.Connection, str], admin_url: str) -> None:
    admin, name = cluster
    bootstrap_database(admin_url, name, {name: PASSWORDS})
    stored = admin.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [f"{name}_app"]).fetchone()
    assert stored is not None
    assert stored[0].startswith("SCRAM-SHA-256$")


@pytest.mark.parametrize("schema", ["", "A", "a-b", "a;b", "1a", "a" * 50, "a\n"])
def test_a_strange_schema_name_is_refused(admin_url: str, schema: str) -> None:
    with pytest.raises(ValueError, match="not a schema name"):
        bootstrap_database(admin_url, f"boot_{uuid4().hex[:10]}", {schema: PASSWORDS})
