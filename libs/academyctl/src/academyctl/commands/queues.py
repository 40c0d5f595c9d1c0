"""`academyctl queues check`: deploy/queues.yaml compared with the SQS server."""

from __future__ import annotations

import argparse

from academyctl import bootstrap, endpoints
from academyctl.call import Call
from academyctl.queues import drift, load_queues


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["check"])


def run(call: Call) -> int:
    """1 when a queue differs."""
    differences = drift(call.endpoints().sqs(), load_queues(bootstrap.QUEUES, endpoints.QUEUE_PREFIX))
    print("\n".join(map(str, differences)) or "no difference")
    return 1 if differences else 0
