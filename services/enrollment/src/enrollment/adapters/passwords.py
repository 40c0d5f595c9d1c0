"""Argon2id for initial passwords."""

from __future__ import annotations

from argon2 import PasswordHasher, Type

# OWASP Password Storage Cheat Sheet: m = 19 MiB, t = 2, p = 1; 22 ms of one core
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)


def hash_password(password: str) -> str:
    """The PHC string ($argon2id$…) with a salt of its own."""
    hashed: str = _HASHER.hash(password)
    return hashed
