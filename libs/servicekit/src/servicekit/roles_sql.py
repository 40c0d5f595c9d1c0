"""Creates the database, and per service one schema and three roles. Idempotent; no superuser needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from servicekit.db import check_schema, driver_url

_LOCK = 7_220_001


@dataclass(frozen=True, slots=True)
class Passwords:
    """The two log-in roles of a schema; `<schema>_system` never logs in."""

    owner: str
    app: str


def bootstrap_database(admin_url: str, database: str, schemas: Mapping[str, Passwords]) -> None:
    """Create what is missing, and set the log-in passwords to the given ones.

    `admin_url` is a role with CREATEDB and CREATEROLE (the RDS master user is enough) on any existing
    database. Roles belong to the whole cluster, so runs are serialised by an advisory lock there.
    Raises psycopg.Error, and ValueError for a strange schema name before anything is made.
    """
    for schema in schemas:
        check_schema(schema)
    with _connect(admin_url) as admin, _serialised(admin):
        if not _exists(admin, "SELECT 1 FROM pg_database WHERE datname = %s", database):
            admin.execute(
                sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(_name(database))
            )
        for schema, passwords in schemas.items():
            _create_roles(admin, schema, passwords)
        with _connect(admin_url, database) as target:
            for schema in schemas:
                _create_schema(target, database, schema)


def _create_roles(admin: psycopg.Connection, schema: str, passwords: Passwords) -> None:
    for role, attributes in (
        (f"{schema}_owner", "LOGIN"),
        (f"{schema}_app", "LOGIN NOINHERIT"),
        (f"{schema}_system", "NOLOGIN"),
    ):
        verb = "ALTER" if _exists(admin, "SELECT 1 FROM pg_roles WHERE rolname = %s", role) else "CREATE"
        admin.execute(sql.SQL("{} ROLE {} {}").format(sql.SQL(verb), _name(role), sql.SQL(attributes)))
    for role, password in ((f"{schema}_owner", passwords.owner), (f"{schema}_app", passwords.app)):
        # hashed here, so that the server's statement log never holds a password
        verifier = admin.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
        admin.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(_name(role), sql.Literal(verifier)))
    # NOINHERIT: the system policies bind only after SET ROLE, not to every statement of the app
    admin.execute(sql.SQL("GRANT {} TO {}").format(_name(f"{schema}_system"), _name(f"{schema}_app")))
    if not _exists(admin, "SELECT 1 FROM pg_roles WHERE rolname = current_user AND rolsuper"):
        admin.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(_name(f"{schema}_owner")))


def _create_schema(target: psycopg.Connection, database: str, schema: str) -> None:
    names = {
        "schema": _name(schema),
        "database": _name(database),
        "owner": _name(f"{schema}_owner"),
        "users": sql.SQL("{}, {}").format(_name(f"{schema}_app"), _name(f"{schema}_system")),
    }
    for statement in (
        "CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {owner}",
        "GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {owner}, {users}",
        "SET ROLE {owner}",
        "GRANT USAGE ON SCHEMA {schema} TO {users}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema}"
        " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {users}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE, SELECT ON SEQUENCES TO {users}",
        "RESET ROLE",
    ):
        target.execute(sql.SQL(statement).format(**names))


@contextmanager
def _serialised(admin: psycopg.Connection) -> Iterator[None]:
    admin.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
    try:
        yield
    finally:
        admin.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


def _connect(admin_url: str, database: str | None = None) -> psycopg.Connection:
    url = driver_url(admin_url).set(drivername="postgresql")
    if database is not None:
        url = url.set(database=database)
    return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


def _exists(conn: psycopg.Connection, query: str, *values: str) -> bool:
    return conn.execute(query.encode(), values).fetchone() is not None


def _name(text: str) -> sql.Identifier:
    return sql.Identifier(text)
