"""The SQL that a block of code sends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import psycopg
from sqlalchemy import Engine, event


@contextmanager
def statements() -> Iterator[list[str]]:
    """`with statements() as seen:` what goes through SQLAlchemy meanwhile, and each COPY beside it."""
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    copy = psycopg.Cursor.copy

    def noted_copy(cursor: Any, statement: str, *args: Any, **options: Any) -> Any:
        seen.append(statement)
        return copy(cursor, statement, *args, **options)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with patch.object(psycopg.Cursor, "copy", noted_copy):
            yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)
