"""A small service "kit": one table of notes, and an app over it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventkit.errors import TransientError
from eventkit.schema import create_whole_kit
from flask import Flask
from flask.testing import FlaskClient
from servicekit import fields
from servicekit.app import create_base_app
from servicekit.auth import INTERNAL, MANAGERS, PUBLIC, STAFF_ROLES
from servicekit.fields import StrictSchema
from servicekit.problem import Problem
from servicekit.rls import enable_rls
from servicekit.settings import CommonSettings, load
from servicekit.upload import received_file
from servicekit.web import Blueprint, deps, identity, tx
from sqlalchemy import text
from testkit.api import environment, signed_in
from testkit.database import Operations, TestDatabase
from testkit.plugin import MakeDatabase
from testkit.tokens import Issuer


def build(op: Operations) -> None:
    create_whole_kit(op, "kit")
    op.execute("CREATE TABLE note (id uuid PRIMARY KEY, tenant_id text NOT NULL, body text NOT NULL)")
    enable_rls(op, "note")


@pytest.fixture
def kit(make_database: MakeDatabase) -> TestDatabase:
    return make_database("kit", build)


class NoteSchema(StrictSchema):
    body = fields.Text(20, required=True)


class UploadForm(StrictSchema):
    lecture = fields.Text(20, required=True)
    dry_run = fields.StrictBoolean(load_default=False)


class Listing(StrictSchema):
    active = fields.StrictBoolean()
    size = fields.Whole(min=1, max=5)


@dataclass
class Doings:
    """What the views did, so that tests can count effects."""

    calls: int = 0
    answer: int = 201
    entered: threading.Event = field(default_factory=threading.Event)
    leave: threading.Event = field(default_factory=threading.Event)
    slow: bool = False


def blueprint() -> Blueprint:
    notes = Blueprint("notes", __name__, url_prefix="/api/v1/notes")

    @notes.route("/", roles=STAFF_ROLES, methods=["POST"])
    @notes.arguments(NoteSchema)
    def add_note(body: dict[str, str]) -> Any:
        doings = deps(Doings)
        doings.calls += 1
        with tx() as uow:
            uow.conn.execute(
                text("INSERT INTO note (id, tenant_id, body) VALUES (:id, :t, :body)"),
                {"id": uuid4(), "t": uow.tenant, **body},
            )
            doings.entered.set()
            if doings.slow:
                doings.leave.wait(10)
        return {"body": body["body"], "call": doings.calls}, doings.answer

    @notes.route("/", roles=STAFF_ROLES)
    @notes.arguments(Listing, location="query")
    def list_notes(query: dict[str, Any]) -> Any:
        with tx() as uow:
            found = uow.conn.execute(text("SELECT body FROM note ORDER BY body")).scalars().all()
        return {"results": list(found), "query": query, "caller": identity().subject}

    @notes.route("/<uuid:note_id>/", roles=MANAGERS, methods=["DELETE"])
    def delete_note(note_id: UUID) -> Any:
        raise Problem("not_found")

    @notes.route("/fail/<how>", roles=STAFF_ROLES)
    def fail(how: str) -> Any:
        with tx() as uow:
            if how == "bug":
                raise KeyError("010-1234-5678 김하나 secret")
            if how == "transient":
                raise TransientError(after=timedelta(seconds=7))
            sql = {
                "nul": "SELECT :value",
                "range": "SELECT 99999999999::int",
                "unique": "INSERT INTO note SELECT id, 'demo', 'x' FROM (VALUES (gen_random_uuid())) v(id), "
                "generate_series(1, 2)",
                "lock": "DO 'BEGIN RAISE lock_not_available; END'",
            }[how]
            uow.conn.execute(text(sql), {"value": "a\x00"} if how == "nul" else {})
        return {}

    @notes.route("/upload", roles=STAFF_ROLES, methods=["POST"], max_bytes=100_000)
    @notes.arguments(UploadForm, location="form")
    def upload(form: dict[str, Any]) -> Any:
        deps(Doings).calls += 1
        file = received_file("file", 100_000)
        return {"size": file.size, "sha256": file.sha256, "name": file.filename, **form}, 202

    @notes.route("/open", roles=PUBLIC)
    def open_to_all() -> Any:
        return {}

    return notes


def internal_blueprint() -> Blueprint:
    inside = Blueprint("inside", __name__, url_prefix="/internal")

    @inside.route("/notes/<tenant>", roles=INTERNAL)
    def count(tenant: str) -> Any:
        with tx(tenant) as uow:
            return {"count": uow.conn.execute(text("SELECT count(*) FROM note")).scalar_one()}

    return inside


@pytest.fixture
def doings() -> Doings:
    return Doings()


@pytest.fixture
def app(kit: TestDatabase, issuer: Issuer, doings: Doings) -> Flask:
    settings = load(CommonSettings, environment(issuer, kit.url))
    return create_base_app(
        "kit", settings, kit.database, deps=doings, blueprints=[blueprint(), internal_blueprint()]
    )


@pytest.fixture
def client(app: Flask, issuer: Issuer) -> FlaskClient:
    return signed_in(app, issuer)
