"""Routes that admit students and parents: whose token counts there, and that it is asked every time."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from servicekit.app import create_base_app
from servicekit.auth import (
    ACCOUNT_ROLES,
    ANYONE,
    PARENT,
    PUBLIC,
    STAFF_ROLES,
    STUDENT,
    Accounts,
    Identity,
    Roles,
)
from servicekit.db import Database
from servicekit.settings import CommonSettings, load
from servicekit.web import Blueprint, identity
from testkit.api import NOWHERE, environment
from testkit.tokens import Issuer

ACCOUNT, SESSION = UUID(int=1), UUID(int=2)


def blueprint(**rules: Roles) -> Blueprint:
    doors = Blueprint("doors", __name__, url_prefix="/doors")
    for rule, roles in rules.items():

        def view() -> Any:
            who = identity()
            return {"subject": who.subject, "session": who.session, "roles": sorted(who.roles)}

        view.__name__ = rule
        doors.route(f"/{rule}", roles=roles)(view)
    return doors


class Alive:
    """The service's answer, and who was asked about."""

    def __init__(self) -> None:
        self.answer = True
        self.asked: list[Identity] = []

    def __call__(self, who: Identity) -> bool:
        self.asked.append(who)
        return self.answer


@pytest.fixture
def alive() -> Alive:
    return Alive()


@pytest.fixture
def doors(issuer: Issuer, alive: Alive) -> Flask:
    """A database that nobody reaches: nothing here may need one."""
    return create_base_app(
        "kit",
        load(CommonSettings, environment(issuer)),
        Database(NOWHERE, "kit"),
        blueprints=[
            blueprint(staff=STAFF_ROLES, student=STUDENT, parent=PARENT, family=ACCOUNT_ROLES, any=ANYONE)
        ],
        accounts=Accounts(issuer.accounts, alive),
    )


def ask(app: Flask, door: str, token: str) -> tuple[int, str]:
    answer = app.test_client().get(f"/doors/{door}", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.get_json().get("code", "")


def test_each_door_admits_whom_it_names(doors: Flask, issuer: Issuer, alive: Alive) -> None:
    tokens = {
        "staff": issuer.mint(roles=["staff"]),
        "student": issuer.mint_account("demo", "student", ACCOUNT, SESSION),
        "parent": issuer.mint_account("demo", "parent", ACCOUNT, SESSION),
    }
    found = {
        (door, who): ask(doors, door, token)[0]
        for door in ("staff", "student", "parent", "family", "any")
        for who, token in tokens.items()
    }
    admitted = {key for key, status in found.items() if status == 200}
    assert admitted == {
        ("staff", "staff"),
        ("student", "student"),
        ("parent", "parent"),
        ("family", "student"),
        ("family", "parent"),
        *(("any", who) for who in tokens),
    }
    assert {status for key, status in found.items() if key not in admitted} == {403}


def test_the_staffs_issuer_makes_no_students_and_the_accounts_no_staff(doors: Flask, issuer: Issuer) -> None:
    for roles in (["student"], ["parent"], ["student", "parent"]):
        assert ask(doors, "family", issuer.mint(roles=roles)) == (403, "forbidden")
        assert ask(doors, "any", issuer.mint(roles=roles)) == (403, "forbidden")
    for role in ("owner", "admin", "teacher", "staff"):
        assert ask(doors, "staff", issuer.mint_account("demo", role, ACCOUNT, SESSION)) == (403, "forbidden")
        assert ask(doors, "any", issuer.mint_account("demo", role, ACCOUNT, SESSION)) == (403, "forbidden")
    both = issuer.mint_account("demo", "student", ACCOUNT, SESSION, roles=["student", "owner"])
    assert ask(doors, "staff", both) == (403, "forbidden")


def test_a_sign_in_that_ended_is_a_wrong_token_on_the_next_request(
    doors: Flask, issuer: Issuer, alive: Alive
) -> None:
    token = issuer.mint_account("demo", "student", ACCOUNT, SESSION)
    assert ask(doors, "family", token) == (200, "")
    alive.answer = False
    assert ask(doors, "family", token) == (401, "invalid_token")
    assert ask(doors, "any", token) == (401, "invalid_token")
    alive.answer = True
    assert ask(doors, "any", token) == (200, "")
    assert alive.asked == [Identity("demo", str(ACCOUNT), STUDENT, SESSION)] * 4


def test_staff_are_not_asked_about(doors: Flask, issuer: Issuer, alive: Alive) -> None:
    alive.answer = False
    assert ask(doors, "any", issuer.mint()) == (200, "")
    assert alive.asked == []


@pytest.mark.parametrize("roles", [STUDENT, PARENT, ACCOUNT_ROLES, ANYONE, STUDENT | STAFF_ROLES])
def test_a_service_that_knows_no_accounts_cannot_admit_them(issuer: Issuer, roles: Roles) -> None:
    settings, db = load(CommonSettings, environment(issuer)), Database(NOWHERE, "kit")
    with pytest.raises(RuntimeError, match="/doors/x admits students or parents"):
        create_base_app("kit", settings, db, blueprints=[blueprint(x=roles)])
    assert create_base_app("kit", settings, db, blueprints=[blueprint(x=STAFF_ROLES, y=PUBLIC)])


def test_a_service_that_knows_no_accounts_does_not_know_their_issuer(issuer: Issuer) -> None:
    settings, db = load(CommonSettings, environment(issuer)), Database(NOWHERE, "kit")
    app = create_base_app("kit", settings, db, blueprints=[blueprint(staff=STAFF_ROLES)])
    for role in ("student", "owner"):
        token = issuer.mint_account("demo", role, ACCOUNT, SESSION)
        assert ask(app, "staff", token) == (401, "invalid_token")
