"""Who is calling: user tokens (JWT against a JWKS) and the internal worker token."""

from __future__ import annotations

import hmac
import http.client
import json
import re
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol
from urllib.error import URLError
from uuid import UUID

import jwt
from contracts.tenant import TENANT

from servicekit.problem import Problem


class Role(StrEnum):
    """Roles of a user token; PUBLIC and INTERNAL describe routes and are never read from a token.

    VIEWER, OPERATOR and APPROVER are of whoever runs the system, and of no academy.
    """

    OWNER = "owner"
    ADMIN = "admin"
    TEACHER = "teacher"
    STAFF = "staff"
    STUDENT = "student"
    PARENT = "parent"
    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    PUBLIC = "public"
    INTERNAL = "internal"


Roles = frozenset[Role]

OWNER: Roles = frozenset({Role.OWNER})
ADMIN: Roles = frozenset({Role.ADMIN})
TEACHER: Roles = frozenset({Role.TEACHER})
STAFF: Roles = frozenset({Role.STAFF})
STUDENT: Roles = frozenset({Role.STUDENT})
PARENT: Roles = frozenset({Role.PARENT})
MANAGERS: Roles = OWNER | ADMIN
STAFF_ROLES: Roles = MANAGERS | TEACHER | STAFF
ANYONE: Roles = STAFF_ROLES | STUDENT | PARENT
APPROVERS: Roles = frozenset({Role.APPROVER})
OPERATORS: Roles = APPROVERS | {Role.OPERATOR}
OPERATIONS: Roles = OPERATORS | {Role.VIEWER}
PUBLIC: Roles = frozenset({Role.PUBLIC})
INTERNAL: Roles = frozenset({Role.INTERNAL})

# students and their parents sign in at the students service, and nothing else issues their tokens
ACCOUNT_ROLES: Roles = STUDENT | PARENT
ACCOUNT_ISSUER = "urn:academy:students"

ALGORITHMS = ("RS256", "ES256")
_MAX_TOKEN = 8192
_SUBJECT = re.compile(r"[\x21-\x7e]{1,200}")
_LIFESPAN = 300.0
_COOLDOWN = 30.0


@dataclass(frozen=True, slots=True)
class Identity:
    """A verified caller. `subject` is the token's `sub`; `roles` may be empty, which admits nowhere.

    `session` is the sign-in that the token of a student or a parent belongs to.
    """

    tenant_id: str
    subject: str
    roles: Roles
    session: UUID | None = None


class Keys(Protocol):
    """The signing keys of one issuer."""

    def find(self, key_id: str) -> jwt.PyJWK | None:
        """The key, or None when the issuer does not have it."""


@dataclass(frozen=True, slots=True)
class Source:
    """An issuer's keys, and the roles that its tokens may carry; any other is ignored."""

    keys: Keys
    grants: Roles


@dataclass(frozen=True, slots=True)
class Accounts:
    """What a service needs to admit students and parents; `alive` says whether the sign-in still counts.

    It is asked on every request, so that a deleted student's token dies at once.
    """

    keys: Keys
    alive: Callable[[Identity], bool]


class KeySet:
    """The signing keys behind a JWKS URL (https, http or file), fetched on first use and kept 5 minutes.

    An unknown key id refetches at most every 30 s, so forged ids cannot hammer the issuer. When the
    issuer is away the keys already known stay in use.
    """

    def __init__(self, url: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._keys: dict[str, jwt.PyJWK] = {}
        self._tried_at = float("-inf")

    def find(self, key_id: str) -> jwt.PyJWK | None:
        """The key, or None when the issuer does not have it. Raises Problem 503 "auth_unavailable"."""
        with self._lock:
            age = self._monotonic() - self._tried_at
            if age > (_LIFESPAN if key_id in self._keys else _COOLDOWN if self._keys else 1.0):
                self._tried_at = self._monotonic()
                self._keys = self._fetch() or self._keys
            if not self._keys:
                raise Problem("auth_unavailable", headers={"Retry-After": "5"})
            return self._keys.get(key_id)

    def _fetch(self) -> dict[str, jwt.PyJWK]:
        try:
            with urllib.request.urlopen(self._url, timeout=5) as answer:  # noqa: S310 - schemes checked by the settings
                document = json.loads(answer.read(1 << 20))
            found = jwt.PyJWKSet.from_dict(document).keys
        except (URLError, OSError, http.client.HTTPException, ValueError, AttributeError, jwt.PyJWTError):
            return {}
        return {key.key_id: key for key in found if key.key_id and key.algorithm_name in ALGORITHMS}


class TokenVerifier:
    """Checks a bearer token of one of the known issuers, made for one audience."""

    def __init__(self, sources: Mapping[str, Source], audience: str) -> None:
        self._sources = sources
        self._audience = audience

    def identify(self, authorization: str | None) -> Identity:
        """The caller of an Authorization header. Raises Problem 401, or 503 when no key can be had."""
        if not authorization:
            raise Problem("unauthenticated")
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > _MAX_TOKEN:
            raise Problem("invalid_token")
        try:
            issuer = self._issuer(token)
            claims = self._claims(token, issuer)
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
            raise Problem(
                "invalid_token", headers={"WWW-Authenticate": 'Bearer error="invalid_token"'}
            ) from error
        return _identity(claims, self._sources[issuer].grants)

    def _issuer(self, token: str) -> str:
        """Who says to have signed it: decides which keys are tried."""
        claimed = jwt.decode(token, options={"verify_signature": False}).get("iss")
        if not isinstance(claimed, str) or claimed not in self._sources:
            raise jwt.InvalidIssuerError("unknown issuer")
        return claimed

    def _claims(self, token: str, issuer: str) -> dict[str, Any]:
        key_id = jwt.get_unverified_header(token).get("kid")
        key = self._sources[issuer].keys.find(key_id) if isinstance(key_id, str) else None
        if key is None:
            raise jwt.InvalidKeyError("unknown key")
        return jwt.decode(
            token,
            key,
            # the key decides its algorithm, so an RSA key can never be used as an HMAC secret
            algorithms=[key.algorithm_name],
            issuer=issuer,
            audience=self._audience,
            leeway=30,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )


class InternalTokens:
    """The live values of the internal token; several during a rotation."""

    def __init__(self, tokens: Iterable[str]) -> None:
        self._tokens = [token.encode() for token in tokens]
        if not self._tokens:
            raise ValueError("no internal token")

    def check(self, given: str | None) -> None:
        """Compare with every live value in constant time. Raises Problem 401."""
        offered = (given or "").encode("utf-8", "surrogateescape")
        # a list, not any(): the time must not tell which value matched
        matches = [hmac.compare_digest(offered, token) for token in self._tokens]
        if not any(matches):
            raise Problem("invalid_internal_token")


def _identity(claims: dict[str, Any], grants: Roles) -> Identity:
    tenant, subject, roles = claims.get("tenant_id"), claims["sub"], claims.get("roles")
    if not (isinstance(tenant, str) and TENANT.fullmatch(tenant)):
        raise Problem("invalid_token")
    if not (isinstance(subject, str) and _SUBJECT.fullmatch(subject)):
        raise Problem("invalid_token")
    if not isinstance(roles, list):
        raise Problem("invalid_token")
    granted = frozenset(role for role in grants if role.value in roles)
    return Identity(tenant, subject, granted, _session(claims.get("sid")))


def _session(claim: object) -> UUID | None:
    try:
        return UUID(claim) if isinstance(claim, str) else None
    except ValueError:
        raise Problem("invalid_token") from None
