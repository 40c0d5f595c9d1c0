"""What the messaging worker listens to and does on time."""

from eventkit.subscription import on
from eventkit.worker import Worker
from servicekit.worker_kit import WorkerKit

from messaging import handlers
from messaging.settings import Settings


def build_worker(settings: Settings) -> Worker:
    kit = WorkerKit.open("messaging", settings)
    return kit.worker(
        [
            on("students.student.changed", handlers.on_student_changed, rebuildable=True),
            on("students.student.merged", handlers.on_student_merged, rebuildable=True),
            on("students.student.unmerged", handlers.on_student_unmerged, rebuildable=True),
            on("students.student.purged", handlers.on_student_purged, erase=kit.eraser),
        ]
    )
