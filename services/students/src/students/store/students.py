"""Students one by one and by sets: the identity lock, the one restore operation, list, detail and changes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from contracts.identity import name_key, normalise_phone
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import ARRAY

from students.domain.purge import KEEP_FOR
from students.domain.records import PROFILE
from students.store.tables import (
    account,
    initial_credential,
    legal_hold,
    parent,
    student,
    student_tag,
)

_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('students.identity:' || :tenant, 0))")


def ids(values: Sequence[UUID]) -> sa.BindParameter[Any]:
    """Ids as one array parameter, so that the statement is the same for any number of them."""
    return sa.literal(list(values), ARRAY(sa.Uuid))


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
_SECONDS_LEFT = sa.func.extract("epoch", student.c.deleted_at + sa.literal(KEEP_FOR) - sa.func.now())
# a day that has begun counts: "30" right after the deletion, "0" when the purge is due
_DAYS_LEFT = sa.case(
    (
        student.c.deleted_at.is_not(None),
        sa.cast(sa.func.greatest(sa.func.ceil(_SECONDS_LEFT / 86400), 0), sa.Integer),
    )
)

# 가나다 order of names, because name_key collates by code point
LIST_ORDER = (student.c.name_key, student.c.id)
# read with descending=True: what was deleted last comes first
TRASH_ORDER = (student.c.deleted_at, student.c.id)
# what a student in a list needs beside its tags
SHOWN = (
    student,
    account.c.login_id,
    student.c.student_phone.is_(None).label("uses_identifier"),
    _DAYS_LEFT.label("deleted_days_left"),
)


def shown(tenant: str) -> sa.Select[Any]:
    """Every student of the tenant with the columns SHOWN; what of them is the caller's."""
    return sa.select(*SHOWN).outerjoin(account, _OF_STUDENT).where(student.c.tenant_id == tenant)


def listing(
    tenant: str,
    *,
    deleted: bool = False,
    search: str = "",
    tag: UUID | None = None,
    **exactly: Any,
) -> sa.Select[Any]:
    """Active students (LIST_ORDER), or the trash (TRASH_ORDER, descending) without the losers of merges.

    `exactly` are columns of student and the value wanted there; None does not filter.
    """
    query = shown(tenant)
    if deleted:
        query = query.where(student.c.deleted_at.is_not(None), student.c.merged_into.is_(None))
    else:
        query = query.where(student.c.deleted_at.is_(None))
    for name, value in exactly.items():
        if value is not None:
            query = query.where(student.c[name] == value)
    if tag is not None:
        query = query.where(student.c.id.in_(_tagged(tenant, tag)))
    return query.where(sa.or_(*_matches(tenant, search))) if search else query


def _tagged(tenant: str, tag_id: UUID) -> sa.Select[Any]:
    return sa.select(student_tag.c.student_id).where(
        student_tag.c.tenant_id == tenant, student_tag.c.tag_id == tag_id
    )


def _matches(tenant: str, search: str) -> Iterator[sa.ColumnElement[bool]]:
    """Where `search` may be found: name and school, and what it looks like, a login id or a phone number.

    strpos, not LIKE: whatever was typed stands for itself.
    """
    if key := name_key(search):
        yield sa.func.strpos(student.c.name_key, key) > 0
    yield sa.func.strpos(sa.func.lower(student.c.school), search.lower()) > 0
    if re.fullmatch(r"[A-Za-z0-9._-]+", search):
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
    """The student, active or deleted, with account, parent and hold; no row for another tenant's."""
    guardian = account.alias("guardian")
    return (
        shown(tenant)
        .add_columns(
            account.c.must_change,
            parent.c.name.label("parent_name"),
            parent.c.phone.label("parent_login_phone"),
            guardian.c.login_id.label("parent_login_id"),
            guardian.c.must_change.label("parent_must_change"),
            legal_hold.c.reason.label("hold_reason"),
            legal_hold.c.until.label("hold_until"),
            legal_hold.c.created_by.label("hold_created_by"),
            legal_hold.c.created_at.label("hold_created_at"),
        )
        .outerjoin(parent, (parent.c.tenant_id == student.c.tenant_id) & (parent.c.id == student.c.parent_id))
        .outerjoin(
            guardian, (guardian.c.tenant_id == parent.c.tenant_id) & (guardian.c.parent_id == parent.c.id)
        )
        .outerjoin(
            legal_hold,
            (legal_hold.c.tenant_id == student.c.tenant_id) & (legal_hold.c.student_id == student.c.id),
        )
        .where(student.c.id == student_id)
    )


def siblings(conn: Connection, tenant: str, student_id: UUID, parent_id: UUID) -> Sequence[Row[Any]]:
    """(id, name) of the parent's other active students."""
    query: sa.Select[Any] = sa.select(student.c.id, student.c.name).where(
        student.c.tenant_id == tenant,
        student.c.parent_id == parent_id,
        student.c.id != student_id,
        student.c.deleted_at.is_(None),
    )
    return conn.execute(query.order_by(*LIST_ORDER)).all()


def rows_of(conn: Connection, tenant: str, student_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Students, deleted or not, as usecases.changes.publish_changed takes them (CHANGED)."""
    query: sa.Select[Any] = sa.select(
        sa.cast(student.c.id, sa.Text).label("student_id"),
        student.c.version,
        student.c.name,
        student.c.parent_phone,
        student.c.student_phone,
        student.c.school,
        student.c.grade,
    ).where(student.c.tenant_id == tenant, student.c.id == sa.any_(ids(student_ids)))
    return conn.execute(query).all()


def briefs(conn: Connection, tenant: str, student_ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
    """Who stands in somebody's way, by id: id, name, parent_phone, login_id, deleted_at."""
    query: sa.Select[Any] = (
        sa.select(
            student.c.id, student.c.name, student.c.parent_phone, student.c.deleted_at, account.c.login_id
        )
        .outerjoin(account, _OF_STUDENT)
        .where(student.c.tenant_id == tenant, student.c.id == sa.any_(ids(student_ids)))
    )
    return {row.id: row for row in conn.execute(query)}


def count_deleted(conn: Connection, tenant: str, name: str, parent_phone: str) -> int:
    """How many records in the trash have the identity."""
    query = sa.select(sa.func.count()).where(
        student.c.tenant_id == tenant,
        student.c.name_key == name_key(name),
        student.c.parent_phone == parent_phone,
        student.c.deleted_at.is_not(None),
        student.c.merged_into.is_(None),
    )
    return conn.execute(query).scalar_one()


def lock_student(conn: Connection, tenant: str, student_id: UUID) -> Row[Any] | None:
    """The student and its login id, for one writer at a time."""
    query = (
        sa.select(student, account.c.login_id)
        .outerjoin(account, _OF_STUDENT)
        .where(student.c.tenant_id == tenant, student.c.id == student_id)
    )
    return conn.execute(query.with_for_update(of=student)).first()


def parent_of_phone(conn: Connection, tenant: str, phone: str) -> UUID:
    """The id of a parent that exists."""
    query = sa.select(parent.c.id).where(parent.c.tenant_id == tenant, parent.c.phone == phone)
    found: UUID = conn.execute(query).scalar_one()
    return found


def active_twin(conn: Connection, tenant: str, student_id: UUID, key: str, parent_phone: str) -> UUID | None:
    """Another active student with this identity; only true under lock_identities."""
    query = sa.select(student.c.id).where(
        student.c.tenant_id == tenant,
        student.c.name_key == key,
        student.c.parent_phone == parent_phone,
        student.c.deleted_at.is_(None),
        student.c.id != student_id,
    )
    return conn.execute(query).scalar()


def update_student(
    conn: Connection, tenant: str, student_id: UUID, values: Mapping[str, Any], *, version: bool = True
) -> None:
    """Set columns; the version moves, unless what changes is no field of the record."""
    conn.execute(
        sa.update(student)
        .where(student.c.tenant_id == tenant, student.c.id == student_id)
        .values(**values, version=student.c.version + int(version), updated_at=sa.func.now())
    )


def forget_credentials(conn: Connection, now: datetime) -> int:
    """Remove initial credentials that expired before `now`; accounts that never used them need a reset."""
    return conn.execute(sa.delete(initial_credential).where(initial_credential.c.expires_at < now)).rowcount
