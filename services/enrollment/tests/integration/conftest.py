"""The enrollment service over an empty database, with an object store in memory."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from enrollment.adapters.sheet import sniff
from enrollment.http import BLUEPRINTS
from enrollment.ports import UploadPorts
from enrollment.settings import Settings
from flask import Flask
from flask.testing import FlaskClient
from servicekit.app import create_base_app
from servicekit.passwords import hash_password
from servicekit.settings import load
from testkit.api import environment, signed_in
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


@pytest.fixture
def app(academy: TestDatabase, issuer: Issuer, objects: MemoryObjects, hashing: CountedHash) -> Flask:
    """The API with all its routes."""
    settings = load(Settings, environment(issuer, academy.url))
    ports = UploadPorts(objects, sniff, hashing)
    return create_base_app("enrollment", settings, academy.database, deps=ports, blueprints=BLUEPRINTS)


@pytest.fixture
def client(app: Flask, issuer: Issuer) -> FlaskClient:
    """Signed in as the owner of academy "demo"."""
    return signed_in(app, issuer)
