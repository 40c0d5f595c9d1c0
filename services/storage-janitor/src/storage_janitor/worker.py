"""What the storage-janitor worker listens to and does on time."""

from functools import partial

from eventkit.subscription import on
from eventkit.worker import Worker
from servicekit.periodic import PeriodicTask
from servicekit.storage import open_store
from servicekit.worker_kit import WorkerKit

from storage_janitor import handlers, metrics
from storage_janitor.settings import Settings
from storage_janitor.usecases import DELETE_EVERY, DELETE_RELEASED, delete_released, deleting_ports


def build_worker(settings: Settings) -> Worker:
    kit = WorkerKit.open("storage-janitor", settings, metrics.ALL)
    workbooks = open_store(settings, settings.r2_excel_bucket)
    videos = open_store(settings, settings.r2_video_bucket)
    deleting = deleting_ports(videos, kit.runtime.metrics, kit.runtime.clock)
    return kit.worker(
        [
            on("enrollment.import.completed", handlers.on_import_completed),
            on("enrollment.import.failed", handlers.on_import_failed),
            on("media.video.uploaded", handlers.on_video_uploaded, rebuildable=True),
            on("media.video.ready", handlers.on_video_ready, rebuildable=True),
            on("media.video.failed", handlers.on_video_failed, rebuildable=True),
            on("media.video.deleted", handlers.on_video_deleted),
            on("media.raw.expired", handlers.on_raw_expired),
            on("students.student.purged", handlers.on_student_purged, objects=workbooks, erase=kit.eraser),
        ],
        [
            PeriodicTask(
                DELETE_RELEASED, partial(delete_released, ports=deleting), every=DELETE_EVERY, prompt=True
            )
        ],
    )
