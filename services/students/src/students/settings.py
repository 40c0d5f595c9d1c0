"""Settings of the students service, read from the environment at boot."""

# ruff: noqa: RUF009 - env() returns a dataclasses.field

from __future__ import annotations

from dataclasses import dataclass

from servicekit.keys import SigningKey, signing_keys
from servicekit.settings import CommonSettings, Secret, StorageSettings, bucket, env, key_bytes, peers


@dataclass(frozen=True, kw_only=True)
class Settings(StorageSettings, CommonSettings):
    """What every service needs, the bucket of photos and the erasure ledger, and its own keys."""

    r2_storage_bucket: str = bucket("storage")
    account_signing_keys: Secret[tuple[SigningKey, ...]] = env(
        "ACCOUNT_SIGNING_KEYS",
        secret=True,
        parse=signing_keys,
        doc="PEM private keys (EC P-256) of student and parent tokens; the first signs",
    )
    pseudonym_key: Secret[bytes] = env(
        "PSEUDONYM_KEY",
        secret=True,
        parse=key_bytes,
        doc="key of audit pseudonyms, 64 hex digits",
    )
    peer_urls: dict[str, str] = env(
        "PEER_URLS", parse=peers, doc="internal addresses of the other services: name=url, comma separated"
    )
