"""The enrollment API."""

from __future__ import annotations

from flask import Flask
from servicekit.api_kit import ApiKit
from servicekit.passwords import hash_password
from servicekit.storage import open_store

from enrollment.adapters.sheet import sniff
from enrollment.http import BLUEPRINTS
from enrollment.ports import UploadPorts
from enrollment.settings import Settings
from enrollment.store.erasure import holdings
from enrollment.store.objects import released


def create_app(settings: Settings | None = None) -> Flask:
    kit = ApiKit.open("enrollment", Settings, settings)
    objects = open_store(kit.settings, kit.settings.r2_excel_bucket)
    return kit.app(
        BLUEPRINTS, ports=UploadPorts(objects, sniff, hash_password), holdings=holdings, released=released
    )
