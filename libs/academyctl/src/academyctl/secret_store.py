"""Passwords and keys of the local stack: generated once, kept in files only their owner reads."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path


def write_private(path: Path, content: bytes) -> None:
    """Replace a file by one of mode 0600, whole or not at all."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


class SecretStore:
    """Random secrets by name, in one JSON file."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "secrets.json"
        self._known: dict[str, str] = json.loads(self._path.read_text()) if self._path.exists() else {}

    def get(self, name: str, size: int = 24) -> str:
        """The secret of this name, `size` bytes in hex; made on first use."""
        if name not in self._known:
            self._known[name] = secrets.token_hex(size)
            write_private(self._path, json.dumps(self._known, indent=1, sort_keys=True).encode())
        return self._known[name]
