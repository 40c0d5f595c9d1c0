"""Holds: what stays whatever the policy says, with a reason and an end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class HoldKind(StrEnum):
    """What a hold is on. PREFIX: the keys of one bucket that begin so; TENANT: all of an academy."""

    STUDENT = "student"
    VIDEO = "video"
    PREFIX = "prefix"
    TENANT = "tenant"


@dataclass(frozen=True, slots=True)
class Hold:
    """`value`: the student's or video's id, the prefix, or the tenant. `bucket` of a PREFIX alone."""

    id: UUID
    kind: HoldKind
    tenant: str
    bucket: str | None
    value: str
    expires_at: datetime


class Holds:
    """Those in force at one moment; asks in constant time, however many there are."""

    def __init__(self, holds: Iterable[Hold]) -> None:
        self._by_value: dict[tuple[HoldKind, str, str], Hold] = {}
        self._prefixes: list[Hold] = []
        for hold in holds:
            if hold.kind is HoldKind.PREFIX:
                self._prefixes.append(hold)
            else:
                self._by_value[hold.kind, hold.tenant, hold.value] = hold

    def of(self, bucket: str, key: str, values: Mapping[str, str]) -> list[Hold]:
        """The holds on an object; `values` are the key's: tenant, and video or student where it has one."""
        tenant = values.get("tenant", "")
        asked = [(HoldKind.TENANT, tenant, tenant)]
        asked += [
            (kind, tenant, values[kind.value])
            for kind in (HoldKind.VIDEO, HoldKind.STUDENT)
            if kind.value in values
        ]
        found = [self._by_value[one] for one in asked if one in self._by_value]
        return found + [
            hold for hold in self._prefixes if hold.bucket == bucket and key.startswith(hold.value)
        ]
