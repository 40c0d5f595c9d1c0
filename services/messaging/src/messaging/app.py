"""The messaging API."""

from __future__ import annotations

from flask import Flask
from servicekit.api_kit import ApiKit

from messaging.settings import Settings
from messaging.store.erasure import holdings


def create_app(settings: Settings | None = None) -> Flask:
    return ApiKit.open("messaging", Settings, settings).app(holdings=holdings)
