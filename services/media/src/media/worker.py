"""What the media worker listens to and does on time."""

from eventkit.subscription import on
from eventkit.worker import Worker
from servicekit.worker_kit import WorkerKit

from media import handlers
from media.settings import Settings


def build_worker(settings: Settings) -> Worker:
    kit = WorkerKit.open("media", settings)
    return kit.worker(
        [
            on("enrollment.enrollment.changed", handlers.on_enrollment_changed, rebuildable=True),
            on(
                "enrollment.session_enrollment.changed",
                handlers.on_session_enrollment_changed,
                rebuildable=True,
            ),
            on("students.student.purged", handlers.on_student_purged, erase=kit.eraser),
        ]
    )
