"""When deleted records of one name and parent phone are one person's (operations guide 3.1)."""

from __future__ import annotations

_SEQUENCES = ("12345678", "23456789", "87654321", "98765432")

PLACEHOLDER_PHONES = frozenset(f"010{digits}" for digits in (*(str(n) * 8 for n in range(10)), *_SEQUENCES))
"""Numbers that people type when they have none: many families share them, so they join nobody."""


def is_placeholder(phone: str | None) -> bool:
    """Whether a stored parent phone says nothing about who the parent is."""
    return not (phone and phone.strip()) or phone in PLACEHOLDER_PHONES
