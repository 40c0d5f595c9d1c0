"""Registration requests and the academy's setting about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from eventkit.ids import new_id
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import insert

from students.domain.registration import Status
from students.store.students import ids
from students.store.tables import registration_request, student, tenant_setting

_C = registration_request.c

# newest first: read with descending=True
REQUEST_ORDER = (_C.id,)


def add(conn: Connection, tenant: str, values: Mapping[str, Any]) -> UUID | None:
    """A pending request; None where the same person's is pending already (uq_registration_pending)."""
    request_id = new_id()
    statement = insert(registration_request).values(
        **values, tenant_id=tenant, id=request_id, status=Status.PENDING
    )
    added = conn.execute(statement.on_conflict_do_nothing().returning(_C.id))
    return request_id if added.first() else None


def listing(tenant: str, status: str) -> sa.Select[Any]:
    """Requests with what they would meet now; order and paging are the caller's (REQUEST_ORDER)."""
    return _shown(tenant).where(_C.status == status)


def one(conn: Connection, tenant: str, request_id: UUID) -> Row[Any]:
    """A request that is there, as `listing` shows it."""
    return conn.execute(_shown(tenant).where(_C.id == request_id)).one()


def _shown(tenant: str) -> sa.Select[Any]:
    """`active_id`, `deleted_id`, `winner_id`: who a pending request may be, as store.roster resolves it."""
    shown = [column for column in _C if column.name not in ("tenant_id", "name_key", "password_hash")]
    loser = student.alias("loser")
    winner = (
        sa.select(student.c.id)
        .join(loser, (loser.c.tenant_id == student.c.tenant_id) & (loser.c.merged_into == student.c.id))
        .where(*_same_person(loser.c, tenant), student.c.deleted_at.is_(None))
        .where(loser.c.deleted_at.is_not(None))
        .order_by(student.c.id)
    )
    person = sa.select(student.c.id).where(*_same_person(student.c, tenant))
    deleted = (
        person.where(student.c.deleted_at.is_not(None), student.c.merged_into.is_(None))
        # the newest is what staff remember
        .order_by(student.c.deleted_at.desc(), student.c.id.desc())
    )
    return sa.select(
        *shown,
        _while_pending("active_id", person.where(student.c.deleted_at.is_(None))),
        _while_pending("deleted_id", deleted),
        _while_pending("winner_id", winner),
    ).where(_C.tenant_id == tenant)


def _same_person(c: Any, tenant: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (c.tenant_id == tenant, c.name_key == _C.name_key, c.parent_phone == _C.parent_phone)


def _while_pending(label: str, query: sa.Select[Any]) -> sa.Label[Any]:
    found = query.limit(1).correlate(registration_request).scalar_subquery()
    return sa.case((_C.status == Status.PENDING, found)).label(label)


def lock(conn: Connection, tenant: str, request_ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
    """The requests by id, for one who decides at a time."""
    query = sa.select(registration_request).where(_C.tenant_id == tenant, _C.id == sa.any_(ids(request_ids)))
    return {row.id: row for row in conn.execute(query.order_by(_C.id).with_for_update())}


_APPROVE = sa.text("""
UPDATE registration_request AS r SET status = 'approved', student_id = a.student_id, decided_by = :by,
    decided_at = now(), password_hash = NULL
FROM unnest(CAST(:ids AS uuid[]), CAST(:students AS uuid[])) AS a (id, student_id)
WHERE r.tenant_id = :tenant AND r.id = a.id AND r.status = 'pending'
""")


def approve(conn: Connection, tenant: str, by: str, students: Mapping[UUID, UUID]) -> None:
    """Link requests (by id) with their students; the password is the account's from here on."""
    given = {"tenant": tenant, "by": by, "ids": list(students), "students": list(students.values())}
    conn.execute(_APPROVE, given)


def reject(conn: Connection, tenant: str, by: str, request_ids: Sequence[UUID], reason: str | None) -> None:
    """Say no to pending requests; their passwords are forgotten."""
    conn.execute(
        sa.update(registration_request)
        .where(_C.tenant_id == tenant, _C.id == sa.any_(ids(request_ids)), _C.status == Status.PENDING)
        .values(
            status=Status.REJECTED,
            reason=reason,
            decided_by=by,
            decided_at=sa.func.now(),
            password_hash=None,
        )
    )


def auto_approve(conn: Connection, tenant: str) -> bool:
    """Whether requests without a conflict are approved at once; an academy that never said so: no."""
    query = sa.select(tenant_setting.c.auto_approve).where(tenant_setting.c.tenant_id == tenant)
    return bool(conn.execute(query).scalar())


def set_auto_approve(conn: Connection, tenant: str, on: bool) -> bool:
    """Whether that changed anything."""
    statement = insert(tenant_setting).values(tenant_id=tenant, auto_approve=on)
    changed = statement.on_conflict_do_update(
        index_elements=["tenant_id"],
        set_={"auto_approve": on, "updated_at": sa.func.now()},
        where=tenant_setting.c.auto_approve != on,
    )
    return conn.execute(changed.returning(tenant_setting.c.auto_approve)).first() is not None


def prune(conn: Connection, *, decided_before: datetime, asked_before: datetime) -> int:
    """Forget decided requests, and pending ones that nobody decided, of all tenants; how many."""
    old = (_C.decided_at < decided_before) | (_C.decided_at.is_(None) & (_C.created_at < asked_before))
    return conn.execute(sa.delete(registration_request).where(old)).rowcount
