"""Runs a service's Alembic scripts (`<package>/migrations/versions`) as the schema's owner."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from servicekit.db import check_schema, driver_url


class MigrationError(Exception):
    """Migrations were not started; the text tells the operator why."""


def migrate(url: str, package: str, revision: str = "head") -> None:
    """Bring schema `package` to `revision`. Safe to start twice at once: the second run waits.

    `url` logs in as `<package>_owner`; any other role would own the tables and the grants would not
    apply. Raises MigrationError and sqlalchemy.exc.SQLAlchemyError.
    """
    schema = check_schema(package)
    engine = create_engine(driver_url(url), poolclass=NullPool)
    with engine.connect() as conn:
        _prepare(conn, schema)
        command.upgrade(alembic_config(schema, conn), revision)


def alembic_config(package: str, conn: Connection | None = None) -> Config:
    """Alembic's configuration: the shared environment of servicekit over one package's scripts."""
    config = Config()
    config.set_main_option("script_location", _escaped(Path(__file__).parent / "alembic"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option(
        "version_locations", _escaped(Path(str(files(package))) / "migrations" / "versions")
    )
    config.attributes["connection"] = conn
    config.attributes["schema"] = package
    return config


def _prepare(conn: Connection, schema: str) -> None:
    user = conn.execute(text("SELECT current_user")).scalar_one()
    if user != f"{schema}_owner":
        raise MigrationError(f"MIGRATION_DATABASE_URL logs in as {user}, migrations need {schema}_owner")
    conn.execute(text(f"SET search_path = {schema}"))
    conn.execute(text("SELECT pg_advisory_lock(hashtext(:name))"), {"name": f"migrate {schema}"})
    # a migration that waits behind a long query makes every later query wait behind it
    conn.execute(text("SET lock_timeout = '15s'"))
    conn.commit()


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")
