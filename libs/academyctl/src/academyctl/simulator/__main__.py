"""`python -m academyctl.simulator --port N --data FILE --webhook URL`, keys in SOLAPI_API_KEY and _SECRET."""

from __future__ import annotations

import argparse
import os
import signal
import threading
from pathlib import Path

from academyctl.simulator.provider import Provider
from academyctl.simulator.rules import Account
from academyctl.simulator.server import run


def main() -> None:
    """Until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="academyctl.simulator")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--webhook", default="")
    given = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    account = Account(os.environ["SOLAPI_API_KEY"], os.environ["SOLAPI_API_SECRET"])
    run(Provider(given.data, account, given.webhook), given.port, stop)


if __name__ == "__main__":
    main()
