"""The media API."""

from __future__ import annotations

import os

from flask import Flask
from servicekit.db import Database
from servicekit.erasure import holdings_blueprint
from servicekit.settings import load
from servicekit.web import create_base_app

from media.settings import Settings
from media.store import holdings


def create_app(settings: Settings | None = None) -> Flask:
    settings = settings or load(Settings, os.environ)
    db = Database(settings.database_url.reveal(), "media", pool_size=settings.web_threads + 2)
    return create_base_app("media", settings, db, blueprints=[holdings_blueprint(holdings)])
