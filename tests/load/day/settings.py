"""tests/load/replay.toml: what a load has to meet, and the academies of the replay."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from academyctl.cost.declared import built, read

FILE = Path(__file__).resolve().parents[1] / "replay.toml"


@dataclass(frozen=True)
class Objective:
    """What a load has to meet to count as carried."""

    reads_p99_seconds: Decimal
    queue_age_seconds: Decimal
    errors: int


@dataclass(frozen=True)
class Academies:
    """How many, with how many students each; rows of a roster, recipients of a message."""

    tenants: int
    students: int
    roster_rows: int
    recipients: int


@dataclass(frozen=True)
class Settings:
    objective: Objective
    academies: Academies


def load_settings() -> Settings:
    """Raises DeclarationError, OSError."""
    return built(Settings, read(FILE), "replay")
