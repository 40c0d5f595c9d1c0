"""Which provider a setting means."""

from __future__ import annotations

from typing import Protocol

from eventkit.clock import Clock
from servicekit.settings import Secret

from messaging.adapters.console import Console
from messaging.adapters.solapi import Solapi
from messaging.ports import Provider


class ProviderSettings(Protocol):
    """The part of the service's settings that says how messages leave."""

    @property
    def messaging_provider(self) -> str: ...
    @property
    def solapi_endpoint(self) -> str: ...
    @property
    def solapi_timeout(self) -> int: ...
    @property
    def solapi_api_key(self) -> Secret[str]: ...
    @property
    def solapi_api_secret(self) -> Secret[str]: ...


def provider(settings: ProviderSettings, clock: Clock) -> Provider:
    """The one that MESSAGING_PROVIDER names."""
    if settings.messaging_provider == "console":
        return Console()
    key, secret = settings.solapi_api_key.reveal(), settings.solapi_api_secret.reveal()
    return Solapi(settings.solapi_endpoint, key, secret, clock, settings.solapi_timeout)
