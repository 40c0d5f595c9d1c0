"""The storage-janitor API."""

from __future__ import annotations

from flask import Flask
from servicekit.api_kit import ApiKit

from storage_janitor.settings import Settings


def create_app(settings: Settings | None = None) -> Flask:
    return ApiKit.open("storage-janitor", Settings, settings).app()
