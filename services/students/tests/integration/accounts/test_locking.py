"""Guessing: it locks the account and not the service, and no answer, log line or clock tells who exists."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random
from statistics import median

import pytest
from servicekit import passwords
from students.domain.accounts import MAX_GUESSES

KIM, LEE, PARENT = "01011112222", "01022223333", "01099998888"
INITIAL, OWN = "처음-pass1", "own password 1"
INVALID, LOCKED = (401, "invalid_credentials"), (429, "sign_in_locked")


@pytest.fixture
def verified(monkeypatch):
    """Every password that was really compared."""
    seen = []
    verify = passwords.verify_password

    def noting(hashed, password):
        seen.append(password)
        return verify(hashed, password)

    monkeypatch.setattr(passwords, "verify_password", noting)
    return seen


@pytest.mark.parametrize("login", [KIM, "01012121212"], ids=["known", "unknown"])
def test_a_hundred_parallel_guesses_lock_the_account_and_not_the_service(
    door, kim, enrol, verified, academy, login
):
    enrol({"name": "이둘", "parent_phone": "01088887777", "student_phone": LEE})
    door.settled(KIM)
    door.settled(LEE)
    door.app.extensions[
        "servicekit"
    ].deps.hasher._patience = 60  # on a slow machine "busy" would be right too
    verified.clear()
    gate = threading.Barrier(101)

    def guess(number):
        gate.wait(30)
        return door.code(door.sign_in(login, f"guess-{number}"))

    def other():
        gate.wait(30)
        return [door.sign_in(LEE).status_code for _ in range(5)]

    with ThreadPoolExecutor(101) as pool:
        among = pool.submit(other)
        answers = list(pool.map(guess, range(100)))
        assert among.result() == [200] * 5
    guesses = [password for password in verified if password.startswith("guess-")]
    assert Counter(answers) == {INVALID: MAX_GUESSES, LOCKED: 100 - MAX_GUESSES}
    assert len(guesses) == MAX_GUESSES
    locked = door.sign_in(login)
    assert door.code(locked) == LOCKED, "the right password too"
    assert 0 < int(locked.headers["Retry-After"]) <= 900
    assert door.sign_in(LEE).status_code == 200
    assert academy.all("SELECT count(*) FROM audit WHERE action = 'sign_in_locked'") == [(int(login == KIM),)]


def test_a_lock_answers_alike_for_known_and_unknown_ids(door, kim, enrol, academy):
    enrol({"name": "김하나", "parent_phone": PARENT, "student_phone": KIM}, tenant="other")
    door.settled(KIM)

    def course(login, tenant="demo"):
        answers = [door.sign_in(login, "wrong", tenant) for _ in range(MAX_GUESSES + 2)]
        last = answers[-1]
        body = {name: text for name, text in last.get_json().items() if name != "request_id"}
        assert 880 < int(last.headers["Retry-After"]) <= 900
        return [door.code(answer) for answer in answers], body

    expected = course("01012121212")
    assert expected[0] == [INVALID] * MAX_GUESSES + [LOCKED] * 2
    assert course(KIM) == expected
    assert course(PARENT) == expected
    assert course("nobody-at-all") == expected
    assert course(KIM, "nowhere") == expected
    assert door.code(door.sign_in(KIM, INITIAL, "other")) == (403, "password_change_required"), (
        "another academy's account of the same id is another account"
    )


def test_a_lock_is_of_the_id_however_it_is_spelt_and_of_both_doors(door, kim):
    door.settled(KIM)
    spellings = ["01011112222", "010-1111-2222", "+82 10 1111 2222", "010.1111.2222", "(010) 1111-2222"]
    answers = [door.sign_in(text, "wrong") for text in spellings]
    answers += [door.change(text, "wrong", "another one") for text in spellings]
    assert [door.code(answer) for answer in answers] == [INVALID] * 10
    assert door.code(door.change(KIM, OWN, "another one")) == LOCKED
    assert door.code(door.sign_in(KIM)) == LOCKED


def test_a_lock_ends_after_a_quarter_of_an_hour_and_success_clears_the_count(door, kim, academy):
    door.settled(KIM)
    for _ in range(MAX_GUESSES - 1):
        assert door.code(door.sign_in(KIM, "wrong")) == INVALID
    assert door.sign_in(KIM).status_code == 200
    assert academy.all("SELECT count(*) FROM sign_in_attempt") == [(0,)]
    for _ in range(MAX_GUESSES):
        assert door.code(door.sign_in(KIM, "wrong")) == INVALID
    assert door.code(door.sign_in(KIM)) == LOCKED
    [(seconds,)] = academy.all("SELECT extract(epoch FROM locked_until - now())::int FROM sign_in_attempt")
    assert 890 <= seconds <= 900
    academy.all("UPDATE sign_in_attempt SET locked_until = now() RETURNING 1")
    assert door.sign_in(KIM).status_code == 200


def test_guesses_far_apart_do_not_add_up(door, kim, academy):
    door.settled(KIM)
    for _ in range(2):
        for _ in range(MAX_GUESSES):
            assert door.code(door.sign_in(KIM, "wrong")) == INVALID
        academy.all("UPDATE sign_in_attempt SET first_at = now() - interval '15 minutes' RETURNING 1")
    assert door.sign_in(KIM).status_code == 200


def test_a_lock_is_in_the_trail_once_of_each_person_and_names_nobody(door, enrol, academy):
    enrol({"name": "김하나", "parent_phone": PARENT}, {"name": "김두리", "parent_phone": PARENT})
    for _ in range(MAX_GUESSES + 5):
        door.sign_in(PARENT, "wrong")
    trail = academy.all("SELECT actor, pseudonym, details FROM audit WHERE action = 'sign_in_locked'")
    assert [(actor, details) for actor, _, details in trail] == [("anonymous", {})] * 2
    assert len({pseudonym for _, pseudonym, _ in trail}) == 2


def test_a_class_behind_one_address_signs_in_and_a_guesser_there_is_stopped(door, enrol, academy):
    rows = [{"name": f"학생{n}", "parent_phone": f"0105555{n:04d}"} for n in range(3)]
    enrol(*rows)
    for row in rows:
        door.settled(row["parent_phone"])
    door.sign_in("01000000000", "wrong")
    assert academy.all("SELECT count FROM throttle") == [(1,)], "what succeeds is not counted"
    academy.all("UPDATE throttle SET count = 299 RETURNING 1")
    assert door.code(door.sign_in("01000000001", "wrong")) == INVALID
    stopped = door.sign_in("01000000002", "wrong")
    assert door.code(stopped) == (429, "too_many_requests")
    assert 0 < int(stopped.headers["Retry-After"]) <= 600
    assert academy.all("SELECT count(*) FROM sign_in_attempt") == [(2,)], "and nothing is written for it"
    door.address = "198.51.100.9"
    assert door.sign_in(rows[0]["parent_phone"]).status_code == 200
    door.address = "1.2.3.4, 203.0.113.7"  # what a caller writes in front changes nothing
    assert door.code(door.sign_in("01000000003", "wrong")) == (429, "too_many_requests")


def test_when_every_slot_is_busy_the_answer_is_busy_and_costs_no_guess(door, kim, academy):
    hasher = door.app.extensions["servicekit"].deps.hasher
    door.settled(KIM)
    hasher._patience = 0.01
    with hasher._slot(), hasher._slot():
        answer = door.sign_in(KIM)
        assert door.code(answer) == (503, "busy")
        assert answer.headers["Retry-After"] == "1"
        assert door.app.test_client().get("/health").status_code == 200
    assert academy.all("SELECT failures FROM sign_in_attempt") == [(0,)]
    assert door.sign_in(KIM).status_code == 200


def rank_share(ours, theirs):
    """Mann-Whitney: how often one of ours is slower than one of theirs; 0.5 when nothing tells them apart."""
    return sum((a > b) + (a == b) / 2 for a in ours for b in theirs) / (len(ours) * len(theirs))


def times(door, logins, rounds=40):
    """Seconds of refused sign-ins by kind, the kinds taking turns so that a busy machine slows all alike."""
    taken = {kind: [] for kind in logins}
    turns = Random(7)
    for number in range(rounds):
        for kind in turns.sample(list(logins), len(logins)):
            login, academy = logins[kind]
            began = time.perf_counter()
            assert door.code(door.sign_in(login(number), "wrong", academy)) == INVALID
            taken[kind].append(time.perf_counter() - began)
    return taken


@pytest.fixture
def kinds(enrol, academy):
    """A different account per sample, so that none locks."""
    rows = [
        {"name": f"학생{n}", "parent_phone": f"0105555{n:04d}", "student_phone": f"0106666{n:04d}"}
        for n in range(80)
    ]
    gone = enrol(*rows)[40:]
    academy.delete(*gone)
    return {
        "student": (lambda n: f"0106666{n:04d}", "demo"),
        "unknown id": (lambda n: f"0107777{n:04d}", "demo"),
        "unknown academy": (lambda n: f"0106666{n:04d}", "nowhere"),
        "deleted student": (lambda n: f"0106666{n + 40:04d}", "demo"),
        "parent": (lambda n: f"0105555{n:04d}", "demo"),
        "childless parent": (lambda n: f"0105555{n + 40:04d}", "demo"),
    }


def test_known_and_unknown_accounts_take_the_same_time(door, kinds):
    taken = times(door, kinds)
    known = taken.pop("student")
    # 40 samples each: the share is 0.5 ± 0.065 by chance alone, and four times that never happens
    seen = {
        kind: (rank_share(theirs, known), median(theirs) / median(known)) for kind, theirs in taken.items()
    }
    assert {kind: figures for kind, figures in seen.items() if not 0.24 < figures[0] < 0.76} == {}
    assert {kind: figures for kind, figures in seen.items() if not 0.67 < figures[1] < 1.5} == {}


def test_the_clock_would_tell_if_nobody_was_hashed_for_an_unknown_account(door, kinds, monkeypatch):
    """The measure above catches what it is there for."""
    verify = passwords.verify_password
    monkeypatch.setattr(
        passwords, "verify_password", lambda hashed, given: hashed is not None and verify(hashed, given)
    )
    taken = times(door, {kind: kinds[kind] for kind in ("student", "unknown id")}, 15)
    assert rank_share(taken["unknown id"], taken["student"]) < 0.24
    assert median(taken["unknown id"]) / median(taken["student"]) < 0.67


GOOD = {"academy": "demo", "login_id": KIM, "password": "x"}
HOSTILE = [
    ({}, 422, "invalid_request"),
    ([], 422, "invalid_request"),
    ("text", 422, "invalid_request"),
    ({**GOOD, "role": "owner"}, 422, "invalid_request"),
    ({**GOOD, "academy": None}, 422, "invalid_request"),
    ({**GOOD, "academy": ""}, 422, "invalid_request"),
    ({**GOOD, "academy": 7}, 422, "invalid_request"),
    ({**GOOD, "academy": ["demo"]}, 422, "invalid_request"),
    ({**GOOD, "academy": "demo' OR '1'='1"}, 422, "invalid_request"),
    ({**GOOD, "academy": "../demo"}, 422, "invalid_request"),
    ({**GOOD, "academy": "학원"}, 422, "invalid_request"),
    ({**GOOD, "academy": "a" * 64}, 422, "invalid_request"),
    ({**GOOD, "academy": "a" * 63}, 401, "invalid_credentials"),
    ({**GOOD, "academy": "nowhere"}, 401, "invalid_credentials"),
    ({**GOOD, "login_id": ""}, 422, "invalid_request"),
    ({**GOOD, "login_id": "   "}, 422, "invalid_request"),
    ({**GOOD, "login_id": 1011112222}, 422, "invalid_request"),
    ({**GOOD, "login_id": {"$ne": ""}}, 422, "invalid_request"),
    ({**GOOD, "login_id": "a\0b"}, 422, "invalid_request"),
    ({**GOOD, "login_id": "a\nb"}, 422, "invalid_request"),
    ({**GOOD, "login_id": "x" * 101}, 422, "invalid_request"),
    ({**GOOD, "login_id": "' OR 1=1 --"}, 401, "invalid_credentials"),
    ({**GOOD, "login_id": "%"}, 401, "invalid_credentials"),
    ({**GOOD, "login_id": "김하나"}, 401, "invalid_credentials"),
    ({**GOOD, "login_id": "İSTANBUL"}, 401, "invalid_credentials"),
    ({**GOOD, "password": ""}, 422, "invalid_request"),
    ({**GOOD, "password": None}, 422, "invalid_request"),
    ({**GOOD, "password": 1234}, 422, "invalid_request"),
    ({**GOOD, "password": ["x"]}, 422, "invalid_request"),
    ({**GOOD, "password": "x" * 129}, 422, "invalid_request"),
    ({**GOOD, "password": "x" * 128}, 401, "invalid_credentials"),
    ({**GOOD, "password": "a\0b"}, 422, "invalid_request"),
    ({**GOOD, "password": " "}, 401, "invalid_credentials"),
    ({**GOOD, "password": "비밀번호🔑"}, 401, "invalid_credentials"),
]


@pytest.mark.parametrize("path", ["", "password/"])
def test_hostile_sign_ins_are_refused_with_a_code(door, kim, path):
    for body, status, code in HOSTILE:
        sent = {**body, "new_password": "another one"} if path and isinstance(body, dict) else body
        answer = door.post(path, sent)
        assert door.code(answer) == (status, code), body
        assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("path", ["refresh/", "revoke/"])
@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"refresh_token": None},
        {"refresh_token": 1},
        {"refresh_token": ["x"]},
        {"refresh_token": "x\0"},
        {"refresh_token": "x" * 1001},
        {"refresh_token": "x", "more": 1},
        {"access_token": "x"},
    ],
)
def test_a_renewal_without_a_token_is_no_request(door, path, body):
    assert door.code(door.post(path, body)) == (422, "invalid_request")


@pytest.mark.parametrize(
    ("path", "method"), [("", "GET"), ("password/", "GET"), ("refresh/", "PUT"), ("keys/", "POST")]
)
def test_the_doors_have_one_method_each(door, path, method):
    answer = door.app.test_client().open(f"/api/v1/students/token/{path}", method=method, json={})
    assert door.code(answer) == (405, "method_not_allowed")


def test_nothing_of_who_signs_in_is_in_a_log(door, kim, caplog, academy):
    caplog.set_level(logging.DEBUG)  # as LOG_LEVEL=DEBUG does
    tokens = door.settled(KIM)
    door.sign_in(KIM, "guess-one-two")
    door.sign_in("01056565656", "guess-one-two")
    door.change(KIM, OWN, "my third secret")
    door.refresh(tokens["refresh_token"])
    for _ in range(MAX_GUESSES + 1):
        door.sign_in(KIM, "guess-one-two")
    said = " ".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    for secret in (KIM, "01056565656", OWN, "guess-one-two", "my third secret", INITIAL, "김하나",
                   tokens["refresh_token"].split(".")[2], tokens["access_token"], "$argon2id"):  # fmt: skip
        assert secret not in said
    assert "guess-one-two" not in repr(academy.contents(but=()))
