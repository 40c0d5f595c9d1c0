"""The container's own check: /livez of process 1. It asks no dependency, whose outage would restart us.

0: an API answers or a worker's loops move, or it is a command that serves nothing; 1: not.
"""

from __future__ import annotations

import http.client
import os
import sys
from pathlib import Path

_LOOPS = ("worker", "encoder")


def main() -> int:
    words = Path("/proc/1/cmdline").read_bytes().decode().split("\0")
    if any(word in _LOOPS for word in words):
        bind = os.environ["HEALTH_BIND"]
    elif "gunicorn" in words or "api" in words:
        bind = os.environ["API_BIND"]
    else:
        return 0  # a migration or an operator's command lives as long as it runs
    host, _, port = bind.rpartition(":")
    host = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 - what it listens on, and where it is asked
    connection = http.client.HTTPConnection(host, int(port), timeout=4)
    try:
        connection.request("GET", "/livez")
        return int(connection.getresponse().status != 200)
    except (OSError, http.client.HTTPException):
        return 1


if __name__ == "__main__":
    sys.exit(main())
