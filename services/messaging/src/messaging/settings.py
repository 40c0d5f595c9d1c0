"""Settings of the messaging service, read from the environment at boot."""

from __future__ import annotations

from dataclasses import dataclass

from servicekit.settings import CommonSettings


@dataclass(frozen=True)
class Settings(CommonSettings):
    """What every service needs; its own settings come with its context."""
