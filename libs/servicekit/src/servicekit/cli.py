"""The command line of every service: `<service> api | worker | migrate | settings`, and its own commands."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeVar

from contracts import package_of

from servicekit import logs
from servicekit.settings import CommonSettings, SettingsError, load

T = TypeVar("T")

BAD_SETTINGS = 2
_KIT = ("api", "worker", "migrate", "settings")


@dataclass(frozen=True, slots=True)
class Call:
    """One invocation: of which service, with which settings class, and the rest of the command line."""

    service: str
    settings: type[CommonSettings]
    arguments: Sequence[str]

    @property
    def package(self) -> str:
        """The Python package and the database schema."""
        return package_of(self.service)

    def load(self) -> Any:
        """The service's settings, with logging set up. Raises SettingsError."""
        loaded = load(self.settings, os.environ)
        logs.configure(self.service, loaded.log_level)
        return loaded

    def load_as(self, settings: type[T]) -> T:
        """Other settings than the service's own, with logging set up. Raises SettingsError."""
        loaded = load(settings, os.environ)
        logs.configure(self.service, "INFO")
        return loaded


def service_main(
    service: str,
    settings: type[CommonSettings],
    *,
    commands: Mapping[str, str] | None = None,
    argv: Sequence[str] | None = None,
) -> int:
    """Run the command named on the command line; the exit code (2: bad settings, all listed).

    `commands` maps an operator command to "module:function", a function of (settings, rest of the command
    line) that answers the exit code. What a command does not need is never imported: neither the worker by
    the API, nor Alembic by anything but the migration.
    """
    own = dict(commands or {})
    parser = argparse.ArgumentParser(prog=service)
    parser.add_argument("command", choices=[*_KIT, *own])
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    chosen = parser.parse_args(argv)
    call = Call(service, settings, chosen.arguments)
    try:
        if chosen.command in _KIT:
            return int(import_module(f"servicekit.commands.{chosen.command}").run(call))
        module, _, function = own[chosen.command].partition(":")
        loaded = call.load()
        return int(getattr(import_module(module), function)(loaded, chosen.arguments))
    except SettingsError as error:
        sys.stderr.write("".join(f"{service}: {problem}\n" for problem in error.problems))
        return BAD_SETTINGS
