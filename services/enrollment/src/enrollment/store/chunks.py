"""Chunks of an import that wait for their turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection, text

from enrollment.store.tables import import_chunk

_NEXT = text("""
    DELETE FROM import_chunk WHERE job_id = :job AND number IN (
        SELECT number FROM import_chunk WHERE job_id = :job ORDER BY number LIMIT :count)
    RETURNING number, data
""")
_CANCEL = text("""
    WITH ended AS (
        UPDATE import_row SET outcome = 'failed', code = :code, reason = :reason
        WHERE job_id = :job AND "row" = ANY(CAST(:rows AS int[])) AND outcome IS NULL
        RETURNING 1)
    SELECT count(*) FROM ended
""")


def hold(conn: Connection, tenant: str, job_id: UUID, number: int, data: dict[str, Any]) -> None:
    """Keep a chunk, `data` as in enrollment.roster.parsed."""
    values = {"tenant_id": tenant, "job_id": job_id, "number": number, "data": orjson.dumps(data).decode()}
    conn.execute(sa.insert(import_chunk).values(**values))


def take(conn: Connection, job_id: UUID, count: int | None = None) -> list[dict[str, Any]]:
    """The next chunks that wait (all of them without a count), in their order; they wait no more."""
    found = sorted(conn.execute(_NEXT, {"job": job_id, "count": count}).tuples())
    return [orjson.loads(data) for _, data in found]


def end_rows(conn: Connection, job_id: UUID, rows: Sequence[int], code: str, reason: str) -> int:
    """Rows that wait fail with this code; how many did."""
    given = {"job": job_id, "rows": list(rows), "code": code, "reason": reason}
    return int(conn.execute(_CANCEL, given).scalar_one())
