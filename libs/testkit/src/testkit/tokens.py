"""A development issuer for tests: keys, a JWKS file and user tokens."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import RSAAlgorithm
from servicekit.auth import ACCOUNT_ISSUER
from servicekit.keys import signing_keys
from servicekit.tokens import TokenSigner

ISSUER = "https://issuer.academy.test"
AUDIENCE = "academy"
KEY_ID = "test-1"
NOBODY = UUID(int=0)


class Issuer:
    """Signs user tokens with an RSA key whose public half is in `jwks_url` (a file)."""

    def __init__(self, directory: Path, issuer: str = ISSUER, audience: str = AUDIENCE) -> None:
        self.issuer = issuer
        self.audience = audience
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._file = directory / "jwks.json"
        self._file.write_text(json.dumps({"keys": [public_jwk(self.key, KEY_ID)]}))
        account_key = ec.generate_private_key(ec.SECP256R1())
        pem = account_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.account_key = pem.decode()
        """ACCOUNT_SIGNING_KEYS of the students service."""
        self.accounts = TokenSigner(signing_keys(self.account_key), audience)
        self._account_file = directory / "account-jwks.json"
        self._account_file.write_text(json.dumps(self.accounts.jwks()))

    @property
    def jwks_url(self) -> str:
        """AUTH_JWKS_URL."""
        return self._file.as_uri()

    @property
    def account_jwks_url(self) -> str:
        """ACCOUNT_JWKS_URL."""
        return self._account_file.as_uri()

    def mint(
        self, tenant: str = "demo", roles: Iterable[str] = ("owner",), subject: str = "user-1", **claims: Any
    ) -> str:
        """A token valid for ten minutes; `claims` replace the usual ones, None leaves one out."""
        usual = {"iss": self.issuer, "sub": subject, "tenant_id": tenant, "roles": list(map(str, roles))}
        return jwt.encode(self._claims(usual, claims), self.key, algorithm="RS256", headers={"kid": KEY_ID})

    def mint_account(
        self,
        tenant: str = "demo",
        role: str = "student",
        account_id: UUID | str = NOBODY,
        session: UUID | str = NOBODY,
        **claims: Any,
    ) -> str:
        """A student's or parent's token as the students service signs it; `claims` as in `mint`."""
        usual = {
            "iss": ACCOUNT_ISSUER, "sub": str(account_id), "tenant_id": tenant, "roles": [role],
            "sid": str(session),
        }  # fmt: skip
        [key] = signing_keys(self.account_key)
        key_id = self.accounts.jwks()["keys"][0]["kid"]
        # not jwt.encode, which refuses some of the claims that a verifier must refuse
        payload = json.dumps(self._claims(usual, claims)).encode()
        return jwt.PyJWS().encode(payload, key, algorithm="ES256", headers={"kid": key_id, "typ": "JWT"})

    def _claims(self, usual: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
        now = int(time.time())
        claims = {"aud": self.audience, "iat": now, "exp": now + 600, **usual, **changed}
        return {name: value for name, value in claims.items() if value is not None}

    def headers(
        self, tenant: str = "demo", roles: Iterable[str] = ("owner",), subject: str = "user-1"
    ) -> dict[str, str]:
        """The Authorization header of a caller."""
        return {"Authorization": f"Bearer {self.mint(tenant, roles, subject)}"}


def public_jwk(key: rsa.RSAPrivateKey, key_id: str) -> dict[str, Any]:
    """The public half as a JWKS entry."""
    entry: dict[str, Any] = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**entry, "kid": key_id, "use": "sig", "alg": "RS256"}
