"""Migrations run as the owner, once, whoever starts them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import pytest
from servicekit.migrate import MigrationError, migrate
from sqlalchemy.exc import ProgrammingError
from testkit.database import TestDatabase
from testkit.plugin import MakeDatabase

FIRST = """
    import sqlalchemy as sa
    from alembic import op
    from servicekit.rls import enable_rls
    revision, down_revision = "0001", None
    def upgrade():
        op.create_table("thing", sa.Column("id", sa.Integer), sa.Column("tenant_id", sa.Text))
        enable_rls(op, "thing")
"""
BROKEN = """
    from alembic import op
    revision, down_revision = "0002", "0001"
    def upgrade():
        op.execute("CREATE TABLE half (a int)")
        op.execute("SELECT nonsense")
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package "migkit" with one migration, importable for this test."""
    versions = tmp_path / "migkit" / "migrations" / "versions"
    versions.mkdir(parents=True)
    (tmp_path / "migkit" / "__init__.py").touch()
    (versions / "0001_first.py").write_text(dedent(FIRST))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield versions
    sys.modules.pop("migkit", None)


@pytest.fixture
def empty(make_database: MakeDatabase) -> TestDatabase:
    return make_database("migkit", _nothing)


def _nothing(_op: object) -> None:
    """No tables: the migration makes them."""


def test_two_at_once_migrate_once(package: Path, empty: TestDatabase) -> None:
    with ThreadPoolExecutor(2) as pool:
        for run in [pool.submit(migrate, empty.owner_url_of("migkit"), "migkit") for _ in range(2)]:
            run.result()
    assert empty.admin.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
    protected = empty.admin.execute("SELECT relrowsecurity FROM pg_class WHERE relname = 'thing'").fetchone()
    assert protected == (True,)


def test_only_the_owner_migrates(package: Path, empty: TestDatabase) -> None:
    with pytest.raises(MigrationError, match="migkit_owner"):
        migrate(empty.url, "migkit")


def test_a_failing_migration_leaves_nothing_half_done(package: Path, empty: TestDatabase) -> None:
    (package / "0002_broken.py").write_text(dedent(BROKEN))
    with pytest.raises(ProgrammingError):
        migrate(empty.owner_url_of("migkit"), "migkit")
    assert empty.admin.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
    assert empty.admin.execute("SELECT to_regclass('half')").fetchone() == (None,)
