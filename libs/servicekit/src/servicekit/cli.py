"""The command line of every service: `<service> api | worker | migrate | settings`, and its own commands."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, TypeVar

from alembic.util import CommandError
from eventkit.queue import QUEUE_ERRORS
from eventkit.worker import Worker
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from servicekit import logs
from servicekit.metrics import MULTIPROC_DIR
from servicekit.migrate import MigrationError, migrate
from servicekit.settings import CommonSettings, MigrationSettings, Secret, SettingsError, describe, load

log = logging.getLogger(__name__)
S = TypeVar("S", bound=CommonSettings)
Command = Callable[[S, Sequence[str]], int]
"""An operator command: settings and the rest of the command line in, exit code out."""

BAD_SETTINGS = 2


def service_main(
    service: str,
    settings: type[S],
    *,
    commands: Mapping[str, Command[S]] | None = None,
    argv: Sequence[str] | None = None,
) -> int:
    """Run the command named on the command line; the exit code (2: bad settings, all listed).

    The composition roots are `<package>.app.create_app()` and `<package>.worker.build_worker(settings)`,
    imported only by the command that needs them: the API does not load the worker.
    """
    package = service.replace("-", "_")
    own = dict(commands or {})
    parser = argparse.ArgumentParser(prog=service)
    parser.add_argument("command", choices=["api", "worker", "migrate", "settings", *own])
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    chosen = parser.parse_args(argv)
    try:
        if chosen.command == "migrate":
            return _migrate(service, load(MigrationSettings, os.environ))
        if chosen.command == "settings":
            return _show(settings)
        loaded = load(settings, os.environ)
    except SettingsError as error:
        sys.stderr.write("".join(f"{service}: {problem}\n" for problem in error.problems))
        return BAD_SETTINGS
    if chosen.command == "api":
        return _api(service, f"{package}.app:create_app()", loaded)
    logs.configure(service, loaded.log_level)
    if chosen.command == "worker":
        return _work(import_module(f"{package}.worker").build_worker, loaded)
    return own[chosen.command](loaded, chosen.arguments)


def _api(service: str, app: str, settings: CommonSettings) -> int:
    """Become gunicorn; returns only when that fails."""
    directory = os.environ.get(MULTIPROC_DIR) or tempfile.mkdtemp(prefix=f"academy-{service}-")
    command = [
        sys.executable, "-m", "gunicorn", "--config", "python:servicekit.gunicorn_conf",
        "--name", service,
        "--bind", settings.api_bind,
        "--workers", str(settings.web_workers),
        "--threads", str(settings.web_threads),
        "--log-level", settings.log_level.lower(),
        app,
    ]  # fmt: skip
    os.execve(sys.executable, command, {**os.environ, MULTIPROC_DIR: directory})  # noqa: S606


def _work(build_worker: Callable[[S], Worker], settings: S) -> int:
    try:
        worker = build_worker(settings)
    except QUEUE_ERRORS as error:
        log.critical("the queues cannot be opened", exc_info=error)
        return 1
    return worker.run()


def _migrate(service: str, settings: MigrationSettings) -> int:
    logs.configure(service, "INFO")
    try:
        migrate(settings.migration_database_url.reveal(), service.replace("-", "_"))
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


def _show(settings: type[Any]) -> int:
    try:
        loaded, problems = load(settings, os.environ), []
    except SettingsError as error:
        loaded, problems = None, error.problems
    values = {row.name: _shown(row.name, row.secret) for row in describe(settings)}
    for row in describe(settings):
        note = "required" if row.required else f"default {row.default!r}"
        sys.stdout.write(f"{row.name:24} {values[row.name] or '-':32} {note:28} {row.doc}\n")
    sys.stderr.write("".join(f"{problem}\n" for problem in problems))
    return 0 if loaded is not None else BAD_SETTINGS


def _shown(name: str, secret: bool) -> str:
    value = os.environ.get(name, "")
    return repr(Secret(value)) if secret and value else value
