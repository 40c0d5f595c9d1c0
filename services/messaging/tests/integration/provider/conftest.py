"""The Solapi adapter against the simulator, one process for all tests of a file."""

from __future__ import annotations

from uuid import uuid4

import pytest
from eventkit.clock import SYSTEM_CLOCK
from messaging.adapters.solapi import Solapi
from messaging.domain.content import Kind
from messaging.ports import Outgoing
from testkit.solapi import simulator

SENDER = "0212345678"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with simulator(tmp_path_factory.mktemp("solapi")) as running:
        yield running


@pytest.fixture(autouse=True)
def _as_it_was(server):
    yield
    shares = dict.fromkeys(("timeout_after_accept", "error_after_accept", "kakao_unreachable"), 0)
    server.faults(next=[], refuse={}, report={}, clock_skew=0, **shares)
    server.settings(balance=1_000_000, senders=[], opted_out=[], deliver_after=0)


@pytest.fixture
def provider(server):
    return Solapi(server.endpoint, server.key, server.secret, SYSTEM_CLOCK, timeout=2.0)


@pytest.fixture
def outgoing():
    def make(number=1, **values):
        return Outgoing(
            uuid4(), 1, f"010{number:08d}", SENDER, Kind.SMS, values.pop("text", "안녕하세요"), **values
        )

    return make
