"""One invocation of academyctl: what its commands are given."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import psycopg
from botocore.exceptions import BotoCoreError, ClientError

from academyctl import endpoints
from academyctl.client import ApiError
from academyctl.config import Directories, LocalSettings, Ports
from academyctl.embedded.program import StartError
from academyctl.ports import PortTakenError
from academyctl.secret_store import SecretStore

# what ends a command with one line and exit code 1
FAILURES = (StartError, PortTakenError, ApiError, OSError, psycopg.Error, BotoCoreError, ClientError)


@dataclass(frozen=True, slots=True)
class Call:
    """The command's own arguments, and where the local stack is. `refuse` ends it with exit code 2."""

    arguments: argparse.Namespace
    settings: LocalSettings
    directories: Directories
    refuse: Callable[[str], NoReturn]

    def endpoints(self) -> endpoints.Endpoints:
        """The servers that the environment names, or the embedded ones."""
        return endpoints.find(self.settings, self.secrets(), Ports(self.settings.port))

    def secrets(self) -> SecretStore:
        """The secrets of the local stack. Raises OSError."""
        self.directories.make()
        return SecretStore(self.directories.secrets)
