"""What the storage-janitor worker listens to and does on time."""

from eventkit.subscription import on
from eventkit.worker import Worker
from servicekit.worker_kit import WorkerKit

from storage_janitor import handlers
from storage_janitor.settings import Settings


def build_worker(settings: Settings) -> Worker:
    return WorkerKit.open("storage-janitor", settings).worker(
        [
            on("enrollment.import.completed", handlers.on_import_completed),
            on("enrollment.import.failed", handlers.on_import_failed),
        ]
    )
