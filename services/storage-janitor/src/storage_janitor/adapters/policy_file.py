"""Reads the policy: the one that comes with this build, or a file that an operator tries out."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from storage_janitor.domain.policies import Policy, PolicyError, parse

NAME = "retention.toml"


def built_in() -> Policy:
    """Raises PolicyError."""
    return parse((files("storage_janitor") / NAME).read_text(encoding="utf-8"))


def read(path: Path) -> Policy:
    """Raises PolicyError, OSError."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise PolicyError([("not_toml", "not UTF-8")]) from None
    return parse(text)
