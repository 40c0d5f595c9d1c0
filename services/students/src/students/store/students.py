"""Students one by one and by sets: the identity lock, the one restore operation, list and detail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from contracts.identity import name_key, normalise_phone
from sqlalchemy import Connection

from students.store.tables import PROFILE, account, initial_credential, parent, student

_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('students.identity:' || :tenant, 0))")


def lock_identities(conn: Connection, tenant: str) -> None:
    """Serialise whoever creates or restores students of one tenant, until the transaction ends."""
    conn.execute(_LOCK, {"tenant": tenant})


def restore(conn: Connection, tenant: str, wanted: sa.FromClause) -> None:
    """Bring deleted students back: the one restore operation, used by every path.

    `wanted` has the column student_id and those of PROFILE: a value there replaces the stored one, null
    keeps it. Name and parent phone never change, accounts and passwords stay, nothing is enrolled.
    Raises IntegrityError where an active student has the identity: look before, under the lock.
    """
    family = sa.select(parent.c.id).where(
        parent.c.tenant_id == tenant, parent.c.phone == student.c.parent_phone
    )
    profile = {field: sa.func.coalesce(wanted.c[field], student.c[field]) for field in PROFILE}
    conn.execute(
        sa.update(student)
        .where(
            student.c.tenant_id == tenant,
            student.c.id == wanted.c.student_id,
            student.c.deleted_at.is_not(None),
        )
        .values(
            deleted_at=None,
            version=student.c.version + 1,
            updated_at=sa.func.now(),
            parent_id=sa.func.coalesce(family.scalar_subquery(), student.c.parent_id),
            **profile,
        )
    )


_OF_STUDENT = (account.c.tenant_id == student.c.tenant_id) & (account.c.student_id == student.c.id)
_PHONE_LIKE = re.compile(r"[0-9 ()+.-]*[0-9][0-9 ()+.-]*")

# 가나다 order of names, because name_key collates by code point
LIST_ORDER = (student.c.name_key, student.c.id)


def listing(tenant: str, *, deleted: bool, search: str) -> sa.Select[Any]:
    """Active or deleted students with their login ids; order and paging are the caller's (LIST_ORDER)."""
    query = (
        sa.select(student, account.c.login_id)
        .outerjoin(account, _OF_STUDENT)
        .where(student.c.tenant_id == tenant)
        .where(student.c.deleted_at.is_not(None) if deleted else student.c.deleted_at.is_(None))
    )
    return query.where(sa.or_(*_matches(tenant, search))) if search else query


def _matches(tenant: str, search: str) -> Iterator[sa.ColumnElement[bool]]:
    """Where `search` may be found: name and school, and what it looks like, a login id or a phone number.

    strpos, not LIKE: whatever was typed stands for itself.
    """
    if key := name_key(search):
        yield sa.func.strpos(student.c.name_key, key) > 0
    yield sa.func.strpos(sa.func.lower(student.c.school), search.lower()) > 0
    if search.isascii() and search.isalnum():
        # a subquery, so that the join waits for the rows of the page
        yield student.c.id.in_(
            sa.select(account.c.student_id).where(
                account.c.tenant_id == tenant,
                account.c.student_id.is_not(None),
                sa.func.strpos(account.c.login_id, search.lower()) > 0,
            )
        )
    if _PHONE_LIKE.fullmatch(search):
        digits = normalise_phone(search) or re.sub("[^0-9]", "", search)
        yield sa.func.strpos(student.c.student_phone, digits) > 0
        yield sa.func.strpos(student.c.parent_phone, digits) > 0


def detail(tenant: str, student_id: UUID) -> sa.Select[Any]:
    """The student, active or deleted, with account and parent; no row for another tenant's."""
    guardian = account.alias("guardian")
    return (
        sa.select(
            student,
            account.c.login_id,
            account.c.must_change,
            parent.c.name.label("parent_name"),
            parent.c.phone.label("parent_login_phone"),
            guardian.c.login_id.label("parent_login_id"),
        )
        .outerjoin(account, _OF_STUDENT)
        .outerjoin(parent, (parent.c.tenant_id == student.c.tenant_id) & (parent.c.id == student.c.parent_id))
        .outerjoin(
            guardian, (guardian.c.tenant_id == parent.c.tenant_id) & (guardian.c.parent_id == parent.c.id)
        )
        .where(student.c.tenant_id == tenant, student.c.id == student_id)
    )


def forget_credentials(conn: Connection, now: datetime) -> int:
    """Remove initial credentials that expired before `now`; accounts that never used them need a reset."""
    return conn.execute(sa.delete(initial_credential).where(initial_credential.c.expires_at < now)).rowcount
