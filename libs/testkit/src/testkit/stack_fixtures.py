"""Fixtures that start the whole stack. `stack` is shared: a test that kills parts takes `start_stack`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from testkit.stack import LocalStack, impatient_stack, running_stack, shared_stack

StartStack = Callable[[Path], LocalStack]


@pytest.fixture(scope="session")
def stack(server_directory: Path) -> Iterator[LocalStack]:
    """One running stack for all tests of the session that leave its parts alone."""
    with shared_stack(server_directory) as shared:
        yield shared


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """One for the tests of a file that kill and starve its parts: nobody else may use it."""
    with impatient_stack(tmp_path_factory.mktemp("own")) as stack:
        yield stack


@pytest.fixture
def start_stack() -> Iterator[StartStack]:
    """`start_stack(data)`: a stack of one's own, stopped at the end of the test."""
    with ExitStack() as stopping:
        yield lambda data: stopping.enter_context(running_stack(data))
