"""What the enrollment worker listens to and does on time."""

import os
import socket
from datetime import timedelta
from functools import partial

from eventkit.subscription import on
from eventkit.worker import Worker
from servicekit.periodic import PeriodicTask
from servicekit.storage import open_store
from servicekit.worker_kit import WorkerKit

from enrollment import handlers, metrics
from enrollment.adapters.sheet import read_roster
from enrollment.settings import Settings
from enrollment.usecases.imports import ReadingPorts, fail_abandoned_imports
from enrollment.usecases.lectures import tell_untold_sessions


def build_worker(settings: Settings) -> Worker:
    kit = WorkerKit.open("enrollment", settings, metrics.ALL)
    clock, figures = kit.runtime.clock, metrics.from_zero(kit.runtime.metrics)
    objects = open_store(settings, settings.r2_excel_bucket)
    reading = ReadingPorts(kit.db, objects, read_roster, clock, f"{socket.gethostname()}:{os.getpid()}")
    abandoned = partial(fail_abandoned_imports, clock=clock, started=clock.monotonic())
    return kit.worker(
        [
            on("enrollment.import.accepted", handlers.on_import_accepted, single=True, ports=reading),
            on("enrollment.import.completed", handlers.on_import_completed, objects=objects, metrics=figures),
            on("enrollment.import.failed", handlers.on_import_failed, objects=objects, metrics=figures),
            on("students.roster.resolved", handlers.on_roster_resolved),
            on("students.student.changed", handlers.on_student_changed),
            on("students.student.merged", handlers.on_student_merged),
            on("students.student.unmerged", handlers.on_student_unmerged),
            on("students.student.purged", handlers.on_student_purged, erase=kit.eraser),
        ],
        [
            PeriodicTask("enrollment.fail_abandoned_imports", abandoned, every=timedelta(minutes=5)),
            PeriodicTask("enrollment.tell_untold_sessions", tell_untold_sessions, every=timedelta(minutes=5)),
        ],
    )
