"""The enrollment service over an empty database, with an object store in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from enrollment.adapters.sheet import sniff
from enrollment.adapters.sheet.writer import write_sheet
from enrollment.adapters.streams import Streams
from enrollment.adapters.undo_tokens import UndoTokens
from enrollment.http import BLUEPRINTS
from enrollment.ports import ApiPorts
from enrollment.settings import Settings
from flask import Flask
from flask.testing import FlaskClient
from servicekit.app import create_base_app
from servicekit.db import Database
from servicekit.passwords import hash_password
from servicekit.settings import load
from servicekit.web import KIT, Kit
from testkit.api import NOWHERE, environment, signed_in
from testkit.database import TestDatabase
from testkit.objects import MemoryObjects
from testkit.plugin import Migrated
from testkit.tokens import Issuer


@dataclass
class CountedHash:
    """The real Argon2id, counted."""

    calls: int = 0

    def __call__(self, password: str) -> str:
        self.calls += 1
        return hash_password(password)


@pytest.fixture
def academy(migrated: Migrated) -> TestDatabase:
    """The service's own database, empty."""
    return migrated("enrollment")


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects()


@pytest.fixture
def hashing() -> CountedHash:
    return CountedHash()


@pytest.fixture(scope="session")
def _app(issuer: Issuer) -> tuple[Flask, Kit]:
    """Made once: that takes longer than most tests of it."""
    database = Database(NOWHERE, "enrollment")
    app = create_base_app("enrollment", load(Settings, environment(issuer)), database, blueprints=BLUEPRINTS)
    return app, app.extensions[KIT]


@pytest.fixture
def app(
    _app: tuple[Flask, Kit], academy: TestDatabase, objects: MemoryObjects, hashing: CountedHash
) -> Flask:
    """The API with all its routes."""
    app, kit = _app
    tokens, streams = UndoTokens(["a key"]), Streams(academy.database, "enrollment", 2)
    ports = ApiPorts(objects, sniff, hashing, tokens, write_sheet, streams)
    app.extensions[KIT] = replace(kit, db=academy.database, deps=ports)
    return app


@pytest.fixture
def client(app: Flask, issuer: Issuer) -> FlaskClient:
    """Signed in as the owner of academy "demo"."""
    return signed_in(app, issuer)
