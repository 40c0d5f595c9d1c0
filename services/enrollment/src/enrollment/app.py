"""The enrollment API."""

from __future__ import annotations

import os

from flask import Flask
from servicekit.db import Database
from servicekit.erasure import holdings_blueprint
from servicekit.passwords import hash_password
from servicekit.settings import load
from servicekit.storage import open_store
from servicekit.web import create_base_app

from enrollment.adapters.sheet import sniff
from enrollment.http import BLUEPRINTS
from enrollment.ports import UploadPorts
from enrollment.settings import Settings
from enrollment.store.erasure import holdings


def create_app(settings: Settings | None = None) -> Flask:
    settings = settings or load(Settings, os.environ)
    db = Database(settings.database_url.reveal(), "enrollment", pool_size=settings.web_threads + 2)
    ports = UploadPorts(open_store(settings, settings.r2_excel_bucket), sniff, hash_password)
    blueprints = (*BLUEPRINTS, holdings_blueprint(holdings))
    return create_base_app("enrollment", settings, db, deps=ports, blueprints=blueprints)
