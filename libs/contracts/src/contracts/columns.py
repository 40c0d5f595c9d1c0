"""Bulk data in events: a table as columns, checked column by column (marshmallow per cell is 50x slower)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from marshmallow import ValidationError, fields

Column = tuple[type, ...]

TEXT: Column = (str,)
TEXT_OR_NONE: Column = (str, type(None))
INTEGER: Column = (int,)
INTEGER_OR_NONE: Column = (int, type(None))
BOOLEAN: Column = (bool,)


class Columns(fields.Field[dict[str, list[Any]]]):
    """`{"row": [2, 3], "name": ["김하나", "이두리"]}`: equal lengths, one allowed set of types per column.

    `optional` columns may be absent, so that a new one is a compatible change.
    """

    def __init__(
        self, required: Mapping[str, Column], optional: Mapping[str, Column] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(required=True, **kwargs)
        self.required_columns = dict(required)
        self.columns = {**required, **(optional or {})}

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> dict[str, list[Any]]:
        if not isinstance(value, dict):
            raise ValidationError("not a table of columns")
        missing = self.required_columns.keys() - value.keys()
        if missing:
            raise ValidationError(f"missing columns: {', '.join(sorted(missing))}")
        if len({len(cells) if isinstance(cells, list) else -1 for cells in value.values()}) != 1:
            raise ValidationError("columns differ in length")
        for name, allowed in self.columns.items():
            if not set(map(type, value.get(name, ()))) <= set(allowed):
                raise ValidationError(f"wrong type in column {name}")
        return value


def rows(columns: Mapping[str, Sequence[Any]], *names: str) -> list[tuple[Any, ...]]:
    """The table as tuples of the named columns; an absent optional column reads as None."""
    length = len(next(iter(columns.values()), ()))
    return list(zip(*(columns.get(name) or [None] * length for name in names), strict=True))


def concat(tables: Iterable[Mapping[str, Sequence[Any]]]) -> dict[str, list[Any]]:
    """Several tables as one; a column that any of them lacks is left out."""
    given = list(tables)
    shared = set.intersection(*(set(table) for table in given))
    return {name: [cell for table in given for cell in table[name]] for name in given[0] if name in shared}
