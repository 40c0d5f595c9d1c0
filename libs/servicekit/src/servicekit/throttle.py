"""Limits on what strangers may do: so many times per window and key, counted for all processes."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import flask
from eventkit.ports import Database
from sqlalchemy import Connection, text

from servicekit.problem import Problem

_TABLE = """
CREATE TABLE {s}.throttle (
    key text PRIMARY KEY,
    count integer NOT NULL,
    ends_at timestamptz NOT NULL
);
CREATE INDEX throttle_ends ON {s}.throttle (ends_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON {s}.throttle TO {s}_app, {s}_system
"""
_COUNT = text("""
    INSERT INTO throttle (key, count, ends_at) VALUES (:key, 1, now() + CAST(:window AS interval))
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN throttle.ends_at <= now() THEN 1 ELSE throttle.count + 1 END,
        ends_at = CASE WHEN throttle.ends_at <= now() THEN excluded.ends_at ELSE throttle.ends_at END
    RETURNING count, extract(epoch FROM ends_at - now())
""")
_READ = text(
    "SELECT count, extract(epoch FROM ends_at - now()) FROM throttle WHERE key = :key AND ends_at > now()"
)
_PRUNE = text("DELETE FROM throttle WHERE ends_at <= now()")


class Operations(Protocol):
    """The part of `alembic.op` used here."""

    @property
    def execute(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Limit:
    """`name` says of what; at most `times` per `window` and key."""

    name: str
    times: int
    window: timedelta


def create_throttle_table(op: Operations, schema: str) -> None:
    """Without tenant and without names: a key is a hash."""
    for statement in _TABLE.format(s=schema).split(";"):
        op.execute(statement)


def count(conn: Connection, limit: Limit, *key: str) -> None:
    """Count one use. Commit it in a transaction of its own, or a failure uncounts it. Raises Problem 429."""
    used, seconds = conn.execute(_COUNT, {"key": _hashed(limit, key), "window": limit.window}).one()
    _refuse(limit, used - 1, float(seconds))


def check(conn: Connection, limit: Limit, *key: str) -> None:
    """Look without counting. Raises Problem 429."""
    found = conn.execute(_READ, {"key": _hashed(limit, key)}).one_or_none()
    if found is not None:
        _refuse(limit, found[0], float(found[1]))


def prune(db: Database, _now: datetime) -> None:
    """Forget windows that have ended. A periodic task."""
    with db.system() as conn:
        conn.execute(_PRUNE)


def client_address(request: flask.Request) -> str:
    """Who is asking: the address that our own proxy (ALB, gateway) saw, the last of X-Forwarded-For.

    Whatever stands before it was written by the caller. Without a proxy it is the peer. Of IPv6 it is the
    /64 network, which is what one household or one attacker has.
    """
    forwarded = request.headers.get("X-Forwarded-For", "")
    address = forwarded.rsplit(",", 1)[-1].strip() or request.remote_addr or "unknown"
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.IPv6Network((found.packed[:8] + bytes(8), 64)))


def _hashed(limit: Limit, key: tuple[str, ...]) -> str:
    return hashlib.sha256("\n".join((limit.name, *key)).encode()).hexdigest()


def _refuse(limit: Limit, used: int, seconds: float) -> None:
    if used >= limit.times:
        raise Problem("too_many_requests", headers={"Retry-After": str(max(1, round(seconds)))})
