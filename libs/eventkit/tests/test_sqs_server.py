"""The embedded SQS server passes the suite that the fake passes."""

from __future__ import annotations

import time
from typing import Any

import boto3
import pytest
from testkit.sqs_conformance import Advance, SqsConformance

pytestmark = pytest.mark.servers


class TestEmbeddedSqs(SqsConformance):
    @pytest.fixture
    def client(self, sqs_server: str) -> Any:
        return boto3.client(
            "sqs",
            endpoint_url=sqs_server,
            region_name="ap-northeast-2",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    @pytest.fixture
    def advance(self) -> Advance:
        return time.sleep  # the server's clock is the thing under test: no condition can be waited for
