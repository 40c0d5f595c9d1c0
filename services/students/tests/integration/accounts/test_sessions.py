"""Sign-ins over time: renewed, renewed twice, stolen, revoked, and dead at once with their student."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from eventkit.ids import new_id
from students.store.accounts import end_sessions
from students.usecases.sessions import prune

KIM, PARENT = "01011112222", "01099998888"
DEAD = (401, "invalid_token")


def later(academy, seconds):
    """Move every sign-in into the past instead of waiting."""
    academy.all(
        "UPDATE account_session SET rotated_at = rotated_at - make_interval(secs => %s),"
        " expires_at = expires_at - make_interval(secs => %s) RETURNING 1",
        seconds,
        seconds,
    )


def test_a_renewal_gives_a_new_pair_of_the_same_sign_in(door, kim, academy):
    first = door.settled(KIM)
    second = door.refresh(first["refresh_token"]).get_json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["account"] == first["account"]
    assert door.me(second).status_code == 200
    assert door.me(first).status_code == 200, "an access token lives for its ten minutes"
    later(academy, 3600)
    third = door.refresh(second["refresh_token"]).get_json()
    assert third["refresh_token"] not in (first["refresh_token"], second["refresh_token"])
    assert academy.all("SELECT count(*) FROM account_session") == [(1,)]


def test_a_lost_answer_is_given_again(door, kim, academy):
    old = door.settled(KIM)["refresh_token"]
    lost = door.refresh(old).get_json()
    later(academy, 29)
    again = door.refresh(old)
    assert again.status_code == 200
    assert again.get_json()["refresh_token"] == lost["refresh_token"]
    later(academy, 3600)
    assert door.refresh(lost["refresh_token"]).status_code == 200


def test_two_tabs_that_renew_at_once_go_on_with_one_token(door, kim, academy):
    old = door.settled(KIM)["refresh_token"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: door.refresh(old), range(8)))
    assert {answer.status_code for answer in answers} == {200}
    [token] = {answer.get_json()["refresh_token"] for answer in answers}
    later(academy, 3600)
    assert door.refresh(token).status_code == 200


@pytest.mark.parametrize("generations", [1, 2, 5])
def test_an_old_token_ends_the_sign_in_for_the_thief_and_the_owner(door, kim, academy, generations):
    stolen = token = door.settled(KIM)["refresh_token"]
    other = door.sign_in(KIM).get_json()
    for _ in range(generations):
        tokens = door.refresh(token).get_json()
        token = tokens["refresh_token"]
        later(academy, 31)
    assert door.code(door.refresh(stolen)) == DEAD
    assert door.code(door.refresh(token)) == DEAD
    assert door.code(door.me(tokens)) == DEAD
    assert door.me(other).status_code == 200, "another sign-in of the account goes on"


def test_a_token_before_the_previous_one_is_old_at_once(door, kim):
    first = door.settled(KIM)["refresh_token"]
    second = door.refresh(first).get_json()["refresh_token"]
    third = door.refresh(second).get_json()["refresh_token"]
    assert door.code(door.refresh(first)) == DEAD
    assert door.code(door.refresh(third)) == DEAD


def test_a_refresh_token_is_good_for_thirty_days(door, kim, academy):
    tokens = door.settled(KIM)
    later(academy, 30 * 24 * 3600 - 60)
    tokens = door.refresh(tokens["refresh_token"]).get_json()
    later(academy, 30 * 24 * 3600 + 1)
    assert door.code(door.refresh(tokens["refresh_token"])) == DEAD
    assert door.code(door.me(tokens)) == DEAD


def test_who_signs_out_is_out(door, kim, academy):
    tokens, other = door.settled(KIM), door.sign_in(KIM).get_json()
    answer = door.revoke(tokens["refresh_token"])
    assert (answer.status_code, answer.data) == (204, b"")
    assert door.code(door.me(tokens)) == DEAD
    assert door.code(door.refresh(tokens["refresh_token"])) == DEAD
    assert door.revoke(tokens["refresh_token"]).status_code == 204
    assert door.me(other).status_code == 200


def variants(token, other):
    """Refresh tokens that nobody was given, from a real one and one of another academy."""
    tenant, session, secret = token.split(".")
    flipped = secret[:5] + ("A" if secret[5] != "A" else "B") + secret[6:]
    whole = [
        *("", ".", "..", "...", "x", "demo", "학원.세션.비밀", "x" * 1000),
        *(f"{tenant}.{session}", f"{tenant}.{session}.", f".{session}.{secret}"),
        *(f"{token}A", f"{token}.x", f"../{token}", token[:-1]),
    ]
    tenants = ["other", "nowhere", tenant.upper(), f"{tenant}'--", f"{tenant} "]
    sessions = [str(new_id()), session.upper(), str(UUID(int=0))]
    secrets = [flipped, "A" * 43, "+" * 43, other.split(".")[2]]
    return [
        *whole,
        *(f"{text}.{session}.{secret}" for text in tenants),
        *(f"{tenant}.{text}.{secret}" for text in sessions),
        *(f"{tenant}.{session}.{text}" for text in secrets),
    ]


def test_tokens_that_nobody_was_given_are_refused_and_harm_nobody(door, kim, enrol, academy):
    tokens = door.settled(KIM)
    enrol({"name": "이둘", "parent_phone": PARENT}, tenant="other")
    other = door.change(PARENT, academy="other").get_json()
    before = academy.all("SELECT * FROM account_session ORDER BY id")
    for token in variants(tokens["refresh_token"], other["refresh_token"]):
        assert door.code(door.refresh(token)) == DEAD, token
        assert door.revoke(token).status_code == 204, token
    assert academy.all("SELECT * FROM account_session ORDER BY id") == before
    assert door.me(tokens).status_code == 200


def test_a_deleted_students_tokens_die_at_once_and_stay_dead(door, kim, academy):
    """Even where nothing but the row was changed: is_alive looks at the student on every request."""
    tokens, parent = door.settled(KIM), door.settled(PARENT)
    academy.all("UPDATE student SET deleted_at = now() RETURNING 1")
    assert door.code(door.me(tokens)) == DEAD
    assert door.code(door.me(parent)) == DEAD
    assert door.code(door.refresh(tokens["refresh_token"])) == DEAD
    assert door.code(door.refresh(parent["refresh_token"])) == DEAD
    academy.all("UPDATE student SET deleted_at = NULL RETURNING 1")
    assert door.code(door.refresh(tokens["refresh_token"])) == DEAD
    assert door.code(door.me(parent)) == DEAD


def test_a_deletion_at_the_desk_ends_the_sign_ins(door, desk, kim, academy):
    tokens = door.settled(KIM)
    assert desk.delete(f"/api/v1/students/{kim}/").status_code == 204
    assert academy.all("SELECT count(*) FROM account_session") == [(0,)]
    for answer in (door.me(tokens), door.refresh(tokens["refresh_token"])):
        assert door.code(answer) == DEAD
    assert door.code(door.sign_in(KIM)) == (401, "invalid_credentials")


def test_a_parent_goes_on_while_one_child_is_there(door, enrol, academy):
    one, two = enrol({"name": "김하나", "parent_phone": PARENT}, {"name": "김두리", "parent_phone": PARENT})
    parent = door.settled(PARENT)
    for student, left in ((one, ["김두리"]), (two, None)):
        academy.delete(student)
        with academy.db.database.tenant("demo") as conn:
            end_sessions(conn, "demo", [UUID(student)])
        if left:
            assert [child["name"] for child in door.me(parent).get_json()["children"]] == left
    assert door.code(door.me(parent)) == DEAD
    assert academy.all("SELECT count(*) FROM account_session") == [(0,)]


def test_sign_ins_are_ended_by_sets_and_of_the_named_only(door, enrol, academy):
    people = enrol(
        {"name": "김하나", "parent_phone": PARENT, "student_phone": KIM},
        {"name": "김두리", "parent_phone": PARENT, "student_phone": "01022220002"},
        {"name": "이셋", "parent_phone": "01033330003", "student_phone": "01044440004"},
    )
    enrol({"name": "김하나", "parent_phone": PARENT, "student_phone": KIM}, tenant="other")
    stay = [door.settled("01022220002"), door.settled(PARENT), door.change(KIM, academy="other").get_json()]
    end = [door.settled(login) for login in (KIM, "01033330003", "01044440004")]
    with academy.db.database.tenant("demo") as conn:
        end_sessions(conn, "demo", [])
        end_sessions(conn, "demo", [UUID(people[0]), UUID(people[2])])
    assert [door.me(tokens).status_code for tokens in (*stay, *end)] == [200] * 3 + [401] * 3


def test_a_sign_in_belongs_to_one_account_of_one_academy(door, kim, enrol, issuer, academy):
    """Genuine signatures, wrong sign-ins: none may be borrowed."""
    tokens = door.settled(KIM)
    parent = door.settled(PARENT)
    enrol({"name": "김하나", "parent_phone": PARENT, "student_phone": KIM}, tenant="other")
    session = tokens["refresh_token"].split(".")[1]
    mine, theirs = tokens["account"]["id"], parent["account"]["id"]
    good = issuer.mint_account("demo", "student", mine, session)
    assert door.me({"access_token": good}).status_code == 200
    for token in (
        issuer.mint_account("demo", "parent", theirs, session),
        issuer.mint_account("other", "student", mine, session),
        issuer.mint_account("demo", "student", mine, new_id()),
        issuer.mint_account("demo", "student", mine, None, sid=None),
        issuer.mint_account("demo", "student", mine, "x"),
        issuer.mint_account("demo", "student", "not-a-uuid", session),
        issuer.mint_account("demo", "student", UUID(int=0), session),
        issuer.mint_account("demo", "student", mine, session, sid=[session]),
        issuer.mint_account("demo", "student", mine, session, exp=1),
    ):
        assert door.code(door.me({"access_token": token})) == DEAD


def test_what_ran_out_is_forgotten_and_the_rest_is_not(door, kim, academy):
    kept = door.settled(KIM)
    door.settled(PARENT)
    for login in ("01000000001", "01000000002"):
        door.sign_in(login, "wrong")
    for _ in range(11):
        door.sign_in("01000000003", "wrong")
    academy.all("UPDATE sign_in_attempt SET first_at = now() - interval '16 minutes' RETURNING 1")
    door.sign_in("01000000002", "wrong")  # begins anew
    academy.all(
        "UPDATE account_session SET expires_at = now() WHERE account_id <> %s RETURNING 1",
        kept["account"]["id"],
    )
    prune(academy.db.database, datetime.now(UTC))
    assert academy.all("SELECT account_id::text FROM account_session") == [(kept["account"]["id"],)]
    assert academy.all("SELECT count(*) FROM sign_in_attempt") == [(2,)], "one in its window, one locked"
    prune(academy.db.database, datetime.now(UTC) + timedelta(minutes=16))
    assert academy.all("SELECT count(*) FROM sign_in_attempt") == [(0,)]
