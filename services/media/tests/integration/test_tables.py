"""The migrations make what the code expects."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from media.store.tables import metadata
from testkit.database import TestDatabase


def test_migrated_tables_are_the_declared_ones(database: TestDatabase) -> None:
    with database.database.system() as conn:
        options = {"include_object": lambda _o, name, *_: name in metadata.tables}
        context = MigrationContext.configure(conn, opts=options)
        assert [d for d in compare_metadata(context, metadata) if "remove_index" not in d] == []
