"""The students API."""

from __future__ import annotations

import os

from flask import Flask
from servicekit.db import Database
from servicekit.settings import load
from servicekit.web import create_base_app

from students.http import students
from students.settings import Settings


def create_app(settings: Settings | None = None) -> Flask:
    settings = settings or load(Settings, os.environ)
    db = Database(settings.database_url.reveal(), "students", pool_size=settings.web_threads + 2)
    return create_base_app("students", settings, db, blueprints=[students])
