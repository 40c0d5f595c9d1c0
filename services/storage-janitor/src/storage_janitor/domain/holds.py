"""Holds: what stays whatever the policy says, with a reason and an end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

VIDEOS = "video"
"""The bucket of originals."""


class HoldKind(StrEnum):
    """What a hold is on. PREFIX: the keys of one bucket that begin so; TENANT: all of an academy."""

    STUDENT = "student"
    VIDEO = "video"
    PREFIX = "prefix"
    TENANT = "tenant"


@dataclass(frozen=True, slots=True)
class Hold:
    """`value`: the student's or video's id, the prefix, or the tenant. `bucket` of a PREFIX alone.

    `original`: the key of a video's upload, which does not tell whose it is; None while no event has told it.
    """

    id: UUID
    kind: HoldKind
    tenant: str
    bucket: str | None
    value: str
    expires_at: datetime
    original: str | None = None


class Holds:
    """Those in force at one moment; asks in constant time, however many there are."""

    def __init__(self, holds: Iterable[Hold]) -> None:
        self._by_value: dict[str, list[Hold]] = defaultdict(list)
        self._by_original: dict[str, list[Hold]] = defaultdict(list)
        self._prefixes: list[Hold] = []
        for hold in holds:
            if hold.kind is HoldKind.PREFIX:
                self._prefixes.append(hold)
            else:
                self._by_value[hold.value].append(hold)
            if hold.original is not None:
                self._by_original[hold.original].append(hold)

    def of(self, bucket: str, key: str, values: Mapping[str, str]) -> list[Hold]:
        """The holds on an object; `values` are the key's, none for one of unknown shape.

        A folder or a name that is what a hold is on counts, whatever the shape: in doubt it stays.
        """
        parts = dict.fromkeys([*key.split("/"), *values.values()])
        found = [hold for part in parts for hold in self._by_value.get(part, ()) if hold.tenant in parts]
        found += self._by_original.get(key, ()) if bucket == VIDEOS else ()
        return found + [
            hold for hold in self._prefixes if hold.bucket == bucket and key.startswith(hold.value)
        ]

    def may_be_on(self, bucket: str, prefix: str, names: Collection[str]) -> bool:
        """Whether one may be on an object below a prefix whose keys have placeholders of these names."""
        if any(hold.bucket == bucket and _nested(hold.value, prefix) for hold in self._prefixes):
            return True
        return any(hold.kind in names for holds in self._by_value.values() for hold in holds)


def _nested(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)
