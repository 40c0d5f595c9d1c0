"""The enrollment service over an empty database, with an object store in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from enrollment.adapters.sheet import sniff
from enrollment.http import BLUEPRINTS
from enrollment.ports import UploadPorts
from enrollment.settings import Settings
from eventkit.errors import UnavailableError
from flask import Flask
from flask.testing import FlaskClient
from servicekit.passwords import hash_password
from servicekit.settings import load
from servicekit.storage import ObjectInfo, ObjectMissingError
from servicekit.web import create_base_app
from testkit.api import environment, signed_in
from testkit.database import TestDatabase
from testkit.plugin import Migrated
from testkit.tokens import Issuer


@dataclass
class MemoryObjects:
    """An ObjectStore that can be away."""

    content: dict[str, bytes] = field(default_factory=dict)
    away: bool = False
    puts: int = 0

    def put_file(self, key: str, path: Path, content_type: str = "application/octet-stream") -> None:
        self._reach()
        self.puts += 1
        self.content[key] = path.read_bytes()

    def download_to(self, key: str, path: Path) -> None:
        self._reach()
        if key not in self.content:
            raise ObjectMissingError
        path.write_bytes(self.content[key])

    def head(self, key: str) -> ObjectInfo:
        self._reach()
        if key not in self.content:
            raise ObjectMissingError
        return ObjectInfo(key, len(self.content[key]), datetime.now(UTC))

    def delete(self, keys: Sequence[str]) -> None:
        self._reach()
        for key in keys:
            self.content.pop(key, None)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        self._reach()
        return (self.head(key) for key in sorted(self.content) if key.startswith(prefix))

    def presign_get(self, key: str, expires: timedelta, filename: str) -> str:
        return f"memory:{key}"

    def _reach(self) -> None:
        if self.away:
            raise UnavailableError("storage")


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
