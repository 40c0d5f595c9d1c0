"""The event registry: every event type, its schema, and who receives it (DESIGN.md section 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from marshmallow import EXCLUDE, RAISE, Schema

from contracts.services import owner_of

Data = dict[str, Any]
Upcaster = Callable[[Data], Data]


class UnknownEventTypeError(LookupError):
    """No event of this name is registered."""


class IncompatibleEventError(ValueError):
    """The data does not fit the schema."""


class NewerEventError(ValueError):
    """The version is newer than this build knows."""


@dataclass(frozen=True, slots=True)
class EventType:
    """`name` is `<context>.<subject>.<past participle>`; `upcasters[n]` lifts data of version n to n + 1."""

    name: str
    schema: type[Schema]
    subscribers: tuple[str, ...]
    version: int = 1
    upcasters: Mapping[int, Upcaster] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """The service that owns and publishes this event."""
        return owner_of(self.name.split(".", 1)[0])

    def validate(self, data: Data) -> Data:
        """`data`, unchanged. Raises IncompatibleEventError, which names fields and never values."""
        return self._checked(_schema(self.schema, RAISE), data)

    def read(self, data: Data, version: int) -> Data:
        """Upcast data of an older `version` and validate it. Raises IncompatibleEventError, NewerEventError.

        Fields that this build does not know are let through: a newer producer may have added one.
        """
        if version > self.version:
            raise NewerEventError(f"{self.name}: version {version}, this build knows {self.version}")
        if version < 1:
            raise IncompatibleEventError(f"{self.name}: version {version}")
        for step in range(version, self.version):
            data = self.upcasters[step](data)
        return self._checked(_schema(self.schema, EXCLUDE), data)

    def _checked(self, schema: Schema, data: Data) -> Data:
        errors = schema.validate(data)
        if errors:
            raise IncompatibleEventError(f"{self.name}: {_field_names(errors)}")
        return data


@cache
def _schema(schema: type[Schema], unknown: Literal["exclude", "raise"]) -> Schema:
    """Building one costs more than using it."""
    return schema(unknown=unknown)


def _field_names(errors: Mapping[Any, Any]) -> str:
    return ", ".join(sorted(str(name) for name in errors))


class Registry:
    """Look-up by name and by subscriber."""

    def __init__(self, types: Iterable[EventType]) -> None:
        self._types = {event_type.name: event_type for event_type in types}

    def __iter__(self) -> Iterator[EventType]:
        return iter(self._types.values())

    def get(self, name: str) -> EventType:
        """Raises UnknownEventTypeError."""
        try:
            return self._types[name]
        except KeyError:
            raise UnknownEventTypeError(name) from None

    def consumed_by(self, service: str) -> frozenset[str]:
        return frozenset(t.name for t in self._types.values() if service in t.subscribers)

    def published_by(self, service: str) -> frozenset[str]:
        return frozenset(t.name for t in self._types.values() if t.source == service)
