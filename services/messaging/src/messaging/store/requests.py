"""What triggers asked for, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from messaging.store.columns import add
from messaging.store.tables import request, request_subject

_R = request.c

# newest first: read with descending=True
REQUEST_ORDER = (_R.created_at, _R.id)


def insert(conn: Connection, values: Mapping[str, Any], student_ids: Sequence[UUID]) -> None:
    conn.execute(sa.insert(request).values(**values))
    subjects = [
        {"tenant_id": values["tenant_id"], "request_id": values["id"], "student_id": one}
        for one in student_ids
    ]
    add(conn, request_subject, subjects)


def listing(tenant: str, state: str | None) -> sa.Select[Any]:
    """With the number of `students`; order and paging are the caller's (REQUEST_ORDER, descending)."""
    students = (
        sa.select(sa.func.count())
        .where(request_subject.c.tenant_id == _R.tenant_id, request_subject.c.request_id == _R.id)
        .scalar_subquery()
    )
    query = sa.select(request, students.label("students")).where(_R.tenant_id == tenant)
    return query if state is None else query.where(_R.state == state)


def find(conn: Connection, tenant: str, request_id: UUID, *, lock: bool = False) -> Row[Any] | None:
    """`lock`: for one who decides at a time."""
    query = listing(tenant, None).where(_R.id == request_id)
    return conn.execute(query.with_for_update(of=request) if lock else query).first()


def students_of(conn: Connection, tenant: str, request_id: UUID) -> list[UUID]:
    """Whom it is about; those who were erased since are not among them."""
    query = sa.select(request_subject.c.student_id).where(
        request_subject.c.tenant_id == tenant, request_subject.c.request_id == request_id
    )
    return list(conn.execute(query).scalars())


def several(conn: Connection, tenant: str, request_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """These requests."""
    query = sa.select(request).where(
        _R.tenant_id == tenant, _R.id == sa.any_(sa.literal(list(request_ids), sa.ARRAY(sa.Uuid)))
    )
    return conn.execute(query).all()


_SETTLE = sa.text("""
    UPDATE request r SET delivered = r.delivered + g.delivered, failed = r.failed + g.failed,
        unreported = r.unreported + g.unreported, dropped = r.dropped + g.dropped
    FROM unnest(CAST(:ids AS uuid[]), CAST(:delivered AS integer[]), CAST(:failed AS integer[]),
        CAST(:unreported AS integer[]), CAST(:dropped AS integer[]))
        AS g (id, delivered, failed, unreported, dropped)
    WHERE r.tenant_id = :tenant AND r.id = g.id
""")


def settle(conn: Connection, tenant: str, counts: Mapping[UUID, Mapping[str, int]]) -> None:
    """Request → how many more of its messages were `delivered`, `failed`, `unreported`, `dropped`."""
    given = {
        name: [one[name] for one in counts.values()]
        for name in ("delivered", "failed", "unreported", "dropped")
    }
    conn.execute(_SETTLE, {"tenant": tenant, "ids": list(counts), **given})


def decide(conn: Connection, tenant: str, request_id: UUID, values: Mapping[str, Any]) -> None:
    conn.execute(sa.update(request).where(_R.tenant_id == tenant, _R.id == request_id).values(**values))
