"""Twins of a handler's ports for a rehearsal: they read for real, and only note what they would do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, NoReturn

from sqlalchemy import Connection, text

from eventkit.effects import Effects, Recordable
from eventkit.ports import Database


class UnrehearsableError(TypeError):
    """A port has no recording twin: its handler cannot be tried without effect."""


_PLAIN = (str, int, float, bytes, bool, type(None), FunctionType, BuiltinFunctionType)


def recorded(handler: Callable[..., None], conn: Connection, effects: Effects) -> Callable[..., None]:
    """The handler with its bound ports (subscription.on) replaced. Raises UnrehearsableError."""
    if not isinstance(handler, partial):
        return handler
    given = [_twin(port, conn, effects) for port in handler.args]
    named = {name: _twin(port, conn, effects) for name, port in handler.keywords.items()}
    return partial(recorded(handler.func, conn, effects), *given, **named)


def _twin(port: Any, conn: Connection, effects: Effects) -> Any:
    if isinstance(port, Recordable):
        return port.recording(effects)
    if isinstance(port, Database):
        return OneTransaction(conn, port.schema)
    if isinstance(port, MethodType):
        return getattr(_twin(port.__self__, conn, effects), port.__name__)
    if isinstance(port, _PLAIN) or getattr(port, "harmless", False):
        return port
    if is_dataclass(port) and not isinstance(port, type):
        parts = {part.name: _twin(getattr(port, part.name), conn, effects) for part in fields(port)}
        return replace(port, **parts)
    raise UnrehearsableError(type(port).__name__)


class OneTransaction:
    """A Database whose transactions are savepoints of the one that will be rolled back."""

    def __init__(self, conn: Connection, schema: str) -> None:
        self.schema = schema
        self._conn = conn

    @contextmanager
    def tenant(self, tenant_id: str) -> Iterator[Connection]:
        with self._conn.begin_nested():
            before = self._conn.execute(text("SELECT current_setting('app.tenant_id', true)")).scalar()
            self._conn.execute(_SET_TENANT, {"tenant": tenant_id})
            yield self._conn
            self._conn.execute(_SET_TENANT, {"tenant": before or ""})

    @contextmanager
    def system(self) -> Iterator[Connection]:
        with self._conn.begin_nested():
            self._conn.execute(text(f"SET LOCAL ROLE {self.schema}_system"))
            yield self._conn
            self._conn.execute(text("RESET ROLE"))

    def dedicated(self) -> NoReturn:
        raise UnrehearsableError("dedicated session")

    def ping(self) -> None:
        self._conn.execute(text("SELECT 1"))


_SET_TENANT = text("SELECT set_config('app.tenant_id', :tenant, true)")
