"""Reading private keys from a setting; imports nothing that only a running service needs."""

from __future__ import annotations

import re

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

SigningKey = EllipticCurvePrivateKey
_PEM = re.compile(r"-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----", re.DOTALL)


def signing_keys(value: str) -> tuple[SigningKey, ...]:
    """A setting's parser: PEM blocks one after another (a literal \\n may stand for a line break)."""
    blocks = _PEM.findall(value.replace("\\n", "\n"))
    try:
        keys = [load_pem_private_key(block.encode(), None) for block in blocks]
    except (ValueError, TypeError):
        keys = []
    found = tuple(key for key in keys if isinstance(key, SigningKey) and isinstance(key.curve, SECP256R1))
    if not found or len(found) != len(blocks):
        raise ValueError("must be PEM private keys on the curve P-256")
    return found
