"""`academyctl db bootstrap`: database, schemas and roles at DATABASE_URL."""

from __future__ import annotations

import argparse

from academyctl import bootstrap
from academyctl.call import Call


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["bootstrap"])


def run(call: Call) -> int:
    """Creates what is missing."""
    bootstrap.database(call.endpoints(), call.secrets())
    print(f"the database is ready; the passwords of its roles are in {call.directories.secrets}/secrets.json")
    return 0
