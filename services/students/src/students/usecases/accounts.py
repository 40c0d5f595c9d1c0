"""Students and parents prove who they are, and change what they prove it with.

No answer tells whether an account exists: every step before the password was right is the same for an
unknown academy, an unknown login id, a deleted student and a wrong password, and takes the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from eventkit.uow import UnitOfWork
from servicekit import throttle
from servicekit.problem import Problem
from sqlalchemy import Row

from students.domain.accounts import MAX_GUESSES, is_known_to_others, login_hash
from students.domain.audit import Action, Actor
from students.ports import Ports
from students.store import accounts as store
from students.usecases import audit, changing, sessions
from students.usecases.sessions import Tokens

# failures only: a whole class behind one address signs in at nine o'clock
FAILURES = throttle.Limit("students.sign_in_failure", 300, timedelta(minutes=10))

_NOBODY = UUID(int=0)

Work = Callable[[], AbstractContextManager[UnitOfWork]]
"""Opens a transaction of the academy that was typed; each `with` commits on its own."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Credentials:
    """`login_id` as it is stored, the password as typed; `address` says from where."""

    login_id: str
    password: str
    address: str


def sign_in(work: Work, ports: Ports, typed: Credentials) -> Tokens:
    """Raises Problem 401 invalid_credentials, 403 password_change_required, 429 sign_in_locked, 503 busy."""
    account = _proven(work, ports, typed)
    if account.must_change:
        raise Problem(
            "password_change_required",
            "처음 받은 비밀번호를 새 비밀번호로 바꾼 뒤 로그인해 주세요.",
            status=403,
        )
    with work() as uow:
        return sessions.begin(uow, ports, _unchanged(uow, account))


def change_password(work: Work, ports: Ports, typed: Credentials, new: str) -> Tokens:
    """Another password, and all other sign-ins end.

    Raises what `sign_in` does but 403, and 422 password_unchanged, invalid_request.
    """
    if new == typed.password:
        raise Problem("password_unchanged", "지금 비밀번호와 다른 비밀번호로 정해 주세요.", status=422)
    account = _proven(work, ports, typed)
    if is_known_to_others(new, (account.login_id, account.student_phone, account.parent_phone)):
        message = "로그인 아이디나 전화번호는 비밀번호로 쓸 수 없습니다."
        raise Problem("invalid_request", errors={"new_password": [message]})
    hashed = ports.hasher.hash(new)
    with work() as uow:
        _unchanged(uow, account)
        store.set_password(uow.conn, uow.tenant, account.id, hashed, must_change=False)
        store.end_account_sessions(uow.conn, uow.tenant, account.id)
        if account.student_id:
            by = Actor(str(account.id), ports.pseudonyms)
            audit.record(uow, by, Action.PASSWORD_CHANGED, [account.student_id])
        return sessions.begin(uow, ports, account)


def reset_student(uow: UnitOfWork, by: Actor, student_id: UUID, hashed: str) -> None:
    """A password from the desk, to be changed at first use. Raises Problem 404, 409 student_deleted."""
    found = store.student_state(uow.conn, uow.tenant, student_id)
    if found is None:
        raise Problem("not_found")
    if found.deleted_at is not None:
        raise Problem("student_deleted", "삭제된 학생입니다. 먼저 복구해 주세요.", status=409)
    _reset(uow, hashed, student_id=student_id)
    audit.record(uow, by, Action.PASSWORD_RESET, [student_id])


def reset_parent(uow: UnitOfWork, by: Actor, parent_id: UUID, hashed: str) -> None:
    """As `reset_student`, for the account that siblings share. Raises Problem 404."""
    _reset(uow, hashed, parent_id=parent_id)
    audit.record(uow, by, Action.PASSWORD_RESET, store.children(uow.conn, uow.tenant, parent_id))


def me(uow: UnitOfWork, account_id: UUID) -> dict[str, Any]:
    """The caller's own record, or the parent with all active children. Raises Problem 404."""
    owner = _owner(uow, account_id)
    if owner.student_id is not None:
        found = store.own_records(uow.conn, uow.tenant, id=owner.student_id)
        if not found:
            raise Problem("not_found")
        return {"kind": owner.kind, **found[0]._mapping}
    return {
        "kind": owner.kind,
        "id": owner.parent_id,
        "name": owner.parent_name,
        "phone": owner.parent_phone,
        "login_id": owner.login_id,
        "children": store.own_records(uow.conn, uow.tenant, parent_id=owner.parent_id),
    }


def change_me(uow: UnitOfWork, by: Actor, account_id: UUID, values: Mapping[str, Any]) -> None:
    """What students may change of their own record. Raises Problem 404, 409 student_deleted."""
    changing.update(uow, by, _owner(uow, account_id).student_id, values)


def _proven(work: Work, ports: Ports, typed: Credentials) -> Row[Any]:
    """The account whose password was typed. What is raised otherwise never depends on the account."""
    key = login_hash(typed.login_id)
    with work() as uow:
        throttle.check(uow.conn, FAILURES, typed.address)
        claim = store.claim_guess(uow.conn, uow.tenant, key)
        account = store.find(uow.conn, uow.tenant, typed.login_id)
        if claim.failures == MAX_GUESSES + 1:
            _record_lock(uow, ports, account)
    if claim.locked_seconds is not None:
        raise _locked(claim.locked_seconds)
    try:
        # outside of any transaction: a hash takes its time, and connections are few
        right = ports.hasher.verify(account.hash if account and account.alive else None, typed.password)
    except Problem:
        with work() as uow:
            store.give_back_guess(uow.conn, uow.tenant, key)
        raise
    with work() as uow:
        if right:
            store.forgive(uow.conn, uow.tenant, key)
        else:
            throttle.count(uow.conn, FAILURES, typed.address)
    if account is None or not right:
        raise _invalid()
    return account


def _unchanged(uow: UnitOfWork, proven: Row[Any]) -> Row[Any]:
    """The account, if what was verified a moment ago still holds. Raises Problem 401."""
    account = store.hold(uow.conn, uow.tenant, proven.id)
    if account is None or not account.alive or account.hash != proven.hash:
        raise _invalid()
    return account


def _record_lock(uow: UnitOfWork, ports: Ports, account: Row[Any] | None) -> None:
    """Once per lock. Nobody is named: whoever typed it may not be the owner."""
    whose = [account.student_id] if account and account.student_id else []
    # asked for an unknown id too
    family = store.children(uow.conn, uow.tenant, (account and account.parent_id) or _NOBODY)
    audit.record(uow, Actor("anonymous", ports.pseudonyms), Action.SIGN_IN_LOCKED, [*whose, *family])


def _reset(uow: UnitOfWork, hashed: str, **owner: UUID) -> None:
    account = store.account_of(uow.conn, uow.tenant, **owner)
    if account is None:
        raise Problem("not_found")
    store.set_password(uow.conn, uow.tenant, account.id, hashed, must_change=True)
    store.end_account_sessions(uow.conn, uow.tenant, account.id)
    store.forgive(uow.conn, uow.tenant, login_hash(account.login_id))


def _owner(uow: UnitOfWork, account_id: UUID) -> Row[Any]:
    owner = store.owner_of(uow.conn, uow.tenant, account_id)
    if owner is None:
        raise Problem("not_found")
    return owner


def _invalid() -> Problem:
    return Problem(
        "invalid_credentials", "학원, 로그인 아이디 또는 비밀번호가 올바르지 않습니다.", status=401
    )


def _locked(seconds: float) -> Problem:
    return Problem(
        "sign_in_locked",
        "여러 번 잘못 입력하여 잠시 로그인할 수 없습니다. 나중에 다시 시도하거나 학원에 문의해 주세요.",
        status=429,
        headers={"Retry-After": str(max(1, round(seconds)))},
    )
