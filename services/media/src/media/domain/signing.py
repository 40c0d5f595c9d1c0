"""Signed URLs and playback tokens (reference A6): who may fetch which object, until when.

The rule of URLs is repeated by the CDN's edge (deploy/edge), which has these keys and no database.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import quote

_KEY = re.compile(r"(?:([A-Za-z0-9_-]{1,20}):)?((?:[0-9a-fA-F]{2}){32,})")
# `rest` and the others hold no "|", so that a signed text can be read in one way only
PATH = re.compile(r"[a-z0-9-]+/[0-9a-f-]{36}(?:/(?!\.)[A-Za-z0-9._-]+)+")
_FIELDS = {
    "exp": re.compile(r"[0-9]{1,12}"),
    "kid": re.compile(r"[A-Za-z0-9_-]{1,20}"),
    "uid": re.compile(r"[\x21-\x7b\x7d\x7e]{1,220}"),
    "pv": re.compile(r"[0-9]{1,9}"),
    "sid": re.compile(r"(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})?"),
    "sig": re.compile(r"[A-Za-z0-9_-]{43}"),
}
DEFAULT_KEY_ID = "v1"
_MAX_TOKEN = 2000


class Refusal(StrEnum):
    """Why a URL or a token is refused; the value is the answer's code."""

    UNSIGNED = "unsigned_url"
    BAD_SIGNATURE = "bad_signature"
    UNKNOWN_KEY = "unknown_key"
    EXPIRED = "url_expired"


class SignatureRefusedError(Exception):
    """`refusal` says why; nothing of what was offered is in it."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Grant:
    """What a URL is bound to beside its path: whose it is (`viewer`), the video's policy version, and the
    playback session, "" for none.
    """

    viewer: str
    policy_version: int
    session: str = ""


class SigningKeys:
    """Live keys by id: the first signs, all verify, so that one can be rotated in and another out."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """Raises ValueError for no key, or one of less than 32 bytes."""
        if not keys or any(len(key) < 32 for key in keys.values()):
            raise ValueError("needs at least one key of 32 bytes")
        self._keys = dict(keys)
        self._current = next(iter(self._keys))

    def sign(self, path: str, grant: Grant, expires: int) -> str:
        """The query of a signed URL; `path` is `<tenant>/<video id>/<rest>`, `expires` in Unix seconds.

        Raises ValueError for a path or viewer that no signed URL can have.
        """
        given = {
            "exp": str(expires), "kid": self._current, "uid": grant.viewer,
            "pv": str(grant.policy_version), "sid": grant.session,
        }  # fmt: skip
        if not _well_formed(path, given):
            raise ValueError("not a path or viewer that can be signed")
        given["sig"] = _encoded(_mac(self._keys[self._current], path, given))
        # a playlist has thousands; the other fields hold nothing that would have to be quoted
        given["uid"] = quote(grant.viewer, safe="")
        return "&".join(f"{name}={value}" for name, value in given.items())

    def verify(self, path: str, query: Mapping[str, str], now: float) -> Grant:
        """What the URL is bound to. Raises SignatureRefusedError; what it says was signed if EXPIRED."""
        if not query.get("sig"):
            raise SignatureRefusedError(Refusal.UNSIGNED)
        if not (query.keys() >= _FIELDS.keys() and _well_formed(path, query)):
            raise SignatureRefusedError(Refusal.BAD_SIGNATURE)
        key = self._key(query["kid"])
        if not hmac.compare_digest(_encoded(_mac(key, path, query)), query["sig"]):
            raise SignatureRefusedError(Refusal.BAD_SIGNATURE)
        if int(query["exp"]) <= now:
            raise SignatureRefusedError(Refusal.EXPIRED)
        return Grant(query["uid"], int(query["pv"]), query["sid"])

    def seal(self, claims: Mapping[str, Any], expires: int) -> str:
        """A token `<key id>.<claims>.<MAC>` of JSON values that only this service reads."""
        body = _encoded(json.dumps({**claims, "exp": expires}, separators=(",", ":")).encode())
        return f"{self._current}.{body}.{_encoded(_seal(self._keys[self._current], body))}"

    def unseal(self, token: str, now: float) -> dict[str, Any]:
        """The claims. Raises SignatureRefusedError."""
        parts = token.split(".") if len(token) <= _MAX_TOKEN and token.isascii() else []
        if len(parts) != 3:
            raise SignatureRefusedError(Refusal.BAD_SIGNATURE)
        key_id, body, mac = parts
        if not hmac.compare_digest(_encoded(_seal(self._key(key_id), body)), mac):
            raise SignatureRefusedError(Refusal.BAD_SIGNATURE)
        claims: dict[str, Any] = json.loads(_decoded(body))
        if claims.pop("exp") <= now:
            raise SignatureRefusedError(Refusal.EXPIRED)
        return claims

    def _key(self, key_id: str) -> bytes:
        key = self._keys.get(key_id)
        if key is None:
            raise SignatureRefusedError(Refusal.UNKNOWN_KEY)
        return key

    def __repr__(self) -> str:
        return f"SigningKeys({', '.join(self._keys)})"


def signing_keys(value: str) -> SigningKeys:
    """A setting's parser: `v2:<hex>,v1:<hex>`, each 32 bytes or more; one without id is v1.

    Raises ValueError with the end of the sentence "<NAME> …", never with the value.
    """
    keys: dict[str, bytes] = {}
    for part in value.split(","):
        found = _KEY.fullmatch(part.strip())
        if found is None or (found[1] or DEFAULT_KEY_ID) in keys:
            raise ValueError("must be <key id>:<64 or more hex digits>, comma separated, each id once")
        keys[found[1] or DEFAULT_KEY_ID] = bytes.fromhex(found[2])
    return SigningKeys(keys)


def _well_formed(path: str, query: Mapping[str, str]) -> bool:
    fields = ((pattern, query[name]) for name, pattern in _FIELDS.items() if name in query)
    return bool(PATH.fullmatch(path)) and all(pattern.fullmatch(text) for pattern, text in fields)


def _mac(key: bytes, path: str, query: Mapping[str, str]) -> bytes:
    text = "|".join((path, *(query[name] for name in ("exp", "kid", "uid", "pv", "sid"))))
    return hmac.digest(key, text.encode("ascii"), "sha256")


def _seal(key: bytes, body: str) -> bytes:
    # a line break is in no signed path: what opens a URL never opens a token
    return hmac.digest(key, b"playback token\n" + body.encode("ascii"), "sha256")


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise SignatureRefusedError(Refusal.BAD_SIGNATURE) from None
