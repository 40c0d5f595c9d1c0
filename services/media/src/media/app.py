"""The media API."""

from __future__ import annotations

from flask import Flask
from servicekit.api_kit import ApiKit

from media.settings import Settings
from media.store import holdings


def create_app(settings: Settings | None = None) -> Flask:
    return ApiKit.open("media", Settings, settings).app(holdings=holdings)
