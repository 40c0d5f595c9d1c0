"""What eventkit needs from its surroundings."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol, runtime_checkable

import psycopg
from sqlalchemy import Connection


@runtime_checkable
class Database(Protocol):
    """One service's schema. Every connection has it as search_path."""

    @property
    def schema(self) -> str: ...

    def tenant(self, tenant_id: str) -> AbstractContextManager[Connection]:
        """One transaction that sees and writes this tenant's rows only."""

    def system(self) -> AbstractContextManager[Connection]:
        """One transaction over all tenants (relay, sweepers)."""

    def dedicated(self) -> psycopg.Connection[Any]:
        """A new autocommit session outside the pool (LISTEN, advisory lock); the caller closes it."""

    def ping(self) -> None:
        """Raises sqlalchemy.exc.OperationalError when the database does not answer."""
