"""The whole stack as a fixture. It is shared: tests that kill parts stand in e2e/test_disturbed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from testkit.stack import LocalStack, shared_stack


@pytest.fixture(scope="session")
def stack(server_directory: Path) -> Iterator[LocalStack]:
    """One running stack for all tests of the session that leave its parts alone."""
    with shared_stack(server_directory) as shared:
        yield shared
