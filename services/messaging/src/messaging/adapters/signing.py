"""The Authorization header of the provider's API ("authentication/api-key" of its documentation).

The signature covers date and salt, not the body. It is refused more than 15 minutes from its date, and when
it comes a second time, so that every attempt is signed anew.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta

VALID_FOR = timedelta(minutes=15)


def authorization(key: str, secret: str, now: datetime, salt: str | None = None) -> str:
    """`salt` is 12 to 64 random characters."""
    date = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    grain = salt or secrets.token_hex(16)
    signed = signature(secret, date, grain)
    return f"HMAC-SHA256 apiKey={key}, date={date}, salt={grain}, signature={signed}"


def signature(secret: str, date: str, salt: str) -> str:
    return hmac.new(secret.encode(), (date + salt).encode(), hashlib.sha256).hexdigest()
