"""Signing in, one's own record, and passwords from the desk, under /api/v1/students."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from flask import request
from servicekit.auth import ACCOUNT_ROLES, PUBLIC, STAFF_ROLES, STUDENT
from servicekit.problem import Problem
from servicekit.throttle import client_address
from servicekit.web import Blueprint, deps, identity, tx

from students.domain.accounts import RefreshToken
from students.http.caller import actor
from students.ports import Ports
from students.schemas.accounts import (
    KeysSchema,
    MeSchema,
    NewPassword,
    OwnChanges,
    Refresh,
    Reset,
    SignIn,
    TokensSchema,
)
from students.usecases import accounts as usecases
from students.usecases import sessions
from students.usecases.accounts import Credentials
from students.usecases.sessions import Tokens

accounts = Blueprint("accounts", __name__, url_prefix="/api/v1/students", description="로그인")


@accounts.route("/token/", roles=PUBLIC, methods=["POST"])
@accounts.arguments(SignIn)
@accounts.response(200, TokensSchema)
def sign_in(given: dict[str, Any]) -> Tokens:
    """Sign in (401 invalid_credentials whatever was wrong, 403 password_change_required, 429 sign_in_locked
    after 10 guesses in 15 minutes).
    """
    return usecases.sign_in(partial(tx, given["academy"]), deps(Ports), _credentials(given))


@accounts.route("/token/password/", roles=PUBLIC, methods=["POST"])
@accounts.arguments(NewPassword)
@accounts.response(200, TokensSchema)
def change_password(given: dict[str, Any]) -> Tokens:
    """Change the password and sign in; all other sign-ins end. The new one has 8 characters or more and is no
    login id or phone (422 password_unchanged; 401 and 429 as for signing in).
    """
    work = partial(tx, given["academy"])
    return usecases.change_password(work, deps(Ports), _credentials(given), given["new_password"])


@accounts.route("/token/refresh/", roles=PUBLIC, methods=["POST"])
@accounts.arguments(Refresh)
@accounts.response(200, TokensSchema)
def refresh(given: dict[str, Any]) -> Tokens:
    """The next pair of tokens; the refresh token before is taken for 30 s more, an older one ends the sign-in
    (401 invalid_token).
    """
    token, renewed = RefreshToken.parse(given["refresh_token"]), None
    if token is not None:
        with tx(token.tenant) as uow:
            renewed = sessions.refresh(uow, deps(Ports), token)
    if renewed is None:  # outside of the transaction, which may have ended the sign-in
        raise Problem("invalid_token")
    return renewed


@accounts.route("/token/revoke/", roles=PUBLIC, methods=["POST"])
@accounts.arguments(Refresh)
@accounts.response(204)
def revoke(given: dict[str, Any]) -> None:
    """End a sign-in; a token that is worth nothing is answered alike."""
    token = RefreshToken.parse(given["refresh_token"])
    if token is not None:
        with tx(token.tenant) as uow:
            sessions.revoke(uow, deps(Ports), token)


@accounts.route("/token/keys/", roles=PUBLIC)
@accounts.response(200, KeysSchema)
def show_keys() -> dict[str, Any]:
    """The public keys (JWKS) of student and parent tokens."""
    return deps(Ports).signer.jwks()


@accounts.route("/me/", roles=ACCOUNT_ROLES)
@accounts.response(200, MeSchema)
def show_me() -> dict[str, Any]:
    """A student's own record, or a parent with the active children."""
    with tx() as uow:
        return usecases.me(uow, UUID(identity().subject))


@accounts.route("/me/", roles=STUDENT, methods=["PATCH"])
@accounts.arguments(OwnChanges)
@accounts.response(200, MeSchema)
def change_me(values: dict[str, Any]) -> dict[str, Any]:
    """Change what students may change of their own record: `student_phone`, `address`."""
    account_id = UUID(identity().subject)
    with tx() as uow:
        usecases.change_me(uow, actor(), account_id, values)
        return usecases.me(uow, account_id)


@accounts.route("/<uuid:student_id>/reset_password/", roles=STAFF_ROLES, methods=["POST"])
@accounts.arguments(Reset)
@accounts.response(204)
def reset_student(given: dict[str, Any], student_id: UUID) -> None:
    """Give a student a password to be changed at first use; sign-ins end, a lock is lifted
    (409 student_deleted).
    """
    hashed = deps(Ports).hasher.hash(given["new_password"])
    with tx() as uow:
        usecases.reset_student(uow, actor(), student_id, hashed)


@accounts.route("/parents/<uuid:parent_id>/reset_password/", roles=STAFF_ROLES, methods=["POST"])
@accounts.arguments(Reset)
@accounts.response(204)
def reset_parent(given: dict[str, Any], parent_id: UUID) -> None:
    """Give a parent a password to be changed at first use; sign-ins end, a lock is lifted."""
    hashed = deps(Ports).hasher.hash(given["new_password"])
    with tx() as uow:
        usecases.reset_parent(uow, actor(), parent_id, hashed)


def _credentials(given: dict[str, Any]) -> Credentials:
    return Credentials(
        login_id=given["login_id"], password=given["password"], address=client_address(request)
    )
