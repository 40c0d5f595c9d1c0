"""What the enrollment worker listens to and does on time."""

import os
import socket
from datetime import timedelta
from functools import partial

from eventkit.clock import Clock
from eventkit.subscription import Subscription, on
from eventkit.worker import Worker
from servicekit.periodic import PeriodicTask
from servicekit.storage import ObjectStore, open_store
from servicekit.worker_kit import WorkerKit

from enrollment import handlers, metrics
from enrollment.adapters.sheet import annotate, read_roster
from enrollment.adapters.sheet.writer import write_sheet
from enrollment.settings import Settings
from enrollment.usecases.exports import ExportPorts, expire_exports, fail_abandoned_exports
from enrollment.usecases.imports import ReadingPorts, fail_abandoned_imports
from enrollment.usecases.lectures import tell_untold_sessions
from enrollment.usecases.workbooks import EndingPorts


def build_worker(settings: Settings) -> Worker:
    kit = WorkerKit.open("enrollment", settings, metrics.ALL)
    clock, figures = kit.runtime.clock, metrics.from_zero(kit.runtime.metrics)
    objects = open_store(settings, settings.r2_excel_bucket)
    reading = ReadingPorts(kit.db, objects, read_roster, clock, f"{socket.gethostname()}:{os.getpid()}")
    exporting = ExportPorts(kit.db, objects, write_sheet, annotate, clock)
    ending = EndingPorts(objects, annotate, figures)
    return kit.worker(
        [
            on("enrollment.import.accepted", handlers.on_import_accepted, single=True, ports=reading),
            on("enrollment.import.completed", handlers.on_import_completed, single=True, ports=ending),
            on("enrollment.import.failed", handlers.on_import_failed, single=True, ports=ending),
            on("enrollment.plan.accepted", handlers.on_plan_accepted, single=True),
            on("enrollment.rows.reviewed", handlers.on_rows_reviewed),
            on("enrollment.undo.requested", handlers.on_undo_requested, single=True),
            on("enrollment.export.requested", handlers.on_export_requested, single=True, ports=exporting),
            *students(kit, objects),
        ],
        periodic_tasks(clock, objects),
    )


def students(kit: WorkerKit, objects: ObjectStore) -> list[Subscription]:
    return [
        on("students.roster.resolved", handlers.on_roster_resolved),
        on("students.roster.withdrawn", handlers.on_roster_withdrawn),
        on("students.student.changed", handlers.on_student_changed),
        on("students.student.merged", handlers.on_student_merged),
        on("students.student.unmerged", handlers.on_student_unmerged),
        on("students.student.purged", handlers.on_student_purged, erase=kit.eraser, objects=objects),
    ]


def periodic_tasks(clock: Clock, objects: ObjectStore) -> list[PeriodicTask]:
    abandoned = partial(fail_abandoned_imports, clock=clock, started=clock.monotonic())
    expire, often = partial(expire_exports, objects=objects), timedelta(minutes=5)
    return [
        PeriodicTask("enrollment.fail_abandoned_imports", abandoned, every=often),
        PeriodicTask("enrollment.tell_untold_sessions", tell_untold_sessions, every=often),
        PeriodicTask("enrollment.expire_exports", expire, every=often),
        PeriodicTask("enrollment.fail_abandoned_exports", fail_abandoned_exports, every=often),
    ]
