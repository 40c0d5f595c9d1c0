"""What a sheet may cost."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class SheetLimits:
    """Measured: 100,000 rows of 7 columns are 5 MB, 34 MB inflated, 2 s of CPU and 110 MB in the child."""

    max_bytes: int = 20 * MEBIBYTE
    max_inflated_bytes: int = 400 * MEBIBYTE
    max_ratio: int = 100
    max_members: int = 2000
    max_sheets: int = 50
    max_rows: int = 120_000
    max_columns: int = 256
    cpu_seconds: int = 60
    wall_seconds: float = 120.0
    memory_bytes: int = 768 * MEBIBYTE
