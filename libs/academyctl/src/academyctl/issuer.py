"""The development issuer: signs staff tokens with a key of this machine, in place of an OIDC provider."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import RSAAlgorithm

from academyctl.secret_store import write_private

ISSUER = "https://issuer.academy.localhost"
AUDIENCE = "academy"
# students and parents sign in at the students service
ROLES = ("owner", "admin", "teacher", "staff", "viewer", "operator", "approver")


class DevelopmentIssuer:
    """One RSA key under `<data>/secrets`; made on first use."""

    def __init__(self, secrets: Path) -> None:
        path = secrets / "issuer.pem"
        if not path.exists():
            write_private(path, _pem(generate_private_key(public_exponent=65_537, key_size=2_048)))
        loaded = load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(loaded, RSAPrivateKey):
            raise TypeError(f"{path} holds no RSA key")
        self._key = loaded
        self._public = _public_jwk(loaded)

    def write_jwks(self, path: Path) -> None:
        """The public half, as services and the gateway read it."""
        path.write_text(json.dumps({"keys": [self._public]}))

    def token(self, tenant: str, roles: Sequence[str], subject: str, lifetime: timedelta) -> str:
        """A signed token as servicekit.auth expects it."""
        now = datetime.now(UTC)
        claims = {
            "iss": ISSUER, "aud": AUDIENCE, "sub": subject, "tenant_id": tenant, "roles": list(roles),
            "iat": now, "exp": now + lifetime,
        }  # fmt: skip
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self._public["kid"]})


def account_key(path: Path) -> str:
    """The PEM that signs student and parent tokens (EC P-256); made on first use."""
    if not path.exists():
        write_private(path, _pem(ec.generate_private_key(ec.SECP256R1())))
    return path.read_text()


def _pem(key: RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _public_jwk(key: RSAPrivateKey) -> dict[str, str]:
    jwk = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    core = {name: str(jwk[name]) for name in ("e", "kty", "n")}
    # RFC 7638: the thumbprint of the sorted, compact members is a stable key id
    digest = hashlib.sha256(json.dumps(core, separators=(",", ":"), sort_keys=True).encode()).digest()
    key_id = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return {**core, "alg": "RS256", "use": "sig", "kid": key_id}
