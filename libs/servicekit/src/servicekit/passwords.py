"""Argon2id for passwords that people choose; verifying takes as long when there is no account."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from servicekit.problem import Problem

# OWASP Password Storage Cheat Sheet: m = 19 MiB, t = 2, p = 1; 22 ms of one core
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
# of a password that nobody knows, with the same cost
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$Zgl7qRh4fnm6d7rmsBC5bw$kXBAvLqBYtLPsmiTvXdo4AQfVxtqjzHHbJPoQbmyBzo"


def hash_password(password: str) -> str:
    """The PHC string ($argon2id$…) with a salt of its own."""
    hashed: str = _HASHER.hash(password)
    return hashed


def verify_password(hashed: str | None, password: str) -> bool:
    """Whether `password` is the one behind `hashed`; None (no such account) costs the same and is False."""
    try:
        _HASHER.verify(hashed or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return hashed is not None


class Hasher:
    """Hashing that leaves a process responsive: `at_once` hashes, others wait up to `patience` seconds.

    One per process. Each hash takes a core for 22 ms and 19 MiB, so a flood of sign-ins must not take all.
    """

    def __init__(self, at_once: int = 2, patience: float = 2.0) -> None:
        self._slots = threading.BoundedSemaphore(at_once)
        self._patience = patience

    def hash(self, password: str) -> str:
        """As hash_password. Raises Problem 503 busy."""
        with self._slot():
            return hash_password(password)

    def verify(self, hashed: str | None, password: str) -> bool:
        """As verify_password. Raises Problem 503 busy, before it has looked at the password."""
        with self._slot():
            return verify_password(hashed, password)

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._slots.acquire(timeout=self._patience):
            raise Problem("busy", headers={"Retry-After": "1"})
        try:
            yield
        finally:
            self._slots.release()
