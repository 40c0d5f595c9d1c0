"""Signing student and parent tokens: ES256, one key in use, older ones published until their tokens end."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from jwt.algorithms import ECAlgorithm

from servicekit.auth import ACCOUNT_ISSUER, Role
from servicekit.keys import SigningKey


class TokenSigner:
    """The keys of ACCOUNT_ISSUER; `find` makes it the verifier's key set inside the issuing service."""

    def __init__(self, keys: Sequence[SigningKey], audience: str) -> None:
        self._public = [_public_jwk(key) for key in keys]
        self._signing = keys[0]
        self._audience = audience
        self._found = {jwk["kid"]: jwt.PyJWK(jwk) for jwk in self._public}

    def find(self, key_id: str) -> jwt.PyJWK | None:
        return self._found.get(key_id)

    def jwks(self) -> dict[str, Any]:
        """The public halves, as other services read them (RFC 7517)."""
        return {"keys": self._public}

    def sign(
        self, tenant: str, account_id: UUID, role: Role, session: UUID, *, now: datetime, lifetime: timedelta
    ) -> str:
        """An access token of one sign-in."""
        claims = {
            "iss": ACCOUNT_ISSUER, "aud": self._audience, "sub": str(account_id), "tenant_id": tenant,
            "roles": [role.value], "sid": str(session), "iat": now, "exp": now + lifetime,
        }  # fmt: skip
        return jwt.encode(claims, self._signing, algorithm="ES256", headers={"kid": self._public[0]["kid"]})


def _public_jwk(key: SigningKey) -> dict[str, Any]:
    jwk = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    core = {name: str(jwk[name]) for name in ("crv", "kty", "x", "y")}
    # RFC 7638: the thumbprint of the sorted, compact members is a stable key id
    digest = hashlib.sha256(json.dumps(core, separators=(",", ":"), sort_keys=True).encode()).digest()
    key_id = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return {**core, "alg": "ES256", "use": "sig", "kid": key_id}
