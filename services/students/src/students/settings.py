"""Settings of the students service, read from the environment at boot."""

from __future__ import annotations

from dataclasses import dataclass

from servicekit.settings import CommonSettings


@dataclass(frozen=True, kw_only=True)
class Settings(CommonSettings):
    """What every service needs, and nothing of its own."""
