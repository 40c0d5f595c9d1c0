"""Whom a message may reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from messaging.store.tables import enrollment_ref, recipient


def reachable(conn: Connection, tenant: str, student_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Those of the students who are not deleted, by name."""
    query = sa.select(recipient).where(
        recipient.c.tenant_id == tenant,
        recipient.c.student_id == sa.any_(sa.literal(list(student_ids), sa.ARRAY(sa.Uuid))),
        ~recipient.c.deleted,
    )
    return conn.execute(query.order_by(recipient.c.name, recipient.c.student_id)).all()


def enrolled(conn: Connection, tenant: str, lecture_id: UUID) -> list[UUID]:
    """Students of a lecture, each once."""
    query = sa.select(enrollment_ref.c.student_id).where(
        enrollment_ref.c.tenant_id == tenant,
        enrollment_ref.c.lecture_id == lecture_id,
        enrollment_ref.c.status == "ACTIVE",
        ~enrollment_ref.c.deleted,
    )
    return list(conn.execute(query.distinct().order_by(enrollment_ref.c.student_id)).scalars())
