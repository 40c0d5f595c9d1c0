"""The rules of signing in: lifetimes, lock-out, refresh secrets, and which passwords are no secret."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from contracts.identity import normalise_phone

ACCESS_LIFETIME = timedelta(minutes=10)
REFRESH_LIFETIME = timedelta(days=30)
"""Of a refresh token; each renewal begins anew, so a sign-in ends 30 days after its last use."""
GRACE = timedelta(seconds=30)
"""How long the refresh token before is still taken: an answer lost on bad wifi, two tabs at once."""

MAX_GUESSES = 10
"""Passwords that are looked at per login id within GUESS_WINDOW; the next one locks it."""
GUESS_WINDOW = timedelta(minutes=15)
LOCK = timedelta(minutes=15)

_PHONE_LIKE = re.compile(r"[0-9 ()+.-]+")
_NOT_ALPHANUMERIC = re.compile(r"[\W_]")
_NONCE = 16
_SECRET = 32


def normalise_login(typed: str) -> str:
    """A login id as it is stored: small letters, a phone number in any spelling as its 11 digits."""
    phone = normalise_phone(typed) if _PHONE_LIKE.fullmatch(typed) else None
    return phone or typed.lower()


def login_hash(login_id: str) -> str:
    """What attempts at a (normalised) login id are counted by, whether or not somebody has it."""
    return hashlib.sha256(login_id.encode()).hexdigest()


def is_known_to_others(password: str, known: Iterable[str | None]) -> bool:
    """Whether a password is, but for case and separators, something that others know: login id, phones."""
    plain = _plain(password)
    return any(text and plain == _plain(text) for text in known)


def _plain(text: str) -> str:
    return _NOT_ALPHANUMERIC.sub("", text).casefold()


def refresh_hash(secret: str) -> str:
    """What is stored of a refresh secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True, repr=False)
class RefreshSecrets:
    """A chain of secrets per sign-in: a nonce and its MAC, the next one derived from the one before.

    Derived, so that who renews twice with the same token gets the same answer; with a MAC, so that an old
    secret, which ends the sign-in, is told from a made-up one, which does nothing.
    """

    key: bytes

    def first(self, session: UUID) -> str:
        return self._sealed(session, secrets.token_bytes(_NONCE))

    def following(self, session: UUID, secret: str) -> str:
        """The one that a renewal with `secret`, a genuine one, hands out."""
        return self._sealed(session, self._mac(b"next", session, _decoded(secret)[:_NONCE]))

    def is_genuine(self, session: UUID, secret: str) -> bool:
        """Whether it was once handed out for this sign-in."""
        given = _decoded(secret)
        return len(given) == _SECRET and hmac.compare_digest(
            given[_NONCE:], self._mac(b"seal", session, given[:_NONCE])
        )

    def _sealed(self, session: UUID, nonce: bytes) -> str:
        return base64.urlsafe_b64encode(nonce + self._mac(b"seal", session, nonce)).rstrip(b"=").decode()

    def _mac(self, purpose: bytes, session: UUID, nonce: bytes) -> bytes:
        # the line break keeps these apart from the pseudonyms under the same key
        return hmac.digest(self.key, b"refresh\n" + purpose + session.bytes + nonce, "sha256")[:_NONCE]


def _decoded(secret: str) -> bytes:
    try:
        return base64.b64decode(secret + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


@dataclass(frozen=True, slots=True, repr=False)
class RefreshToken:
    """`<tenant>.<session id>.<secret>`: the tenant decides whose rows are looked at."""

    tenant: str
    session: UUID
    secret: str

    @classmethod
    def parse(cls, text: str) -> RefreshToken | None:
        """None for anything else; whether it is genuine, RefreshSecrets says."""
        found = _TOKEN.fullmatch(text)
        return cls(found[1], UUID(found[2]), found[3]) if found else None

    def __str__(self) -> str:
        return f"{self.tenant}.{self.session}.{self.secret}"


_TOKEN = re.compile(
    r"([a-z0-9][a-z0-9-]{0,62})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([A-Za-z0-9_-]{43})"
)
