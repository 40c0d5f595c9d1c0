"""Databases for tests: one migrated template per session and xdist worker, and clones that are used again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql
from servicekit.db import Database, driver_url
from servicekit.migrate import migrate
from servicekit.roles_sql import Passwords, bootstrap_database
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from testkit.recycling import Original

# Roles belong to the whole (shared) cluster, so every run must agree on their passwords.
PASSWORDS = Passwords(owner="testkit-owner", app="testkit-app")


class Operations:
    """What `create_kit_tables` and `enable_rls` use of alembic's `op`, over a plain connection."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def execute(self, sqltext: str) -> Any:
        """Run one statement as the schema's owner."""
        return self._conn.execute(text(sqltext))


Build = Callable[[Operations], None]


@dataclass
class TestDatabase:
    """One test's own database. `database` is what the service sees (role `_app`); `admin` sees everything."""

    __test__ = False  # not a test class for pytest

    admin_url: str
    schema: str
    _open: list[Any] = field(default_factory=list)

    @property
    def name(self) -> str:
        return driver_url(self.admin_url).database or ""

    @property
    def url(self) -> str:
        """DATABASE_URL of the first schema."""
        return self.url_of(self.schema)

    def url_of(self, schema: str) -> str:
        """DATABASE_URL of a schema: log-in as `<schema>_app`."""
        return _as_user(self.admin_url, f"{schema}_app", PASSWORDS.app)

    def owner_url_of(self, schema: str) -> str:
        """MIGRATION_DATABASE_URL of a schema: log-in as `<schema>_owner`."""
        return _as_user(self.admin_url, f"{schema}_owner", PASSWORDS.owner)

    @property
    def database(self) -> Database:
        """The first schema's Database, with a small pool; the same object each time."""
        return self.database_of(self.schema)

    def database_of(self, schema: str) -> Database:
        """A schema's Database, as the service opens it."""
        for opened in self._open:
            if isinstance(opened, Database) and opened.schema == schema:
                return opened
        self._open.append(Database(self.url_of(schema), schema, pool_size=8))
        return self.database_of(schema)

    @property
    def admin(self) -> psycopg.Connection[Any]:
        """A superuser's autocommit connection with the first schema as search_path; the same each time."""
        for opened in self._open:
            if isinstance(opened, psycopg.Connection):
                return opened
        options = f"-c search_path={self.schema} -c timezone=UTC"
        self._open.append(psycopg.connect(_libpq(self.admin_url), autocommit=True, options=options))
        return self.admin

    def close(self) -> None:
        """Close what the test opened through this object."""
        while self._open:
            self._open.pop().close()


@dataclass
class Template:
    """A template database, and its clones that wait for the next test."""

    name: str
    original: Original
    free: list[str] = field(default_factory=list)


class Templates:
    """Makes template databases once and clones them. Names carry the process, so runs never meet."""

    def __init__(self, admin_url: str) -> None:
        self._admin_url = admin_url
        self._made: dict[Any, Template] = {}
        self._prefix = f"test_{os.getpid()}_{uuid4().hex[:8]}"

    @contextmanager
    def migrated(self, *packages: str) -> Iterator[TestDatabase]:
        """A clone of a database with these services' migrations applied."""

        def build(url: str) -> None:
            for package in packages:
                migrate(_as_user(url, f"{package}_owner", PASSWORDS.owner), package)

        with self._clone(packages, packages, build) as clone:
            yield clone

    @contextmanager
    def built(self, schema: str, build: Build) -> Iterator[TestDatabase]:
        """A clone of a database where `build` made the tables of `schema`, as its owner."""

        def run(url: str) -> None:
            owner = driver_url(_as_user(url, f"{schema}_owner", PASSWORDS.owner))
            engine = create_engine(owner, poolclass=NullPool)
            with engine.begin() as conn:
                conn.execute(text(f"SET LOCAL search_path = {schema}"))
                build(Operations(conn))

        with self._clone((schema, build), (schema,), run) as clone:
            yield clone

    def close(self) -> None:
        """Drop the templates and what was cloned from them."""
        for template in self._made.values():
            for name in (*template.free, template.name):
                self._drop(name)
        self._made.clear()

    @contextmanager
    def _clone(
        self, key: Any, schemas: tuple[str, ...], build: Callable[[str], None]
    ) -> Iterator[TestDatabase]:
        template = self._template(key, schemas, build)
        name = template.free.pop() if template.free else self._new(template)
        clone = TestDatabase(_on(self._admin_url, name), schemas[0])
        try:
            yield clone
        finally:
            clone.close()
            if template.original.recycle(_libpq(clone.admin_url)):
                template.free.append(name)
            else:
                self._drop(name)

    def _template(self, key: Any, schemas: tuple[str, ...], build: Callable[[str], None]) -> Template:
        if key not in self._made:
            name = f"{self._prefix}_template_{len(self._made)}"
            url = _on(self._admin_url, name)
            bootstrap_database(self._admin_url, name, dict.fromkeys(schemas, PASSWORDS))
            build(url)
            self._made[key] = Template(name, Original(_libpq(url)))
        return self._made[key]

    def _new(self, template: Template) -> str:
        name = f"{self._prefix}_{uuid4().hex[:12]}"
        self._admin("CREATE DATABASE {} TEMPLATE {}", name, template.name)
        return name

    def _drop(self, name: str) -> None:
        self._admin("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _admin(self, statement: str, *names: str) -> None:
        with psycopg.connect(_libpq(self._admin_url), autocommit=True) as conn:
            conn.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _libpq(url: str) -> str:
    return driver_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _on(url: str, database: str) -> str:
    changed = driver_url(url).set(drivername="postgresql", database=database)
    return changed.render_as_string(hide_password=False)


def _as_user(url: str, user: str, password: str) -> str:
    changed = driver_url(url).set(drivername="postgresql", username=user, password=password)
    return changed.render_as_string(hide_password=False)
