"""`<service> api`: gunicorn with the service's create_app()."""

from __future__ import annotations

import os
import sys
import tempfile

from servicekit.cli import Call
from servicekit.settings import MULTIPROC_DIR


def run(call: Call) -> int:
    """Become gunicorn; returns only when that fails."""
    settings = call.load()
    directory = os.environ.get(MULTIPROC_DIR) or tempfile.mkdtemp(prefix=f"academy-{call.service}-")
    command = [
        sys.executable, "-m", "gunicorn", "--config", "python:servicekit.gunicorn_conf",
        "--name", call.service,
        "--bind", settings.api_bind,
        "--workers", str(settings.web_workers),
        "--threads", str(settings.web_threads),
        "--log-level", settings.log_level.lower(),
        f"{call.package}.app:create_app()",
    ]  # fmt: skip
    os.execve(sys.executable, command, {**os.environ, MULTIPROC_DIR: directory})  # noqa: S606 - no shell is wanted
