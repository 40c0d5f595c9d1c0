"""What somebody has asked for and a worker does. `conn` is a system one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from eventkit.ids import new_id
from sqlalchemy import Connection, Row

from storage_janitor.store.tables import request

_r = request.c


def create(conn: Connection, kind: str, parameters: Mapping[str, Any], by: str) -> Row[Any]:
    """`kind`: backtest, sweep or erasure."""
    values = {"id": new_id(), "kind": kind, "parameters": parameters, "state": "PENDING", "created_by": by}
    return conn.execute(sa.insert(request).values(values).returning(*request.c)).one()


def find(conn: Connection, request_id: UUID) -> Row[Any] | None:
    return conn.execute(sa.select(request).where(_r.id == request_id)).first()


def next_one(conn: Connection) -> Row[Any] | None:
    """The one that has waited longest."""
    query = sa.select(request).where(_r.state == "PENDING").order_by(_r.created_at)
    return conn.execute(query.limit(1)).first()


def finish(
    conn: Connection,
    request_id: UUID,
    now: datetime,
    result: Mapping[str, Any] | None,
    error: str | None = None,
) -> None:
    """DONE, or FAILED with an error's code."""
    values = {"state": "FAILED" if error else "DONE", "result": result, "error": error, "finished_at": now}
    conn.execute(sa.update(request).where(_r.id == request_id).values(values))
