"""A development issuer for tests: keys, a JWKS file and user tokens."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

ISSUER = "https://issuer.academy.test"
AUDIENCE = "academy"
KEY_ID = "test-1"


class Issuer:
    """Signs user tokens with an RSA key whose public half is in `jwks_url` (a file)."""

    def __init__(self, directory: Path, issuer: str = ISSUER, audience: str = AUDIENCE) -> None:
        self.issuer = issuer
        self.audience = audience
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._file = directory / "jwks.json"
        self._file.write_text(json.dumps({"keys": [public_jwk(self.key, KEY_ID)]}))

    @property
    def jwks_url(self) -> str:
        """AUTH_JWKS_URL."""
        return self._file.as_uri()

    def mint(
        self, tenant: str = "demo", roles: Iterable[str] = ("owner",), subject: str = "user-1", **claims: Any
    ) -> str:
        """A token valid for ten minutes; `claims` replace the usual ones, None leaves one out."""
        now = int(time.time())
        usual = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": subject,
            "tenant_id": tenant,
            "roles": [str(role) for role in roles],
            "iat": now,
            "exp": now + 600,
        }
        wanted = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        return jwt.encode(wanted, self.key, algorithm="RS256", headers={"kid": KEY_ID})

    def headers(
        self, tenant: str = "demo", roles: Iterable[str] = ("owner",), subject: str = "user-1"
    ) -> dict[str, str]:
        """The Authorization header of a caller."""
        return {"Authorization": f"Bearer {self.mint(tenant, roles, subject)}"}


def public_jwk(key: rsa.RSAPrivateKey, key_id: str) -> dict[str, Any]:
    """The public half as a JWKS entry."""
    entry: dict[str, Any] = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**entry, "kid": key_id, "use": "sig", "alg": "RS256"}
