"""Whose a row of an import was, for an erasure: many rows have a name and a number, and no student."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from typing import NamedTuple, Protocol
from uuid import UUID

from contracts.identity import name_key

NAMELESS_FILE = "명단.xlsx"
MASK = "***"


class Named(Protocol):
    """Somebody under one name and number; several of one id are one person."""

    @property
    def id(self) -> UUID: ...
    @property
    def name(self) -> str: ...
    @property
    def parent_phone(self) -> str: ...


class Trace(NamedTuple):
    """A row that was `owner`'s."""

    job_id: UUID
    row: int
    owner: UUID


class NamesOfImports:
    """The people of one erasure. `in_use`: parents' numbers that other students have too."""

    def __init__(self, people: Iterable[Named], in_use: Collection[str]) -> None:
        named = list(people)
        self.ids = {person.id for person in named}
        self.phones = {person.parent_phone for person in named if person.parent_phone}
        self._pairs = {(name_key(p.name), p.parent_phone): p.id for p in named if p.name}
        self._names = {name_key(p.name): p.id for p in named if p.name}
        self._numbers = {p.parent_phone: p.id for p in named if p.parent_phone not in in_use}
        # one letter is in too many words to be a name in them
        self._spelt = {p.name for p in named if len(p.name) > 1}
        self._squeezed = {_squeezed(name) for name in self._spelt}

    def owner(self, student_id: UUID | None, name: str | None, parent_phone: str | None) -> UUID | None:
        """Whose row it was: its student's, else by name and number, else by the one of them that is there.

        A number alone says who only if nobody else has it.
        """
        if student_id is not None:
            return student_id if student_id in self.ids else None
        if not name:
            return self._numbers.get(parent_phone) if parent_phone else None
        if parent_phone is None:
            return self._names.get(name_key(name))
        return self._pairs.get((name_key(name), parent_phone))

    def renamed(self, file_name: str, message: str | None) -> tuple[str, str | None] | None:
        """A job's file name and error message with nobody's name in them; None when they had none."""
        squeezed = _squeezed(file_name)
        file = NAMELESS_FILE if any(name in squeezed for name in self._squeezed) else file_name
        told = message
        for name in self._spelt if message else ():
            told = told.replace(name, MASK) if told else told
        return (file, told) if (file, told) != (file_name, message) else None


def _squeezed(text: str) -> str:
    """A Mac decomposes the letters of a file name."""
    return "".join(unicodedata.normalize("NFC", text).split()).casefold()
