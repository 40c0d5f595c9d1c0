"""academyctl: the operator's command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

from contracts.tenant import TENANT
from servicekit.settings import SettingsError

from academyctl import bootstrap, endpoints
from academyctl.config import Directories, LocalSettings, Ports, load_settings
from academyctl.issuer import ROLES, DevelopmentIssuer
from academyctl.queues import drift, load_queues
from academyctl.secret_store import SecretStore
from academyctl.up import FAILURES, Options, unreadable, up


@dataclass(frozen=True, slots=True)
class _Call:
    """One invocation. `refuse` ends it with exit code 2."""

    arguments: argparse.Namespace
    settings: LocalSettings
    directories: Directories
    refuse: Callable[[str], NoReturn]

    def endpoints(self) -> endpoints.Endpoints:
        return endpoints.find(self.settings, self.secrets(), Ports(self.settings.port))

    def secrets(self) -> SecretStore:
        self.directories.make()
        return SecretStore(self.directories.secrets)


def main() -> int:
    """The exit code: 0, 1 for a failure, 2 for a wrong argument or setting."""
    parser = _parser()
    arguments = parser.parse_args()
    try:
        settings = load_settings(os.environ)
    except SettingsError as error:
        parser.error("\n  ".join(["settings:", *error.problems]))
    call = _Call(arguments, settings, Directories(Path(settings.data).resolve()), parser.error)
    try:
        return int(arguments.run(call))
    except FAILURES as error:
        print(f"academyctl: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="academyctl", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("up", help="start everything on this machine and run the main job")
    command.add_argument("--once", action="store_true", help="one import, then stop everything")
    command.add_argument(
        "--roster", type=Path, metavar="FILE.xlsx", help="import this workbook, not the sample"
    )
    command.add_argument(
        "--json", action="store_true", help="with --once: the final status as JSON on stdout"
    )
    command.add_argument("--no-demo", action="store_true", help="start the stack and import nothing")
    command.set_defaults(run=_up)

    command = commands.add_parser("token", help="sign a token with the development issuer of this machine")
    command.add_argument("--tenant", required=True)
    command.add_argument("--role", required=True, action="append", choices=ROLES)
    command.add_argument("--subject", default="dev-user")
    command.add_argument("--hours", type=_hours, default=timedelta(hours=12), help="1 to 720")
    command.set_defaults(run=_token)

    command = commands.add_parser("queues", help="compare deploy/queues.yaml with the SQS server")
    command.add_argument("action", choices=["check"])
    command.set_defaults(run=_queues)

    command = commands.add_parser("db", help="create database, schemas and roles at DATABASE_URL")
    command.add_argument("action", choices=["bootstrap"])
    command.set_defaults(run=_database)
    return parser


def _hours(text: str) -> timedelta:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 720):
        raise argparse.ArgumentTypeError("a whole number from 1 to 720")
    return timedelta(hours=int(text))


def _up(call: _Call) -> int:
    wanted = call.arguments
    if wanted.json and not wanted.once:
        call.refuse("--json needs --once")
    if wanted.no_demo and (wanted.once or wanted.roster):
        call.refuse("--no-demo goes without --once and --roster")
    problem = unreadable(wanted.roster) if wanted.roster else None
    if problem:
        call.refuse(f"--roster: {problem}")
    options = Options(once=wanted.once, roster=wanted.roster, as_json=wanted.json, demo=not wanted.no_demo)
    return up(call.settings, call.directories, options)


def _token(call: _Call) -> int:
    wanted = call.arguments
    if not TENANT.fullmatch(wanted.tenant):
        call.refuse("--tenant: small letters, digits and hyphens")
    call.directories.make()
    issuer = DevelopmentIssuer(call.directories.secrets)
    print(issuer.token(wanted.tenant, wanted.role, wanted.subject, wanted.hours))
    return 0


def _queues(call: _Call) -> int:
    differences = drift(call.endpoints().sqs(), load_queues(bootstrap.QUEUES, endpoints.QUEUE_PREFIX))
    print("\n".join(differences) or "no difference")
    return 1 if differences else 0


def _database(call: _Call) -> int:
    bootstrap.database(call.endpoints(), call.secrets())
    print(f"the database is ready; the passwords of its roles are in {call.directories.secrets}/secrets.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
