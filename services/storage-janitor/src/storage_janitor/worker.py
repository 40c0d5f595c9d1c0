"""What the storage-janitor worker listens to and does on time."""

from eventkit.subscription import on
from eventkit.worker import Worker
from servicekit.storage import open_store
from servicekit.worker_kit import WorkerKit

from storage_janitor import handlers
from storage_janitor.settings import Settings


def build_worker(settings: Settings) -> Worker:
    kit = WorkerKit.open("storage-janitor", settings)
    objects = open_store(settings, settings.r2_excel_bucket)
    return kit.worker(
        [
            on("enrollment.import.completed", handlers.on_import_completed),
            on("enrollment.import.failed", handlers.on_import_failed),
            on("students.student.purged", handlers.on_student_purged, objects=objects, erase=kit.eraser),
        ]
    )
