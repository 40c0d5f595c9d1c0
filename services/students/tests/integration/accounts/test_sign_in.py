"""Sign-in from the first password to the last: must-change, changes, resets, one's own record."""

from __future__ import annotations

from uuid import UUID

import jwt
import pytest
from servicekit.auth import ACCOUNT_ISSUER
from servicekit.passwords import hash_password

KIM, PARENT = "01011112222", "01099998888"
INITIAL, OWN = "처음-pass1", "own password 1"
INVALID = (401, "invalid_credentials")


def test_an_imported_student_changes_the_first_password_and_signs_in(door, kim, academy):
    assert door.code(door.sign_in(KIM, INITIAL)) == (403, "password_change_required")
    assert academy.all("SELECT count(*) FROM account_session") == [(0,)]
    changed = door.change(KIM)
    assert changed.status_code == 200
    tokens = changed.get_json()
    [(account_id,)] = academy.all("SELECT id FROM account WHERE kind = 'student'")
    assert tokens["account"] == {"kind": "student", "id": str(account_id), "name": "김하나"}
    assert tokens["expires_in"] == 600
    assert changed.headers["Cache-Control"] == "no-store"
    assert door.me(tokens).get_json()["id"] == kim
    assert door.code(door.sign_in(KIM, INITIAL)) == INVALID
    again = door.sign_in(KIM)
    assert again.status_code == 200
    assert again.get_json()["account"] == tokens["account"]


def test_the_access_token_says_who_and_which_sign_in_for_ten_minutes(door, kim, academy, app):
    token = door.settled(KIM)["access_token"]
    [key] = app.test_client().get("/api/v1/students/token/keys/").get_json()["keys"]
    claims = jwt.decode(token, jwt.PyJWK(key), algorithms=["ES256"], audience="academy")
    [(session, account_id)] = academy.all("SELECT id::text, account_id::text FROM account_session")
    assert {name: claims[name] for name in ("iss", "sub", "tenant_id", "roles", "sid")} == {
        "iss": ACCOUNT_ISSUER, "sub": account_id, "tenant_id": "demo", "roles": ["student"], "sid": session,
    }  # fmt: skip
    assert claims["exp"] - claims["iat"] == 600
    assert set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use"}


def test_a_password_is_stored_as_argon2id_and_a_refresh_token_as_a_digest(door, kim, academy):
    tokens = door.settled(KIM)
    [(hashed, must_change, initial)] = academy.all(
        "SELECT password_hash, must_change, initial_credential_id FROM account WHERE kind = 'student'"
    )
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert (must_change, initial) == (False, None)
    secret = tokens["refresh_token"].split(".")[2]
    contents = repr(academy.contents())
    assert OWN not in contents
    assert secret not in contents
    assert tokens["access_token"] not in contents


def test_a_parent_signs_in_and_sees_the_children(door, enrol):
    enrol(
        {"name": "김하나", "parent_phone": PARENT, "memo": "조용함"},
        {"name": "김두리", "parent_phone": PARENT},
    )
    me = door.me(door.settled(PARENT)).get_json()
    assert (me["kind"], me["name"], me["phone"], me["login_id"]) == (
        "parent",
        "김하나 학부모",
        PARENT,
        PARENT,
    )
    assert [child["name"] for child in me["children"]] == ["김두리", "김하나"]
    assert "조용함" not in str(me)


@pytest.mark.parametrize("typed", ["01011112222", "010-1111-2222", " 010 1111 2222 ", "+82 10-1111-2222"])
def test_a_phone_number_is_one_login_id_in_any_spelling(door, kim, typed):
    door.settled(KIM)
    assert door.sign_in(typed).status_code == 200


def test_login_ids_and_academies_do_not_depend_on_capitals(door, enrol, academy):
    enrol({"name": "이둘", "parent_phone": PARENT})
    [(login,)] = academy.all("SELECT login_id FROM account WHERE kind = 'student'")
    door.settled(login)
    assert door.sign_in(login.upper(), academy="DEMO").status_code == 200


NOT_ADMITTED = {
    "a wrong password": ("SELECT 1", KIM, "demo"),
    "an unknown academy": ("SELECT 1", KIM, "nowhere"),
    "an unknown login id": ("SELECT 1", "01012121212", "demo"),
    "a deleted student": ("UPDATE student SET deleted_at = now() RETURNING 1", KIM, "demo"),
    "a parent without an active child": ("UPDATE student SET deleted_at = now() RETURNING 1", PARENT, "demo"),
    "an initial password that ran out": (
        "UPDATE initial_credential SET expires_at = now() RETURNING 1", KIM, "demo",
    ),
    "no credential": ("DELETE FROM initial_credential RETURNING 1", KIM, "demo"),
}  # fmt: skip


@pytest.mark.parametrize("why", NOT_ADMITTED)
def test_every_reason_not_to_be_admitted_has_one_answer(door, kim, academy, why):
    statement, login, tenant = NOT_ADMITTED[why]
    academy.all(statement)
    given = "wrong" if why == "a wrong password" else INITIAL
    expected = door.sign_in("01000001111", "anything")
    for answer in (door.sign_in(login, given, tenant), door.change(login, given, academy=tenant)):
        assert door.code(answer) == INVALID
        assert _shape(answer) == _shape(expected)
    assert academy.all("SELECT count(*) FROM account_session") == [(0,)]


def _shape(answer):
    """All that an asker sees, without the request's id, address and time."""
    body = {
        name: value for name, value in answer.get_json().items() if name not in ("request_id", "instance")
    }
    return body, {
        name: value for name, value in answer.headers if name not in ("X-Request-Id", "Content-Length")
    }


@pytest.mark.parametrize(
    ("new", "answer"),
    [
        (INITIAL, (422, "password_unchanged")),
        ("short-7", (422, "invalid_request")),
        ("x" * 129, (422, "invalid_request")),
        (KIM, (422, "invalid_request")),
        ("010-1111-2222", (422, "invalid_request")),
        (PARENT, (422, "invalid_request")),
        ("0 1 0 9 9 9 9 8 8 8 8", (422, "invalid_request")),
    ],
)
def test_a_new_password_is_new_long_and_a_secret(door, kim, new, answer):
    refused = door.change(KIM, new=new)
    assert door.code(refused) == answer
    assert refused.get_json().get("errors", {"new_password": 1}).keys() == {"new_password"}
    assert door.code(door.sign_in(KIM, INITIAL)) == (403, "password_change_required")


def test_a_changed_password_ends_all_other_sign_ins_and_is_in_the_trail(door, kim, academy, app):
    first = door.settled(KIM)
    other = door.sign_in(KIM).get_json()
    parent = door.settled(PARENT)
    changed = door.change(KIM, OWN, "a new one 2").get_json()
    for ended in (first, other):
        assert door.code(door.me(ended)) == (401, "invalid_token")
        assert door.code(door.refresh(ended["refresh_token"])) == (401, "invalid_token")
    assert door.me(changed).status_code == 200
    assert door.me(parent).status_code == 200
    account_id = changed["account"]["id"]
    trail = academy.all(
        "SELECT actor, details::text, count(DISTINCT pseudonym), count(*) FROM audit"
        " WHERE action = 'password_changed' GROUP BY 1, 2"
    )
    assert trail == [(account_id, "{}", 1, 2)]
    assert kim not in repr(academy.all("SELECT * FROM audit"))


def test_the_desk_resets_a_student(door, desk, kim, academy):
    tokens, parent = door.settled(KIM), door.settled(PARENT)
    for _ in range(11):
        door.sign_in(KIM, "wrong")
    assert door.code(door.sign_in(KIM)) == (429, "sign_in_locked")
    answer = desk.post(f"/api/v1/students/{kim}/reset_password/", json={"new_password": "desk"})
    assert (answer.status_code, answer.data) == (204, b"")
    assert door.code(door.me(tokens)) == (401, "invalid_token")
    assert door.me(parent).status_code == 200
    assert door.code(door.sign_in(KIM, "desk")) == (403, "password_change_required")
    assert door.code(door.sign_in(KIM, OWN)) == INVALID
    assert door.change(KIM, "desk", "and my own again").status_code == 200
    found = academy.all("SELECT actor, action FROM audit WHERE action = 'password_reset'")
    assert found == [("desk-1", "password_reset")]


def test_the_desk_resets_a_parent(door, desk, enrol, academy):
    made = enrol({"name": "김하나", "parent_phone": PARENT}, {"name": "김두리", "parent_phone": PARENT})
    tokens = door.settled(PARENT)
    [(parent_id,)] = academy.all("SELECT id FROM parent")
    answer = desk.post(f"/api/v1/students/parents/{parent_id}/reset_password/", json={"new_password": "desk"})
    assert answer.status_code == 204
    assert door.code(door.me(tokens)) == (401, "invalid_token")
    assert door.code(door.sign_in(PARENT, "desk")) == (403, "password_change_required")
    found = academy.all("SELECT pseudonym FROM audit WHERE action = 'password_reset'")
    assert len(set(found)) == len(made)


def test_a_reset_of_somebody_else_or_nobody_is_refused(door, desk, kim, enrol, academy):
    [foreign] = enrol({"name": "김하나", "parent_phone": PARENT}, tenant="other")
    [(foreign_parent,)] = academy.all("SELECT id FROM parent WHERE tenant_id = 'other'")
    base = "/api/v1/students/"
    nobody = UUID(int=7)
    before = academy.contents()
    for path in (foreign, nobody, f"parents/{foreign_parent}", f"parents/{nobody}", f"parents/{kim}"):
        answer = desk.post(f"{base}{path}/reset_password/", json={"new_password": "desk"})
        assert door.code(answer) == (404, "not_found")
    assert academy.contents() == before
    academy.delete(kim)
    answer = desk.post(f"{base}{kim}/reset_password/", json={"new_password": "desk"})
    assert door.code(answer) == (409, "student_deleted")
    for body in ({}, {"new_password": "abc"}, {"new_password": 1234}, {"new_password": "four", "x": 1}, []):
        answer = desk.post(f"{base}{kim}/reset_password/", json=body)
        assert door.code(answer) == (422, "invalid_request")


def test_a_reset_during_a_sign_in_wins(door, kim, academy, monkeypatch):
    """The password was right when it was looked at, and is not any more when the sign-in begins."""
    door.settled(KIM)
    verify = type(door.app.extensions["servicekit"].deps.hasher).verify
    other = hash_password("desk")

    def slowly(self, hashed, password):
        right = verify(self, hashed, password)
        academy.all("UPDATE account SET password_hash = %s, must_change = true RETURNING 1", other)
        return right

    monkeypatch.setattr("servicekit.passwords.Hasher.verify", slowly)
    assert door.code(door.sign_in(KIM)) == INVALID
    assert academy.all("SELECT count(*) FROM account_session") == [(1,)]


def test_students_see_their_own_record_and_nothing_of_the_desks_notes(door, enrol, academy):
    [one, _] = enrol(
        {"name": "김하나", "parent_phone": PARENT, "student_phone": KIM, "memo": "조용함", "grade": 2},
        {"name": "이둘", "parent_phone": "01033334444"},
    )
    me = door.me(door.settled(KIM)).get_json()
    assert (me["kind"], me["id"], me["name"], me["grade"], me["omr_code"]) == (
        "student", one, "김하나", 2, "11112222",
    )  # fmt: skip
    assert {"memo", "tags", "is_managed", "children", "deleted_at", "custom_fields"} & me.keys() == set()


def test_students_change_their_phone_and_address_and_others_hear_of_it(door, kim, academy):
    tokens = door.settled(KIM)
    changed = door.me(tokens, "PATCH", json={"student_phone": "010-5555-6666", "address": "서울시 강남구"})
    assert changed.status_code == 200
    me = changed.get_json()
    assert (me["student_phone"], me["address"], me["login_id"]) == ("01055556666", "서울시 강남구", KIM)
    told = academy.published("students.student.changed")[-1].data["students"]
    assert (told["student_id"], told["student_phone"], told["version"], told["deleted"]) == (
        [kim], ["01055556666"], [2], [False],
    )  # fmt: skip
    [(actor, details)] = academy.all("SELECT actor, details FROM audit WHERE action = 'updated'")
    assert (actor, details) == (tokens["account"]["id"], {"fields": ["address", "student_phone"]})
    removed = door.me(tokens, "PATCH", json={"student_phone": "", "address": None}).get_json()
    assert (removed["student_phone"], removed["address"]) == (None, None)
    assert door.me(tokens, "PATCH", json={}).status_code == 200
    assert academy.all("SELECT version FROM student") == [(3,)]


@pytest.mark.parametrize(
    "body",
    [
        {"name": "이둘"},
        {"student_phone": "1234"},
        {"student_phone": 1011112222},
        {"address": "x" * 301},
        {"address": ["서울"]},
        {"memo": "x"},
        [],
        "text",
    ],
)
def test_students_change_nothing_else(door, kim, body):
    assert door.code(door.me(door.settled(KIM), "PATCH", json=body)) == (422, "invalid_request")


def test_parents_change_nothing_of_a_record(door, kim):
    parent = door.settled(PARENT)
    assert door.code(door.me(parent, "PATCH", json={"address": "x"})) == (403, "forbidden")
