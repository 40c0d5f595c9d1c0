"""A teacher with files, on the shared stack."""

from uuid import uuid4

import pytest
from testkit.cinema import Cinema
from testkit.stack import LocalStack


@pytest.fixture(scope="module")
def cinema(stack: LocalStack) -> Cinema:
    return Cinema(stack, f"cin-{uuid4().hex[:12]}")
