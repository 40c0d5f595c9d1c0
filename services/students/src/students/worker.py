"""What the students worker listens to and does on time."""

from datetime import time

from eventkit.subscription import on
from eventkit.worker import Worker
from servicekit.periodic import PeriodicTask
from servicekit.worker_kit import WorkerKit

from students import handlers, usecases
from students.settings import Settings


def build_worker(settings: Settings) -> Worker:
    return WorkerKit.open("students", settings).worker(
        # single: a tenant's lock is held for one chunk, and an import's progress shows after each
        [on("enrollment.roster.parsed", handlers.on_roster_parsed, single=True)],
        [PeriodicTask("students.forget_credentials", usecases.forget_credentials, daily_at=time(3, 5))],
    )
