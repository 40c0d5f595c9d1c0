"""`<service> worker`: consumer, relay and periodic tasks, as the service's build_worker() lists them."""

from __future__ import annotations

import logging
from importlib import import_module

from eventkit.queue import QUEUE_ERRORS
from eventkit.worker import Worker

from servicekit.cli import Call

log = logging.getLogger(__name__)


def run(call: Call) -> int:
    """Until SIGTERM; the exit code is Worker.run's, or 1 when the queues cannot be opened."""
    settings = call.load()
    try:
        worker: Worker = import_module(f"{call.package}.worker").build_worker(settings)
    except QUEUE_ERRORS as error:
        log.critical("the queues cannot be opened", exc_info=error)
        return 1
    return worker.run()
