"""A service's tables are those its migrations made, and each is closed to other academies."""

from __future__ import annotations

from importlib import import_module

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext


@pytest.fixture
def package(service):
    return service.replace("-", "_")


@pytest.fixture
def database(migrated, package):
    return migrated(package)


@pytest.fixture
def declared(package) -> sa.MetaData:
    """store.py, or the module `tables` of a store that has grown into a package."""
    store = import_module(f"{package}.store")
    return (import_module(f"{package}.store.tables") if hasattr(store, "__path__") else store).metadata


def test_migrations_make_the_declared_tables(database, declared):
    """Columns with type and nullability, and keys; constraints and indexes may be the migrations' alone."""
    options = {"include_object": lambda _o, name, kind, *_: kind in {"table", "column"}, "compare_type": True}
    with database.database.system() as conn:
        found = compare_metadata(MigrationContext.configure(conn, opts=options), declared)
        keys = {name: sa.inspect(conn).get_pk_constraint(name) for name in declared.tables}
    # the kit's own tables are nobody's to declare
    assert [difference for difference in found if difference[0] != "remove_table"] == []
    assert {name: key["constrained_columns"] for name, key in keys.items()} == {
        name: [column.name for column in table.primary_key] for name, table in declared.tables.items()
    }


def test_every_table_with_a_tenant_has_row_security(database):
    """The kit's own too: servicekit.rls.enable_rls in the migration."""
    unguarded = database.admin.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')"
        " AND a.attname = 'tenant_id' AND NOT (c.relrowsecurity AND EXISTS"
        " (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))"
    )
    assert unguarded.fetchall() == []
