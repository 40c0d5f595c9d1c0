"""A servicekit.storage.ObjectStore in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from eventkit.effects import Effects
from eventkit.errors import UnavailableError
from servicekit.storage import (
    BINARY,
    NotedStore,
    ObjectInfo,
    ObjectMissingError,
    ObjectStream,
    RangeNotSatisfiableError,
)


@dataclass
class MemoryObjects:
    """Key → bytes, and key → content type; `away` makes every call fail as a lost network does."""

    content: dict[str, bytes] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    away: bool = False
    puts: int = 0

    def put_file(
        self, key: str, path: Path, content_type: str = BINARY, *, cache_control: str | None = None
    ) -> None:
        self._reach()
        self.puts += 1
        self.content[key], self.types[key] = path.read_bytes(), content_type

    def download_to(self, key: str, path: Path) -> None:
        path.write_bytes(self._found(key))

    def head(self, key: str) -> ObjectInfo:
        return ObjectInfo(key, len(self._found(key)), self.types.get(key, BINARY))

    def open(self, key: str, byte_range: tuple[int, int | None] | None = None) -> ObjectStream:
        content = self._found(key)
        first, last = byte_range or (0, None)
        if byte_range and first >= len(content):
            raise RangeNotSatisfiableError
        end = len(content) - 1 if last is None else min(last, len(content) - 1)
        return ObjectStream(self.head(key), (part for part in [content[first : end + 1]]), first, end)

    def read_range(self, key: str, start: int, length: int) -> bytes:
        return self._found(key)[start : start + length]

    def delete(self, keys: Sequence[str]) -> None:
        self._reach()
        for key in keys:
            self.content.pop(key, None)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        self._reach()
        return (self.head(key) for key in sorted(self.content) if key.startswith(prefix))

    def presign_get(self, key: str, expires: timedelta, filename: str) -> str:
        return f"https://storage.test/{key}?seconds={int(expires.total_seconds())}&name={filename}"

    def recording(self, effects: Effects) -> NotedStore:
        """Its twin in a rehearsal."""
        return NotedStore(self, effects)

    def _found(self, key: str) -> bytes:
        self._reach()
        if key not in self.content:
            raise ObjectMissingError
        return self.content[key]

    def _reach(self) -> None:
        if self.away:
            raise UnavailableError("storage: test")
