"""Whom a message may reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from messaging.store.tables import recipient


def reachable(conn: Connection, tenant: str, student_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Those of the students who are not deleted, by name."""
    query = sa.select(recipient).where(
        recipient.c.tenant_id == tenant,
        recipient.c.student_id == sa.any_(sa.literal(list(student_ids), sa.ARRAY(sa.Uuid))),
        ~recipient.c.deleted,
    )
    return conn.execute(query.order_by(recipient.c.name, recipient.c.student_id)).all()
