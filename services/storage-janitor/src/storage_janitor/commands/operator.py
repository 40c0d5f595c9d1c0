"""What the operator's commands share: parts opened from the settings, who is acting, and their report."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from contracts import package_of
from contracts.tenant import TENANT
from eventkit.clock import SYSTEM_CLOCK
from eventkit.errors import TransientError
from eventkit.failures import DATABASE_ERRORS, describe
from eventkit.lease import LeaseBusyError
from servicekit.db import Database

from storage_janitor.adapters.buckets import R2Bucket, open_buckets
from storage_janitor.adapters.owners import HttpOwners
from storage_janitor.adapters.policy_file import built_in
from storage_janitor.domain.policies import Policy
from storage_janitor.events import SERVICE
from storage_janitor.settings import Settings
from storage_janitor.usecases.applying import ApplyingPorts, silent_ports
from storage_janitor.usecases.removing import Remover
from storage_janitor.usecases.sweeping import SweepingPorts

HELD_BACK = 3
"""Exit code when a fuse held, a plan was refused, rules drift or a chain is broken."""
_STATEMENT_TIMEOUT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a command works with."""

    db: Database
    buckets: dict[str, R2Bucket]
    owners: HttpOwners
    policy: Policy

    @property
    def sweeping(self) -> SweepingPorts:
        return SweepingPorts(self.policy, self.buckets, self.owners, SYSTEM_CLOCK)

    @property
    def applying(self) -> ApplyingPorts:
        return silent_ports(Remover(self.db, self.buckets, self.policy, SYSTEM_CLOCK), self.owners)


@contextmanager
def opened(settings: Settings) -> Iterator[Parts]:
    """Closed at the end of the block. What is away ends the command: exit code 1, to be run again."""
    db = Database(settings.database_url.reveal(), package_of(SERVICE), 4, _STATEMENT_TIMEOUT)
    owners = HttpOwners(settings.peer_urls, settings.internal_worker_token.reveal()[0])
    try:
        yield Parts(db, open_buckets(settings, settings.buckets), owners, built_in())
    except LeaseBusyError as error:
        complain(f"another process is at it: {error}")
        raise SystemExit(1) from None
    except (TransientError, *DATABASE_ERRORS) as error:
        what = str(error) if isinstance(error, TransientError) else f"database: {describe(error)}"
        complain(f"not finished, run it again: {what}")
        raise SystemExit(1) from None
    finally:
        db.close()


def operator() -> str:
    """Whoever is logged in on this machine."""
    return f"operator:{os.environ.get('USER') or os.getuid()}"


def say(text: str) -> None:
    """A line of the command's report."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """A line that is no part of the report."""
    sys.stderr.write(f"{text}\n")


def tenant(text: str) -> str:
    """An argument's parser."""
    if not TENANT.fullmatch(text):
        raise argparse.ArgumentTypeError("not a tenant id")
    return text


def identifier(text: str) -> UUID:
    """An argument's parser."""
    try:
        return UUID(text)
    except ValueError:
        raise argparse.ArgumentTypeError("not an id") from None
