"""gunicorn's configuration; the command line (servicekit.cli) adds bind, workers and threads."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger as GunicornLogger
from prometheus_client import multiprocess

from servicekit import logs
from servicekit.metrics import wipe
from servicekit.settings import MULTIPROC_DIR

worker_class = "gthread"
preload_app = False
# above the load balancer's 60 s, or it would reuse connections that are just being closed
keepalive = 75
timeout = 120
graceful_timeout = 25
# the heartbeat file must not wait for a disk
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 - gunicorn names the file
accesslog = None


class Logger(GunicornLogger):  # type: ignore[misc]  # ships no types
    """gunicorn's own lines as JSON through the root handler; the access log is servicekit's."""

    def setup(self, cfg: Any) -> None:
        logs.configure(cfg.proc_name, cfg.loglevel.upper())
        self.error_log = logging.getLogger("gunicorn.error")
        self.error_log.handlers = []
        self.error_log.propagate = True


logger_class = Logger


def on_starting(_server: Any) -> None:
    """Forget the metric files of an earlier run."""
    wipe(Path(os.environ[MULTIPROC_DIR]))


def child_exit(_server: Any, worker: Any) -> None:
    """A dead process no longer counts as living."""
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # untyped in the library


def on_exit(_server: Any) -> None:
    """Leave no metric files behind."""
    shutil.rmtree(os.environ[MULTIPROC_DIR], ignore_errors=True)
