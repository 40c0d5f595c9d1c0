"""What the messaging worker listens to and does on time."""

from eventkit.subscription import on
from eventkit.worker import Worker
from servicekit.worker_kit import WorkerKit

from messaging import handlers
from messaging.settings import Settings


def build_worker(settings: Settings) -> Worker:
    return WorkerKit.open("messaging", settings).worker(
        [
            on("students.student.changed", handlers.on_student_changed),
        ]
    )
