"""An empty students database, rosters to send to it, and what came out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.enrollment import ROSTER_ROW
from eventkit import inbox
from eventkit.envelope import Event, decode
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from flask import Flask
from servicekit.passwords import Hasher
from servicekit.settings import load
from servicekit.web import KIT, Kit
from students import handlers
from students.app import create_app
from students.domain.audit import Pseudonyms
from students.settings import Settings
from testkit.api import PSEUDONYM_KEY, environment
from testkit.database import TestDatabase
from testkit.events import MakeEvent
from testkit.objects import MemoryObjects
from testkit.plugin import Migrated
from testkit.tokens import Issuer

HASH = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA"
PSEUDONYMS = Pseudonyms(bytes.fromhex(PSEUDONYM_KEY))
Row = dict[str, Any]


class Academy:
    """Sends roster chunks to the students service of one database as its consumer would, and reads back."""

    def __init__(self, db: TestDatabase, make_event: MakeEvent) -> None:
        self.db = db
        self._make_event = make_event

    def chunk(
        self,
        *rows: Row,
        tenant: str = "demo",
        dry_run: bool = False,
        job: UUID | None = None,
        number: int = 0,
    ) -> Event:
        """An enrollment.roster.parsed event."""
        numbered = [{"row": at, **row} for at, row in enumerate(rows, start=2)]
        data = {
            "job_id": str(job or uuid4()),
            "chunk": number,
            "dry_run": dry_run,
            "initial_password_hash": HASH,
            "rows": {name: [row.get(name) for row in numbered] for name in ROSTER_ROW},
        }
        return self._make_event("enrollment.roster.parsed", tenant, data, correlation=data["job_id"])

    def deliver(self, *events: Event) -> None:
        """Handle a batch in one transaction behind the inbox."""
        first = events[0]
        with unit_of_work(self.db.database, first.tenantid, Cause.of(first), source="students") as uow:
            fresh = inbox.claim(uow.conn, "on_roster_parsed", events)
            handlers.on_roster_parsed(uow, fresh, pseudonyms=PSEUDONYMS)

    def resolve(self, *rows: Row, **options: Any) -> list[dict[str, Any]]:
        """Send one chunk; the answered rows."""
        event = self.chunk(*rows, **options)
        self.deliver(event)
        return answers(self.published("students.roster.resolved", event.correlationid)[-1])

    def published(self, type: str, correlation: str | None = None) -> list[Event]:
        """What lies in the outbox, each event once, in order."""
        found = self.all(
            "SELECT min(body) FROM outbox WHERE type = %s AND correlation_id = coalesce(%s, correlation_id)"
            " GROUP BY id ORDER BY min(seq)",
            type,
            correlation,
        )
        return [decode(body) for (body,) in found]

    def all(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows as the superuser sees them, all tenants."""
        return self.db.admin.execute(query.encode(), values or None).fetchall()

    def delete(self, *student_ids: str) -> None:
        """Put students in the trash as their deletion will: no value of the row changes."""
        self.db.admin.execute(
            "UPDATE student SET deleted_at = now(), version = version + 1 WHERE id = ANY(%s::uuid[])",
            (list(student_ids),),
        )

    def contents(self, but: Sequence[str] = ("outbox", "inbox", "alembic_version")) -> dict[str, Any]:
        """Every row of every table."""
        tables = self.all("SELECT tablename::text FROM pg_tables WHERE schemaname = 'students'")
        return {
            name: sorted(map(repr, self.all(f"SELECT * FROM {name}")))
            for (name,) in tables
            if name not in but
        }


def answers(event: Event) -> list[dict[str, Any]]:
    """The rows of students.roster.resolved."""
    rows = event.data["rows"]
    return [dict(zip(rows, cells, strict=True)) for cells in zip(*rows.values(), strict=True)]


@pytest.fixture
def pseudonyms() -> Pseudonyms:
    return PSEUDONYMS


@pytest.fixture
def academy(migrated: Migrated, make_event: MakeEvent) -> Academy:
    return Academy(migrated("students"), make_event)


@pytest.fixture
def person() -> Callable[..., Row]:
    """`person(7, grade=2)`: a roster row with its own name and parent phone."""

    def make(number: int, **values: Any) -> Row:
        return {"name": f"학생{number}", "parent_phone": f"010{number:08d}", **values}

    return make


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects()


@pytest.fixture(scope="session")
def _apps(issuer: Issuer) -> Callable[[str], tuple[Flask, Kit]]:
    """By database: those are used again as well, and to make an app takes longer than most tests of it."""

    @cache
    def on(url: str) -> tuple[Flask, Kit]:
        app = create_app(load(Settings, environment(issuer, url)))
        return app, app.extensions[KIT]

    return on


@pytest.fixture
def plain_app(academy: Academy, _apps: Callable[[str], tuple[Flask, Kit]]) -> Flask:
    """The students API over the academy's database, as create_app() made it; slow hashing makes it wait."""
    app, kit = _apps(academy.db.url)
    app.extensions[KIT] = replace(kit, deps=replace(kit.deps, hasher=Hasher(patience=60)))
    return app


@pytest.fixture
def app_with_objects(plain_app: Flask, objects: MemoryObjects) -> Flask:
    """The same, with `objects` as its bucket."""
    kit = plain_app.extensions[KIT]
    plain_app.extensions[KIT] = replace(kit, deps=replace(kit.deps, objects=objects))
    return plain_app
