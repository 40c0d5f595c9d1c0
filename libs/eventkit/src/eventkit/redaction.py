"""How a person is recognised in events and in texts, and what is taken out. Pure: no I/O."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from contracts.identity import name_key
from contracts.tenant import TENANT

MASK = "***"
PURGED = "students.student.purged"
_RECEIPT = ".erasure.completed"

_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PHONE = re.compile(r"010[-. ]?[0-9]{4}[-. ]?[0-9]{4}")
_NOT_DIGIT = re.compile(r"[^0-9]")
_TYPE = re.compile(r'"type"\s*:\s*"([^"]*)"')
_TENANT_ID = re.compile(r'"tenantid"\s*:\s*"([^"]*)"')

Table = dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to be erased; `name` and phones are empty where only the id is known (a replayed purge).

    Several of one id are one person under several names or numbers.
    """

    id: UUID
    name: str
    parent_phone: str
    student_phone: str | None = None


class Known:
    """People, and what a row or a text is recognised as theirs by."""

    def __init__(self, people: Iterable[Person]) -> None:
        self._ids: dict[str, list[Person]] = {}
        self._phones: dict[str, list[Person]] = {}
        self._pairs: dict[tuple[str, str], UUID] = {}
        for person in people:
            self._ids.setdefault(str(person.id), []).append(person)
            if not person.name:
                continue
            for phone in filter(None, (person.parent_phone, person.student_phone)):
                self._phones.setdefault(phone, []).append(person)
            self._pairs.setdefault((name_key(person.name), person.parent_phone), person.id)

    def owner(self, student_id: str | None, name: str | None, parent_phone: str | None) -> UUID | None:
        """Whose row this is; a row with a student's id is that student's, whatever else it says."""
        if student_id is not None:
            found = self._ids.get(student_id)
            return found[0].id if found else None
        if not name or not parent_phone or parent_phone not in self._phones:
            return None
        return self._pairs.get((name_key(name), parent_phone))

    def named_in(self, text: str) -> list[Person]:
        """Those whose id is in the text, or whose name and one of whose phones are."""
        found = [p for student_id in set(_ID.findall(text)) for p in self._ids.get(student_id.lower(), ())]
        phones = {_NOT_DIGIT.sub("", phone) for phone in _PHONE.findall(text)}
        by_phone = (person for phone in phones for person in self._phones.get(phone, ()))
        return [
            *found,
            *(p for p in by_phone if p not in found and any(n in text for n in _spellings(p.name))),
        ]


def is_about_erasure(type: str) -> bool:
    """Purges and their receipts are how everybody learns of it, and stay as they are."""
    return type == PURGED or type.endswith(_RECEIPT)


def redact(body: str, known: Known, *, waiting: bool = False) -> tuple[str, Counter[UUID]] | None:
    """The event without the rows of these people, and how many each had; None when it holds none of them.

    A numbered row is a roster's: its import waits for an answer to each, so it stays and says nothing.
    `waiting`: the event has not left; a roster on its way asks for whoever it names, and is let through.
    """
    document = orjson.loads(body)
    data = document["data"]
    taken: Counter[UUID] = Counter()
    for field, table in data.items():
        if not _names_people(table) or ("row" in table and waiting):
            continue
        owners = [known.owner(*row) for row in _identities(table)]
        held = Counter(owner for owner in owners if owner is not None)
        if held:
            data[field] = _masked(table, owners) if "row" in table else _without(table, owners)
            taken += held
    return (dump(document), taken) if taken else None


def without_names(purged: str, erasure_ids: Collection[str]) -> str | None:
    """A purge event that names nobody any more; None when it is of none of these erasures."""
    document = orjson.loads(purged)
    table = document["data"]["students"]
    nobody = [""] * len(table["student_id"])
    if document["data"]["erasure_id"] not in erasure_ids or table["parent_phone"] == nobody:
        return None
    table.update(name=nobody, parent_phone=nobody, student_phone=[None] * len(nobody))
    return dump(document)


def dump(document: Mapping[str, Any]) -> str:
    """As envelope.encode writes it: SQS refuses U+FFFE and U+FFFF unless escaped."""
    return orjson.dumps(document).decode().replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")


def mask(text: str, known: Known) -> tuple[str, Counter[UUID]] | None:
    """A text that is no event, with the names and phones of the people in it unreadable; None without any."""
    masked, taken = text, Counter[UUID]()
    for person in known.named_in(text):
        for secret in filter(None, (person.name, person.parent_phone, person.student_phone)):
            for spelling in _spellings(secret):
                masked = masked.replace(spelling, MASK)
        taken[person.id] = 1
    return (masked, taken) if masked != text else None


def hint(text: str) -> tuple[str, str | None]:
    """The type ("" if none) and the tenant that a text which is no readable event seems to have."""
    type_, tenant = _TYPE.search(text), _TENANT_ID.search(text)
    known = tenant is not None and TENANT.fullmatch(tenant[1])
    return type_[1] if type_ else "", known[0] if known else None


def _names_people(table: object) -> bool:
    if not isinstance(table, dict) or not all(isinstance(cells, list) for cells in table.values()):
        return False
    # of a numbered row that is an id and nothing else, nothing could be taken
    return {"name", "parent_phone"} <= table.keys() or ("student_id" in table and "row" not in table)


def _identities(table: Table) -> Iterable[tuple[str | None, str | None, str | None]]:
    nothing = [None] * len(next(iter(table.values()), ()))
    return zip(
        table.get("student_id", nothing),
        table.get("name", nothing),
        table.get("parent_phone", nothing),
        strict=True,
    )


def _without(table: Table, owners: list[UUID | None]) -> Table:
    return {
        name: [cell for cell, owner in zip(cells, owners, strict=True) if owner is None]
        for name, cells in table.items()
    }


def _masked(table: Table, owners: list[UUID | None]) -> Table:
    def blank(column: str, cell: Any) -> Any:
        return cell if column == "row" else MASK if column in ("name", "parent_phone") else None

    return {
        name: [
            cell if owner is None else blank(name, cell) for cell, owner in zip(cells, owners, strict=True)
        ]
        for name, cells in table.items()
    }


def _spellings(text: str) -> set[str]:
    """As it is, as JSON writes it, a phone also in groups."""
    escaped = {text, orjson.dumps(text).decode()[1:-1], text.encode("unicode_escape").decode()}
    if _PHONE.fullmatch(text):
        escaped |= {f"{text[:3]}{mark}{text[3:7]}{mark}{text[7:]}" for mark in "-. "}
    return escaped
