"""academyctl: the operator's command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from servicekit.settings import SettingsError

from academyctl.call import FAILURES, Call
from academyctl.config import Directories, load_settings

# each is a module of academyctl.commands, loaded when it is called
COMMANDS = {
    "up": "start everything on this machine and run the main job",
    "token": "sign a token with the development issuer of this machine",
    "queues": "compare deploy/queues.yaml with the SQS server",
    "db": "create database, schemas and roles at DATABASE_URL",
    "dlq": "dead letters: list, show, edit, replay, discard, rebuild",
    "flow": "every event and effect of a job or request across the services",
    "audit": "is every published event accounted for?",
    "readiness": "check what the services stand on: PASS, FAIL or SKIP, with the fix",
    "aws": "the cloud: stacks, secrets, releases (deploy/aws)",
    "cost": "what a month costs, line by line, beside the operations guide's table",
    "capacity": "what N daily users ask for: tasks, connections, waits, encoders, storage, dollars",
}


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code: 0, 1 for a failure, 2 for a wrong argument or setting."""
    chosen = _parser().parse_args(argv)
    command = import_module(f"academyctl.commands.{chosen.command}")
    parser = argparse.ArgumentParser(
        prog=f"academyctl {chosen.command}", description=COMMANDS[chosen.command]
    )
    command.add_arguments(parser)
    arguments = parser.parse_args(chosen.arguments)
    try:
        settings = load_settings(os.environ)
    except SettingsError as error:
        parser.error("\n  ".join(["settings:", *error.problems]))
    call = Call(arguments, settings, Directories(Path(settings.data).resolve()), parser.error)
    try:
        return int(command.run(call))
    except FAILURES as error:
        print(f"academyctl: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="academyctl",
        description=__doc__,
        epilog="\n".join(["commands:", *(f"  {name:10} {text}" for name, text in COMMANDS.items())]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="one of those below")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="see academyctl COMMAND --help")
    return parser


if __name__ == "__main__":
    sys.exit(main())
