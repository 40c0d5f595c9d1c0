"""The local SQS: roto-server, which keeps its messages over kill -9 (limits-runtime, section 2)."""

from __future__ import annotations

import sys
from pathlib import Path

from academyctl.embedded.program import Program, listens, plain_environment

REGION = "ap-northeast-2"


def program(data: Path, port: int) -> Program:
    roto = Path(sys.executable).with_name("roto-server")
    argv = (str(roto), "--host", "127.0.0.1", "--port", str(port), "--data-dir", str(data))
    return Program("sqs", argv, lambda: listens(port), env=plain_environment(), ports=(port,))


def endpoint(port: int) -> str:
    return f"http://127.0.0.1:{port}"
