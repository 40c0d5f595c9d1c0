"""Argon2id: costs, the account that does not exist, and few hashes at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import extract_parameters
from servicekit import passwords
from servicekit.passwords import Hasher, hash_password, verify_password
from servicekit.problem import Problem
from testkit.waiting import wait_until


def test_a_password_verifies_and_another_does_not() -> None:
    hashed = hash_password("비밀번호 1")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert hash_password("비밀번호 1") != hashed
    assert verify_password(hashed, "비밀번호 1")
    for wrong in ("비밀번호 2", "", "비밀번호 1 ", "비밀번호1"):
        assert not verify_password(hashed, wrong)


@pytest.mark.parametrize("hashed", [None, "", "x", "$argon2id$", "$2b$12$" + "a" * 53])
def test_what_is_no_hash_admits_nobody(hashed: str | None) -> None:
    assert not verify_password(hashed, "")
    assert not verify_password(hashed, "anything")


def test_nobodys_hash_costs_what_everybodys_does() -> None:
    assert extract_parameters(passwords._NOBODY) == extract_parameters(hash_password("x"))


class Slow:
    """Verifying that takes until it is let go; counts who is at it."""

    def __init__(self) -> None:
        self.running = self.most = 0
        self.go = threading.Event()
        self._lock = threading.Lock()

    def __call__(self, hashed: str | None, password: str) -> bool:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
        self.go.wait(10)
        with self._lock:
            self.running -= 1
        return True


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    made = Slow()
    monkeypatch.setattr(passwords, "verify_password", made)
    return made


def test_so_many_hashes_run_at_once_and_the_others_wait(slow: Slow) -> None:
    hasher = Hasher(at_once=3, patience=10)
    with ThreadPoolExecutor(12) as pool:
        answers = [pool.submit(hasher.verify, None, "x") for _ in range(12)]
        wait_until(lambda: slow.running == 3)
        slow.go.set()
        assert [answer.result() for answer in answers] == [True] * 12
    assert slow.most == 3


def test_who_waits_too_long_is_told_that_it_is_busy_and_the_slots_come_back(slow: Slow) -> None:
    hasher = Hasher(at_once=1, patience=0.01)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(hasher.verify, None, "x")
        wait_until(lambda: slow.running == 1)
        for ask in (lambda: hasher.verify(None, "x"), lambda: hasher.hash("x")):
            with pytest.raises(Problem) as busy:
                ask()
            assert (busy.value.status, busy.value.code, busy.value.headers) == (
                503,
                "busy",
                {"Retry-After": "1"},
            )
        slow.go.set()
        assert first.result()
    assert hasher.verify(None, "x")


def test_a_failing_hash_gives_its_slot_back(monkeypatch: pytest.MonkeyPatch) -> None:
    hasher = Hasher(at_once=1, patience=0.01)

    def broken(_password: str) -> str:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(passwords, "hash_password", broken)
        with pytest.raises(MemoryError):
            hasher.hash("x")
    assert hasher.hash("x").startswith("$argon2id$")
