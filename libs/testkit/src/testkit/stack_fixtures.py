"""Fixtures that start the whole stack. `stack` is shared: a test that kills parts takes `own_stack`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from testkit.stack import LocalStack, impatient_stack, shared_stack


@pytest.fixture(scope="session")
def stack(server_directory: Path) -> Iterator[LocalStack]:
    """One running stack for all tests of the session that leave its parts alone."""
    with shared_stack(server_directory) as shared:
        yield shared


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A new one for a file that kills and starves its parts, and counts all there is in it."""
    with impatient_stack(tmp_path_factory.mktemp("own")) as stack:
        yield stack
