"""The local Solapi: our own simulator (academyctl.simulator), which sends nothing to anybody."""

from __future__ import annotations

import sys
from pathlib import Path

from academyctl.embedded.program import Program, answers_ok, plain_environment


def program(data: Path, port: int, key: str, secret: str, webhook: str) -> Program:
    """`webhook` is where it tells of deliveries."""
    record = data / "record.sqlite"
    argv = (
        sys.executable, "-m", "academyctl.simulator",
        "--port", str(port), "--data", str(record), "--webhook", webhook,
    )  # fmt: skip
    return Program(
        "solapi",
        argv,
        lambda: answers_ok(port, "/_simulator/health"),
        env={**plain_environment(), "SOLAPI_API_KEY": key, "SOLAPI_API_SECRET": secret},
        ports=(port,),
    )


def endpoint(port: int) -> str:
    return f"http://127.0.0.1:{port}"
