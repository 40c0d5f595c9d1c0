"""The tables that the code names are those that the migrations made."""

import sqlalchemy as sa
from students.store.tables import metadata


def test_columns_and_keys_are_the_migrations(academy):
    with academy.db.database.system() as conn:
        inspector = sa.inspect(conn)
        for table in metadata.sorted_tables:
            made = {column["name"]: column["nullable"] for column in inspector.get_columns(table.name)}
            assert {column.name: column.nullable for column in table.columns} == made
            key = inspector.get_pk_constraint(table.name)["constrained_columns"]
            assert [column.name for column in table.primary_key] == key
