"""PostgreSQL access: pooled tenant and system transactions, and session connections for LISTEN and locks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from typing import Any

import psycopg
from contracts.tenant import TENANT
from psycopg.types.array import ListBinaryDumper
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url

_SCHEMA = re.compile(r"[a-z][a-z0-9_]{0,40}")
_SET_TENANT = text("SELECT set_config('app.tenant_id', :tenant, true)")


class InvalidTenantError(ValueError):
    """The tenant id does not match `TENANT`; nothing was read or written."""


def check_schema(schema: str) -> str:
    """The schema name, safe to write into SQL. Raises ValueError."""
    if not _SCHEMA.fullmatch(schema):
        raise ValueError(f"not a schema name: {schema!r}")
    return schema


def driver_url(url: str) -> URL:
    """The URL with the psycopg 3 driver, whichever spelling (postgres://, postgresql://) an operator used."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.split("+")[0] not in ("postgres", "postgresql"):
        raise ValueError("not a PostgreSQL URL")
    return make_url(f"postgresql+psycopg://{rest}")


class Database:
    """One service's schema, used as `<schema>_app`. Opens no connection until the first transaction.

    `pool_size` is the largest number of connections; at rest only the ones in recent use stay open. `use`
    gives a block in which somebody counts who is "waiting" for a connection, and one for who has it "in_use".
    Every transaction method raises sqlalchemy.exc.OperationalError while PostgreSQL is away; the pool
    replaces its connections by itself when it is back.
    """

    def __init__(
        self,
        url: str,
        schema: str,
        pool_size: int = 5,
        statement_timeout: timedelta = timedelta(seconds=30),
        use: Callable[[str], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self.schema = check_schema(schema)
        self._url = driver_url(url)
        self._engine = _engine(self._url, self.schema, pool_size, statement_timeout)
        self._use = use
        self._set_system_role = text(f"SET LOCAL ROLE {self.schema}_system")

    @contextmanager
    def tenant(self, tenant_id: str) -> Iterator[Connection]:
        """One transaction that sees this tenant's rows only. Raises InvalidTenantError."""
        if not TENANT.fullmatch(tenant_id):
            raise InvalidTenantError("malformed tenant id")
        with self._begin() as conn:
            conn.execute(_SET_TENANT, {"tenant": tenant_id})
            yield conn

    @contextmanager
    def system(self) -> Iterator[Connection]:
        """One transaction across tenants, for the relay, sweepers and periodic tasks."""
        with self._begin() as conn:
            conn.execute(self._set_system_role)
            yield conn

    def ping(self) -> None:
        """Returns when PostgreSQL answers. Raises sqlalchemy.exc.SQLAlchemyError when it does not."""
        with self._begin() as conn:
            conn.execute(text("SELECT 1"))

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        with self._use("waiting"):
            conn = self._engine.connect()
        with self._use("in_use"), conn, conn.begin():
            yield conn

    def dedicated(self) -> psycopg.Connection[Any]:
        """A dedicated autocommit connection outside the pool, for LISTEN and session advisory locks.

        The caller closes it. Raises psycopg.OperationalError.
        """
        options = _connect_options(self._url, self.schema, timedelta(0))
        parameters = {
            **self._url.translate_connect_args(username="user", database="dbname"),
            **self._url.query,
        }
        return psycopg.connect(**{**parameters, **options}, autocommit=True)

    def close(self) -> None:
        """Close every pooled connection."""
        self._engine.dispose()


def _engine(url: URL, schema: str, pool_size: int, statement_timeout: timedelta) -> Engine:
    engine = create_engine(
        url.difference_update_query(["options", "application_name"]),
        pool_size=min(pool_size, 2),
        max_overflow=max(pool_size - 2, 0),
        hide_parameters=True,
        pool_timeout=10,
        pool_pre_ping=True,
        pool_use_lifo=True,
        pool_recycle=1800,
        connect_args=_connect_options(url, schema, statement_timeout),
    )
    event.listen(engine, "connect", _send_arrays_in_binary)
    return engine


def _send_arrays_in_binary(connection: psycopg.Connection[Any], _record: Any) -> None:
    """Quoting every element of a text array took a sixth of an import's CPU."""
    connection.adapters.register_dumper(list, ListBinaryDumper)


def _connect_options(url: URL, schema: str, statement_timeout: timedelta) -> dict[str, str | int]:
    """libpq parameters; keepalives find a server that vanished without a word (RDS failover)."""
    settings = {
        "search_path": schema,
        "timezone": "UTC",
        "lock_timeout": "10s",
        "statement_timeout": f"{int(statement_timeout.total_seconds() * 1000)}ms",
        "idle_in_transaction_session_timeout": f"{int(statement_timeout.total_seconds() * 4000)}ms",
    }
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    given = url.query.get("options", "")
    return {
        "options": f"{given if isinstance(given, str) else ' '.join(given)} {options}".strip(),
        "application_name": schema,
        "connect_timeout": 5,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
    }
