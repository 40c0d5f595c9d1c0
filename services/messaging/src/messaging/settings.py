"""Settings of the messaging service, read from the environment at boot."""

# ruff: noqa: RUF009 - env() returns a dataclasses.field

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from servicekit.settings import (
    CommonSettings,
    Secret,
    SettingsError,
    env,
    integer,
    key_bytes,
    one_of,
    tokens,
    url,
)


@dataclass(frozen=True, kw_only=True)
class Settings(CommonSettings):
    """What every service needs, the provider, and the keys of this context.

    Raises SettingsError where a provider that sends nothing meets an issuer of real tokens: no setting makes
    production fall back to a mock.
    """

    messaging_provider: str = env(
        "MESSAGING_PROVIDER",
        parse=one_of("solapi", "console"),
        doc="`solapi` sends; `console` writes a line to the log, and is refused outside development",
    )
    solapi_endpoint: str = env(
        "SOLAPI_ENDPOINT",
        default="https://api.solapi.com",
        parse=url("https", "http"),
        doc="another Solapi than the real one; without TLS only in development (the local simulator)",
    )
    solapi_api_key: Secret[str] = env("SOLAPI_API_KEY", secret=True, doc="Solapi API key")
    solapi_api_secret: Secret[str] = env("SOLAPI_API_SECRET", secret=True, doc="Solapi API secret")
    recipient_key: Secret[bytes] = env(
        "RECIPIENT_KEY",
        secret=True,
        parse=key_bytes,
        doc="key of recipients' fingerprints, 64 hex digits; never changed: opt-outs are known by it",
    )
    webhook_tokens: Secret[tuple[str, ...]] = env(
        "MESSAGING_WEBHOOK_TOKEN",
        secret=True,
        parse=tokens,
        doc="live tokens in the address that Solapi calls, comma separated",
    )
    solapi_timeout: int = env(
        "SOLAPI_TIMEOUT_SECONDS",
        default="20",
        parse=integer(1, 30),
        doc="how long connecting, writing and each wait for a part of the answer may take",
    )
    batch: int = env(
        "MESSAGING_BATCH",
        default="1000",
        parse=integer(1, 10_000),
        doc="messages of one academy in one call; Solapi takes 10,000",
    )
    daily_limit: int = env(
        "MESSAGING_DAILY_LIMIT",
        default="0",
        parse=integer(0, 10_000_000),
        doc="messages of all academies together on one day in Seoul, what is over it waits until 00:05; 0: no"
        " such limit",
    )
    absent_after: int = env(
        "MESSAGING_ABSENT_SECONDS",
        default="2400",
        parse=integer(2, 86_400),
        doc="after this a message that the provider does not list was never there; above twice the 15 minutes"
        " for which it takes a signature",
    )

    def __post_init__(self) -> None:
        developing = urlsplit(self.auth_jwks_url).scheme == "file"
        if not developing and self.messaging_provider == "console":
            raise SettingsError(["MESSAGING_PROVIDER console sends nothing: only with a development issuer"])
        if not developing and urlsplit(self.solapi_endpoint).scheme != "https":
            raise SettingsError(["SOLAPI_ENDPOINT must be https except with a development issuer"])
