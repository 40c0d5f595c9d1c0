"""A teacher with files, on the shared stack or on one that may be disturbed."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from testkit.cinema import Cinema
from testkit.stack import LocalStack


@pytest.fixture(scope="module")
def cinema(stack: LocalStack) -> Cinema:
    return Cinema(stack, f"cin-{uuid4().hex[:12]}")


@pytest.fixture
def new_cinema(own_stack: LocalStack) -> Callable[[], Cinema]:
    return lambda: Cinema(own_stack, f"cin-{uuid4().hex[:12]}")
