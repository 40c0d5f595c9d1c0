"""Generated login ids: a letter and eight digits, without the look-alikes i l o 0 1."""

from __future__ import annotations

import secrets

# 16 letters and 8 digits divide 256, so every random byte maps to a character without bias
_LETTERS = (b"abcdefghjkmnpqrt" * 16)[:256]
_DIGITS = b"23456789" * 32
_DIGIT_COUNT = 8


def login_ids(count: int) -> list[str]:
    """`count` different random ids (268 million exist); whether one is free is for the database to say."""
    found: set[str] = set()
    while len(found) < count:
        missing = count - len(found)
        letters = secrets.token_bytes(missing).translate(_LETTERS).decode()
        digits = secrets.token_bytes(missing * _DIGIT_COUNT).translate(_DIGITS).decode()
        found.update(
            letter + digits[at * _DIGIT_COUNT : (at + 1) * _DIGIT_COUNT] for at, letter in enumerate(letters)
        )
    return list(found)
