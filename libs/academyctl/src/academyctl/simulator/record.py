"""What the simulator took, delivered and billed: SQLite, committed before each answer: kill -9 loses none."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Row = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE, group_id TEXT NOT NULL, ledger TEXT, fields TEXT NOT NULL,
    recipient TEXT NOT NULL, sender TEXT NOT NULL, type TEXT NOT NULL, text TEXT NOT NULL, fallback TEXT,
    code TEXT NOT NULL, replaced INTEGER NOT NULL DEFAULT 0, price REAL NOT NULL,
    created REAL NOT NULL, updated REAL NOT NULL);
CREATE INDEX IF NOT EXISTS message_pending ON message (created) WHERE code IN ('2000', '3000');
CREATE INDEX IF NOT EXISTS message_group ON message (group_id);
CREATE INDEX IF NOT EXISTS message_created ON message (created);
CREATE TABLE IF NOT EXISTS signature (value TEXT PRIMARY KEY, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS webhook (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, message_id TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL);
CREATE TABLE IF NOT EXISTS template (id TEXT PRIMARY KEY, content TEXT NOT NULL, status TEXT NOT NULL,
    comment TEXT);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Record:
    """One connection, one writer at a time."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")  # outlives the process; not a power cut
        self._db.executescript(_SCHEMA)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction, which ends with the block."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            end = "ROLLBACK"
            try:
                yield
                end = "COMMIT"
            finally:
                self._db.execute(end)

    def run(self, statement: str, *values: Any) -> int:
        """Rows touched."""
        with self._lock:
            return self._db.execute(statement, values).rowcount

    def many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        with self._lock:
            self._db.executemany(statement, rows)

    def rows(self, query: str, *values: Any) -> list[Row]:
        with self._lock:
            return [dict(row) for row in self._db.execute(query, values)]

    def setting(self, name: str, default: Any) -> Any:
        """A value that an operator or a test may change."""
        found = self.rows("SELECT value FROM setting WHERE name = ?", name)
        return json.loads(found[0]["value"]) if found else default

    def set(self, values: Mapping[str, Any]) -> None:
        rows = [(name, json.dumps(value)) for name, value in values.items()]
        self.many("INSERT OR REPLACE INTO setting VALUES (?, ?)", rows)

    def close(self) -> None:
        with self._lock:
            self._db.close()
