"""`<service> migrate`: the schema to the newest revision, as its owner."""

from __future__ import annotations

import logging

from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from servicekit.cli import BAD_SETTINGS, Call
from servicekit.migrate import MigrationError, migrate
from servicekit.settings import MigrationSettings

log = logging.getLogger(__name__)


def run(call: Call) -> int:
    """0, BAD_SETTINGS for the wrong role, 1 when the database refuses."""
    settings = call.load_as(MigrationSettings)
    try:
        migrate(settings.migration_database_url.reveal(), call.package)
    except MigrationError as error:
        log.critical("not migrated: %s", error)
        return BAD_SETTINGS
    except (SQLAlchemyError, CommandError) as error:
        log.critical("not migrated: %s", _reason(error))
        return 1
    log.info("migrated")
    return 0


def _reason(error: Exception) -> str:
    """What went wrong; of a database error its first line, which quotes no rows."""
    diagnosis = getattr(error.orig, "diag", None) if isinstance(error, DBAPIError) else None
    return (diagnosis and diagnosis.message_primary) or type(error).__name__
