"""What the operator's commands share: their arguments, a database of their own, and who is acting."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from contracts.tenant import TENANT
from servicekit.db import Database

from students.domain.audit import Actor, Pseudonyms
from students.events import SERVICE
from students.settings import Settings

HELD_BACK = 3
"""Exit code when somebody was refused or a fuse held."""
_STATEMENT_TIMEOUT = timedelta(minutes=10)


def parser(command: str) -> argparse.ArgumentParser:
    """With --dry-run and --tenant, which every command has."""
    made = argparse.ArgumentParser(prog=f"students {command}")
    made.add_argument("--dry-run", action="store_true", help="only report, whatever else is asked for")
    made.add_argument("--tenant", type=_tenant, help="one academy instead of all")
    return made


@contextmanager
def database(settings: Settings) -> Iterator[Database]:
    """Closed at the end of the block."""
    db = Database(settings.database_url.reveal(), SERVICE, 2, _STATEMENT_TIMEOUT)
    try:
        yield db
    finally:
        db.close()


def operator(settings: Settings) -> Actor:
    """Whoever is logged in on this machine."""
    account = os.environ.get("USER") or str(os.getuid())
    return Actor(f"operator:{account}", Pseudonyms(settings.pseudonym_key.reveal()))


def say(text: str) -> None:
    """A line of the command's report."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _tenant(text: str) -> str:
    if not TENANT.fullmatch(text):
        raise argparse.ArgumentTypeError("not a tenant id")
    return text
