"""One stack whose parts these tests kill and starve, one after the other: each one costs half a minute."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from testkit.cinema import Cinema
from testkit.stack import LocalStack, impatient_stack


@pytest.fixture(scope="session")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """In place of one for each file: these tests look at their own academies only.

    Nobody else may use it: testkit.scheduling keeps this directory on one worker.
    """
    with impatient_stack(tmp_path_factory.mktemp("own")) as stack:
        yield stack


@pytest.fixture
def new_cinema(own_stack: LocalStack) -> Callable[[], Cinema]:
    return lambda: Cinema(own_stack, f"cin-{uuid4().hex[:12]}")
