"""What measurements share."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime

import psutil


def machine() -> str:
    """When and on what, for README."""
    cores, memory = os.cpu_count(), psutil.virtual_memory().total / 2**30
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {cores} cores, {memory:.0f} GiB, Python {platform.python_version()}"
    )
