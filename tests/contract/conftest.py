"""All five services in this process."""

from __future__ import annotations

import pytest
from contracts import SERVICES


@pytest.fixture(params=SERVICES)
def service(request) -> str:
    return request.param
