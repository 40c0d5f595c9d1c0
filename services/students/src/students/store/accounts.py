"""Accounts, their sign-ins, and the attempts at them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from students.domain.accounts import GRACE, GUESS_WINDOW, LOCK, MAX_GUESSES, REFRESH_LIFETIME
from students.store.tables import (
    account,
    account_session,
    initial_credential,
    parent,
    sign_in_attempt,
    student,
)

_OVER = (
    "(a.locked_until <= now() OR a.locked_until IS NULL AND a.first_at <= now() - CAST(:window AS interval))"
)
# one statement counts, locks and tells: of any number of parallel guesses MAX_GUESSES are let through
_CLAIM = sa.text(f"""
INSERT INTO sign_in_attempt AS a (tenant_id, login_hash, failures) VALUES (:tenant, :login, 1)
ON CONFLICT (tenant_id, login_hash) DO UPDATE SET
    failures = CASE WHEN {_OVER} THEN 1 ELSE a.failures + 1 END,
    first_at = CASE WHEN {_OVER} THEN now() ELSE a.first_at END,
    locked_until = CASE
        WHEN {_OVER} THEN NULL
        WHEN a.failures >= :guesses THEN coalesce(a.locked_until, now() + CAST(:lock AS interval))
    END
RETURNING failures, CAST(extract(epoch FROM locked_until - now()) AS float) AS locked_seconds
""")  # noqa: S608 - a constant condition
_END_SESSIONS = sa.text("""
DELETE FROM account_session WHERE tenant_id = :tenant AND account_id IN (
    SELECT a.id FROM account a WHERE a.tenant_id = :tenant AND a.student_id = ANY(:students)
    UNION ALL
    SELECT a.id FROM student s JOIN account a ON a.tenant_id = s.tenant_id AND a.parent_id = s.parent_id
    WHERE s.tenant_id = :tenant AND s.id = ANY(:students) AND NOT EXISTS (
        SELECT FROM student o
        WHERE o.tenant_id = :tenant AND o.parent_id = s.parent_id AND o.deleted_at IS NULL
          AND o.id <> ALL(:students)
    )
)
""")

_CHILD = student.alias("child")
_ALIVE = sa.case(
    (account.c.kind == "student", student.c.id.is_not(None) & student.c.deleted_at.is_(None)),
    else_=sa.exists().where(
        _CHILD.c.tenant_id == account.c.tenant_id,
        _CHILD.c.parent_id == account.c.parent_id,
        _CHILD.c.deleted_at.is_(None),
    ),
)
_OWNED = (
    account.outerjoin(
        student, (student.c.tenant_id == account.c.tenant_id) & (student.c.id == account.c.student_id)
    )
    .outerjoin(parent, (parent.c.tenant_id == account.c.tenant_id) & (parent.c.id == account.c.parent_id))
    .outerjoin(
        initial_credential,
        (initial_credential.c.tenant_id == account.c.tenant_id)
        & (initial_credential.c.id == account.c.initial_credential_id)
        & (initial_credential.c.expires_at > sa.func.now()),
    )
)
_ACCOUNT = (
    account.c.id,
    account.c.kind,
    account.c.login_id,
    account.c.must_change,
    account.c.student_id,
    account.c.parent_id,
    sa.func.coalesce(account.c.password_hash, initial_credential.c.hash).label("hash"),
    sa.func.coalesce(student.c.name, parent.c.name).label("name"),
    student.c.student_phone,
    sa.func.coalesce(student.c.parent_phone, parent.c.phone).label("parent_phone"),
    _ALIVE.label("alive"),
)


def claim_guess(conn: Connection, tenant: str, login_hash: str) -> Row[Any]:
    """Count an attempt before its password is looked at. Commit it in a transaction of its own.

    (failures, locked_seconds): None when the password may be looked at.
    """
    limits = {"window": GUESS_WINDOW, "lock": LOCK, "guesses": MAX_GUESSES}
    return conn.execute(_CLAIM, {"tenant": tenant, "login": login_hash, **limits}).one()


def give_back_guess(conn: Connection, tenant: str, login_hash: str) -> None:
    """An attempt whose password was not looked at after all."""
    conn.execute(
        sa.update(sign_in_attempt)
        .where(
            *_of(sign_in_attempt, tenant, login_hash=login_hash),
            sign_in_attempt.c.locked_until.is_(None),
            sign_in_attempt.c.failures > 0,
        )
        .values(failures=sign_in_attempt.c.failures - 1)
    )


def forgive(conn: Connection, tenant: str, login_hash: str) -> None:
    """Forget the attempts at a login id, and its lock."""
    conn.execute(sa.delete(sign_in_attempt).where(*_of(sign_in_attempt, tenant, login_hash=login_hash)))


def find(conn: Connection, tenant: str, login_id: str) -> Row[Any] | None:
    """The account that signs in with this id, `alive` or not; `hash` is null without a valid credential."""
    query: sa.Select[Any] = sa.select(*_ACCOUNT).select_from(_OWNED)
    return conn.execute(query.where(*_of(account, tenant, login_id=login_id))).one_or_none()


def hold(conn: Connection, tenant: str, account_id: UUID) -> Row[Any] | None:
    """The account as it is now, and nobody changes it until this transaction ends."""
    query: sa.Select[Any] = sa.select(*_ACCOUNT).select_from(_OWNED)
    held = query.where(*_of(account, tenant, id=account_id)).with_for_update(of=account, key_share=True)
    return conn.execute(held).one_or_none()


def set_password(conn: Connection, tenant: str, account_id: UUID, hashed: str, *, must_change: bool) -> None:
    conn.execute(
        sa.update(account)
        .where(*_of(account, tenant, id=account_id))
        .values(password_hash=hashed, must_change=must_change, initial_credential_id=None)
    )


def account_of(conn: Connection, tenant: str, **owner: UUID) -> Row[Any] | None:
    """The account of `student_id` or `parent_id`: (id, login_id)."""
    query: sa.Select[Any] = sa.select(account.c.id, account.c.login_id).where(*_of(account, tenant, **owner))
    return conn.execute(query).one_or_none()


def student_state(conn: Connection, tenant: str, student_id: UUID) -> Row[Any] | None:
    """(id, deleted_at), which stays so until this transaction ends."""
    query: sa.Select[Any] = sa.select(student.c.id, student.c.deleted_at).where(
        *_of(student, tenant, id=student_id)
    )
    return conn.execute(query.with_for_update(read=True)).one_or_none()


def children(conn: Connection, tenant: str, parent_id: UUID) -> Sequence[UUID]:
    """All students of a parent, deleted ones too."""
    query = sa.select(student.c.id).where(*_of(student, tenant, parent_id=parent_id)).order_by(student.c.id)
    return conn.execute(query).scalars().all()


def add_session(conn: Connection, tenant: str, session: UUID, account_id: UUID, refresh_hash: str) -> None:
    conn.execute(
        sa.insert(account_session).values(
            tenant_id=tenant,
            id=session,
            account_id=account_id,
            refresh_hash=refresh_hash,
            expires_at=sa.func.now() + REFRESH_LIFETIME,
        )
    )


def hold_session(conn: Connection, tenant: str, session: UUID) -> Row[Any] | None:
    """The sign-in, unless it ran out, with its account (id, kind, name, alive); one renewal at a time.

    `in_grace` says whether `previous_hash` is still taken.
    """
    query = (
        sa.select(
            account_session.c.refresh_hash,
            account_session.c.previous_hash,
            (account_session.c.rotated_at > sa.func.now() - GRACE).label("in_grace"),
            *_ACCOUNT,
        )
        .select_from(account_session.join(_OWNED, _OF_SESSION))
        .where(*_of(account_session, tenant, id=session), account_session.c.expires_at > sa.func.now())
    )
    return conn.execute(query.with_for_update(of=account_session)).one_or_none()


def rotate(conn: Connection, tenant: str, session: UUID, refresh_hash: str) -> None:
    """Another refresh secret takes over; the one in use until now becomes the previous one."""
    conn.execute(
        sa.update(account_session)
        .where(*_of(account_session, tenant, id=session))
        .values(
            previous_hash=account_session.c.refresh_hash,
            refresh_hash=refresh_hash,
            rotated_at=sa.func.now(),
            expires_at=sa.func.now() + REFRESH_LIFETIME,
        )
    )


def is_alive(conn: Connection, tenant: str, session: UUID, account_id: UUID) -> bool:
    """Whether this sign-in is the account's, has not run out, and the account may still sign in."""
    query = (
        sa.select(_ALIVE)
        .select_from(account_session.join(_OWNED, _OF_SESSION))
        .where(
            *_of(account_session, tenant, id=session, account_id=account_id),
            account_session.c.expires_at > sa.func.now(),
        )
    )
    return bool(conn.execute(query).scalar_one_or_none())


def students_of(conn: Connection, tenant: str, account_id: UUID) -> Sequence[UUID]:
    """The active student whose account it is, or a parent's active children."""
    own = sa.or_(account.c.student_id == student.c.id, account.c.parent_id == student.c.parent_id)
    query = (
        sa.select(student.c.id)
        .join(account, sa.and_(account.c.tenant_id == student.c.tenant_id, own))
        .where(*_of(account, tenant, id=account_id), student.c.deleted_at.is_(None))
        .order_by(student.c.id)
    )
    return conn.execute(query).scalars().all()


def end_session(conn: Connection, tenant: str, session: UUID) -> None:
    conn.execute(sa.delete(account_session).where(*_of(account_session, tenant, id=session)))


def end_account_sessions(conn: Connection, tenant: str, account_id: UUID) -> None:
    conn.execute(sa.delete(account_session).where(*_of(account_session, tenant, account_id=account_id)))


def end_sessions(conn: Connection, tenant: str, student_ids: Sequence[UUID]) -> None:
    """End all sign-ins of these students, and of parents who have no other active student."""
    if student_ids:
        conn.execute(_END_SESSIONS, {"tenant": tenant, "students": list(student_ids)})


def owner_of(conn: Connection, tenant: str, account_id: UUID) -> Row[Any] | None:
    """(kind, login_id, student_id, parent_id, parent_name, parent_phone) of an account."""
    query: sa.Select[Any] = (
        sa.select(
            account.c.kind,
            account.c.login_id,
            account.c.student_id,
            account.c.parent_id,
            parent.c.name.label("parent_name"),
            parent.c.phone.label("parent_phone"),
        )
        .select_from(_OWNED)
        .where(*_of(account, tenant, id=account_id))
    )
    return conn.execute(query).one_or_none()


def own_records(conn: Connection, tenant: str, **whose: UUID) -> Sequence[Row[Any]]:
    """Active students by `id` or `parent_id`, with their login ids, by name."""
    of_student = (account.c.tenant_id == student.c.tenant_id) & (account.c.student_id == student.c.id)
    query = (
        sa.select(student, account.c.login_id)
        .outerjoin(account, of_student)
        .where(*_of(student, tenant, **whose), student.c.deleted_at.is_(None))
        .order_by(student.c.name_key, student.c.id)
    )
    return conn.execute(query).all()


def prune(conn: Connection, now: datetime) -> None:
    """Of all tenants: sign-ins that ran out, attempts that no longer count."""
    conn.execute(sa.delete(account_session).where(account_session.c.expires_at <= now))
    over = sa.func.coalesce(sign_in_attempt.c.locked_until, sign_in_attempt.c.first_at + GUESS_WINDOW)
    conn.execute(sa.delete(sign_in_attempt).where(over <= now))


_OF_SESSION = (account.c.tenant_id == account_session.c.tenant_id) & (
    account.c.id == account_session.c.account_id
)


def _of(table: sa.Table, tenant: str, **values: object) -> list[sa.ColumnElement[bool]]:
    """The rows of a tenant with these values."""
    return [table.c.tenant_id == tenant, *(table.c[name] == value for name, value in values.items())]
