"""Sign-ins of students and parents: begun, renewed, ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from eventkit.ids import new_id
from eventkit.ports import Database
from eventkit.uow import UnitOfWork
from servicekit.auth import Identity, Role
from sqlalchemy import Row

from students.domain.accounts import ACCESS_LIFETIME, RefreshSecrets, RefreshToken, refresh_hash
from students.ports import Ports
from students.store import accounts as store


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """What a sign-in hands out; `account` has kind, id and name."""

    access_token: str
    refresh_token: str
    expires_in: int
    account: Row[Any]


def begin(uow: UnitOfWork, ports: Ports, account: Row[Any]) -> Tokens:
    """A sign-in of an account that has just proved itself."""
    session = new_id()
    secret = _secrets(ports).first(session)
    store.add_session(uow.conn, uow.tenant, session, account.id, refresh_hash(secret))
    return _tokens(uow.tenant, ports, account, session, secret)


def refresh(uow: UnitOfWork, ports: Ports, token: RefreshToken) -> Tokens | None:
    """The next pair; None when the token is not, or no longer, worth anything.

    Whoever renews twice within GRACE gets the same pair. An older secret means that two hold the token, one
    of them a thief: the sign-in ends for both.
    """
    chain = _secrets(ports)
    if not chain.is_genuine(token.session, token.secret):
        return None
    found = store.hold_session(uow.conn, uow.tenant, token.session)
    if found is None:
        return None
    secret = chain.following(token.session, token.secret)
    given = refresh_hash(token.secret)
    if found.alive and given == found.refresh_hash:
        store.rotate(uow.conn, uow.tenant, token.session, refresh_hash(secret))
    elif not (found.alive and given == found.previous_hash and found.in_grace):
        store.end_session(uow.conn, uow.tenant, token.session)
        return None
    return _tokens(uow.tenant, ports, found, token.session, secret)


def revoke(uow: UnitOfWork, ports: Ports, token: RefreshToken) -> None:
    """End the sign-in of a token that was handed out for it, in use or old."""
    if _secrets(ports).is_genuine(token.session, token.secret):
        store.end_session(uow.conn, uow.tenant, token.session)


def is_alive(db: Database, who: Identity) -> bool:
    """Whether the token's sign-in still counts: not ended, and the student not deleted."""
    try:
        account_id = UUID(who.subject)
    except ValueError:
        return False
    if who.session is None:
        return False
    with db.tenant(who.tenant_id) as conn:
        return store.is_alive(conn, who.tenant_id, who.session, account_id)


def describe(uow: UnitOfWork, session: UUID, account_id: UUID) -> dict[str, Any]:
    """Whether a sign-in counts, and whom it may see: `alive`, `student_ids` (own, or the active children)."""
    alive = store.is_alive(uow.conn, uow.tenant, session, account_id)
    students = store.students_of(uow.conn, uow.tenant, account_id) if alive else []
    return {"alive": alive, "student_ids": students}


def prune(db: Database, now: datetime) -> None:
    """Periodic task: forget sign-ins that ran out and attempts that no longer count."""
    with db.system() as conn:
        store.prune(conn, now)


def _secrets(ports: Ports) -> RefreshSecrets:
    return RefreshSecrets(ports.pseudonyms.key)


def _tokens(tenant: str, ports: Ports, account: Row[Any], session: UUID, secret: str) -> Tokens:
    access = ports.signer.sign(
        tenant, account.id, Role(account.kind), session, now=datetime.now(UTC), lifetime=ACCESS_LIFETIME
    )
    refresh_token = str(RefreshToken(tenant, session, secret))
    return Tokens(access, refresh_token, int(ACCESS_LIFETIME.total_seconds()), account)
