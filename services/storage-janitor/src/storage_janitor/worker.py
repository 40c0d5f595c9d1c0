"""What the storage-janitor worker listens to and does on time."""

from functools import partial

from eventkit.subscription import on
from eventkit.worker import Worker
from servicekit.periodic import PeriodicTask
from servicekit.worker_kit import WorkerKit

from storage_janitor import handlers, metrics
from storage_janitor.adapters.buckets import open_buckets
from storage_janitor.adapters.owners import HttpOwners
from storage_janitor.adapters.policy_file import built_in
from storage_janitor.ports import Owners
from storage_janitor.settings import Settings
from storage_janitor.usecases.applying import APPLY_EVERY, APPLY_PLANS, apply_plans, applying_ports
from storage_janitor.usecases.following import DELETE_RELEASED
from storage_janitor.usecases.releasing import DELETE_EVERY, delete_released, deleting_ports
from storage_janitor.usecases.removing import Remover


def build_worker(settings: Settings) -> Worker:
    kit = WorkerKit.open("storage-janitor", settings, metrics.ALL)
    remover = Remover(kit.db, open_buckets(settings, settings.buckets), built_in(), kit.runtime.clock)
    return kit.worker(
        [
            on("enrollment.import.completed", handlers.on_import_completed),
            on("enrollment.import.failed", handlers.on_import_failed),
            on("media.video.uploaded", handlers.on_video_uploaded, rebuildable=True),
            on("media.video.ready", handlers.on_video_ready, rebuildable=True),
            on("media.video.failed", handlers.on_video_failed, rebuildable=True),
            on("media.video.deleted", handlers.on_video_deleted),
            on("media.raw.expired", handlers.on_raw_expired),
            on("students.student.purged", handlers.on_student_purged, remover=remover, erase=kit.eraser),
        ],
        periodic_tasks(
            kit, remover, HttpOwners(settings.peer_urls, settings.internal_worker_token.reveal()[0])
        ),
    )


def periodic_tasks(kit: WorkerKit, remover: Remover, owners: Owners) -> list[PeriodicTask]:
    figures = kit.runtime.metrics
    deleting = partial(delete_released, ports=deleting_ports(remover, figures))
    applying = partial(apply_plans, ports=applying_ports(remover, owners, figures))
    return [
        PeriodicTask(DELETE_RELEASED, deleting, every=DELETE_EVERY, prompt=True),
        PeriodicTask(APPLY_PLANS, applying, every=APPLY_EVERY, prompt=True),
    ]
